import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CANDLE_FIELDS, MINUTE_MS } from "../../src/core/mod.ts";
import { CsvError, parseKlineCsv } from "../../src/data_ingestion_service/archive/kline_csv.ts";
import { klineCsv, walkCandles } from "../fakes/candles.ts";

const START = Date.UTC(2024, 0, 10);
const CANDLES = walkCandles({ startMs: START, endMs: START + 50 * MINUTE_MS });
const bytes = (text: string) => new TextEncoder().encode(text);
const row = "1704844800000,1.5,2,1,1.7,10,1704844859999,15,3,4,6,0";
const plain = (columns: typeof CANDLES) => CANDLE_FIELDS.map((field) => [...columns[field]]);

Deno.test({
  name: "parseKlineCsv() tells header, time unit and line ends from the content",
  permissions: "none",
  fn() {
    for (const unit of ["ms", "us"] as const) {
      for (const header of [false, true]) {
        for (const newline of ["\n", "\r\n"]) {
          const parsed = parseKlineCsv(bytes(klineCsv(CANDLES, { unit, header, newline })));
          assertEquals([parsed.timeUnit, parsed.hasHeader], [unit, header]);
          assertEquals(plain(parsed.columns), plain(CANDLES));
        }
      }
    }
  },
});

Deno.test({
  name: "parseKlineCsv() does not need a line end at the end, and allows empty lines there",
  permissions: "none",
  fn() {
    for (const text of [row, `${row}\n`, `${row}\r\n`, `${row}\r`, `${row}\n\n`, `${row}\r\n\r\n`]) {
      const { columns } = parseKlineCsv(bytes(text));
      assertEquals([columns.length, columns.tradeCount[0], columns.takerBuyQuoteVolume[0]], [1, 3, 6], text);
    }
    assertEquals(parseKlineCsv(bytes("")).columns.length, 0);
    assertEquals(parseKlineCsv(bytes("")).timeUnit, undefined);
  },
});

Deno.test({
  name: "parseKlineCsv() reads every decimal as Number() reads its text",
  permissions: "none",
  fn() {
    const digits = (max: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: max });
    const decimal = fc.oneof(
      fc.tuple(digits(16), digits(12)).map(([whole, fraction]) => `${whole}.${fraction}`),
      digits(19),
      fc.constantFrom("90071992.54740993", "123456789012.12345678", "0.00000001", "1e-7", "2.5E3", "4.", "0.1"),
    );
    fc.assert(fc.property(fc.array(decimal, { minLength: 8, maxLength: 8 }), (values) => {
      const [o, h, l, c, v, q, tb, tq] = values;
      const text = `1704844800000,${o},${h},${l},${c},${v},1704844859999,${q},3,${tb},${tq},0\n`;
      const { columns } = parseKlineCsv(bytes(text + text));
      for (const i of [0, 1]) {
        const read = [
          columns.open,
          columns.high,
          columns.low,
          columns.close,
          columns.volume,
          columns.quoteVolume,
          columns.takerBuyBaseVolume,
          columns.takerBuyQuoteVolume,
        ].map((column) => column[i]!);
        assertEquals(read, values.map(Number));
      }
    }));
  },
});

Deno.test({
  name: "parseKlineCsv() names the line and what is wrong with it",
  permissions: "none",
  fn() {
    const wrong: readonly (readonly [string, string])[] = [
      [row.replace(",15,", ",abc,"), "its quote_volume is no number: 'abc'"],
      [row.replace(",15,", ",,"), "its quote_volume is no number: ''"],
      [row.replace(",15,", ",NaN,"), "its quote_volume is no number: 'NaN'"],
      [row.replace(",15,", ",1.2.3,"), "its quote_volume is no number: '1.2.3'"],
      [row.replace(",3,4,", ",3.5,4,"), "its count is no 32-bit integer: 3.5"],
      [row.replace(",3,4,", ",3000000000,4,"), "its count is no 32-bit integer"],
      [row.replace(",0", ""), "it has 11 columns instead of 12"],
      [row.split(",")[0]!, "it has 1 columns instead of 12"],
      [`${row},7`, "it has more than 12 columns"],
      [row.replace("1704844800000", "1704844800"), "its open time is neither milliseconds nor microseconds"],
      [row.replace("1704844800000", "1704844800000000"), "its time unit differs"],
    ];
    for (const [line, problem] of wrong) {
      const error = assertThrows(() => parseKlineCsv(bytes(`${row}\n${line}\n${row}\n`)), CsvError, problem);
      assertEquals(error.line, 2, line);
    }
    for (
      const header of [
        "open_time,open,high",
        "time,open,high,low,close",
        klineCsv(CANDLES, { header: true }).replace("close,volume", "close,vol"),
      ]
    ) {
      assertEquals(assertThrows(() => parseKlineCsv(bytes(`${header}\n${row}\n`)), CsvError, "its column").line, 1);
    }
  },
});

Deno.test({
  name: "parseKlineCsv() gives candles or a CsvError for whatever bytes, and never hangs",
  permissions: "none",
  fn() {
    const text = bytes(klineCsv(CANDLES));
    const edits = fc.array(fc.tuple(fc.nat({ max: text.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 5,
    });
    fc.assert(fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        edits.map((list) => {
          const copy = text.slice();
          for (const [at, byte] of list) copy[at] = byte;
          return copy;
        }),
        fc.nat({ max: text.length }).map((end) => text.subarray(0, end)),
      ),
      (input) => {
        try {
          const { columns } = parseKlineCsv(input);
          assert(columns.length <= 60);
        } catch (error) {
          assert(error instanceof CsvError, String(error));
        }
      },
    ));
  },
});
