import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type CandleColumns,
  concatCandles,
  DAY_MS,
  type FeatureEngine,
  type FeatureReader,
  type Gap,
  type Interval,
  INTERVAL_MS,
  MINUTE_MS,
  MISSING_COUNT,
  type TimeRange,
} from "../../src/core/mod.ts";
import { drawCharts } from "../../src/reporting/charts/draw.ts";
import { createChartRenderer } from "../../src/reporting/charts/render.ts";
import { ingestionReport, type IngestReportRun, renderIngestionReport, type Report } from "../../src/reporting/mod.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import { candlesOf } from "./candles.ts";
import { readPdf } from "./pdf_text.ts";
import { memoryReader, readZips, SAMPLE_DIR } from "./sample_reader.ts";

const NOW = Date.UTC(2026, 10, 26, 7, 30);
const ENGINE: FeatureEngine = defaultFeatureEngine();

function inputOf(
  columns: CandleColumns,
  range: TimeRange,
  options: { readonly gaps?: readonly Gap[]; readonly interval?: Interval; readonly run?: Partial<IngestReportRun> } =
    {},
) {
  const { interval = "1m", gaps = [] } = options;
  const run: IngestReportRun = {
    id: "run-1",
    startedAtMs: NOW - 60_000,
    seconds: 1.5,
    status: "finished",
    rows: {
      expected: (range.endMs - range.startMs) / INTERVAL_MS[interval],
      present: columns.length,
      added: columns.length,
      revised: 0,
    },
    gaps,
    files: { verified: 0, unverified: 1, missing: 0 },
    datasetDigest: "ab".repeat(32),
    warnings: [],
    settings: { source: "archive" },
    ...options.run,
  };
  const query = { exchange: "binance", symbol: "BTC/USDT", interval, range };
  return { reader: memoryReader(columns), series: [{ query, run }], engine: ENGINE, nowMs: NOW };
}

function gapOf(startMs: number, endMs: number, cause: Gap["cause"]): Gap {
  return { startMs, endMs, minutes: (endMs - startMs) / MINUTE_MS, cause, evidence: "seen", firstSeenAtMs: NOW };
}

/** All text of a report that a reader sees, axis labels aside. */
function textOf(report: Report): string {
  const { data: _, sections, overview: __, ...head } = report;
  return JSON.stringify([head, sections], (key, value) => key === "spec" ? undefined : value);
}

async function withReport<T>(
  input: ReturnType<typeof inputOf>,
  use: (
    files: { readonly pdf: Uint8Array; readonly html: string; readonly json: Report; readonly paths: string[] },
  ) => T,
): Promise<Awaited<T>> {
  const outDir = await Deno.makeTempDir();
  try {
    const { files } = await renderIngestionReport({ ...input, outDir, formats: ["pdf", "html", "json"] });
    return await use({
      pdf: await Deno.readFile(files[0]!),
      html: await Deno.readTextFile(files[1]!),
      json: JSON.parse(await Deno.readTextFile(files[2]!)),
      paths: files.map((file) => file.slice(outDir.length)),
    });
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
}

const MARCH = { startMs: Date.UTC(2023, 2, 1), endMs: Date.UTC(2023, 3, 1) };
const OUTAGE = gapOf(Date.UTC(2023, 2, 24, 12, 40), Date.UTC(2023, 2, 24, 14), "outage");

Deno.test("renderIngestionReport() of a month with an outage", async (t) => {
  const columns = await readZips(SAMPLE_DIR, MARCH.startMs, MARCH.endMs);
  const input = inputOf(columns, MARCH, { gaps: [OUTAGE] });
  await withReport(input, async ({ pdf, html, json, paths }) => {
    const { pages, fonts } = await readPdf(pdf);
    const text = pages.join("\n");

    await t.step("goes into a folder named by the time", () => {
      assertEquals(paths, ["pdf", "html", "json"].map((end) => `/ingestion/2026-11-26T07-30-00Z/report.${end}`));
    });
    await t.step("has every section, numbered pages and no placeholder in PDF and HTML", () => {
      assert(pages.length >= 7, `${pages.length} pages`);
      for (const { title } of json.sections) {
        assertStringIncludes(text, title);
        assertStringIncludes(html, title);
      }
      pages.forEach((page, i) => assertStringIncludes(page, `Page ${i + 1} of ${pages.length}`));
      for (const shown of [text, textOf(json), html.replace(/<style>.*?<\/style>/s, "")]) {
        assertEquals(/\b(NaN|undefined|Infinity|null)\b|\ufffd|\[object/.exec(shown)?.[0], undefined);
      }
    });
    await t.step("is searchable in embedded fonts", () => {
      assertEquals(fonts.length, 2);
      assert(fonts.every(({ embedded, searchable }) => embedded && searchable), JSON.stringify(fonts));
      assertStringIncludes(text, "2023-03-24 12:40");
      assertStringIncludes(text, "44,560 of 44,640 candles (99.82 %)");
      assertStringIncludes(text, "5 Mar"); // an axis label of a chart
    });
    await t.step("fetches nothing and runs nothing as HTML", () => {
      const links = [...html.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, link]) => link!);
      assertEquals(links.filter((link) => !link.startsWith("#") && !link.startsWith("data:font/")), []);
      assert(!/<script|\son\w+=/i.test(html));
      assertEquals(html.match(/<svg /g)?.length, html.match(/role="img"/g)?.length);
    });
    await t.step("tells the outage and the odd rows before it", () => {
      const coverage = json.data["coverage"] as {
        missingRanges: TimeRange[];
        unrecordedMinutes: number;
        oddities: { name: string; count: number }[];
      };
      assertEquals(coverage.missingRanges, [{ startMs: OUTAGE.startMs, endMs: OUTAGE.endMs }]);
      assertEquals(coverage.unrecordedMinutes, 0);
      assertEquals(coverage.oddities.map(({ count }) => count), [72, 1, 0, 0, 0, 0, 0, 0]);
      assertEquals(json.verdict.tone, "good");
    });
    await t.step("gives equal bytes for equal input", async () => {
      await withReport(input, (again) => {
        assertEquals(again.pdf, pdf);
        assertEquals(again.html, html);
        assertEquals(again.json, json);
      });
    });
  });
});

Deno.test("renderIngestionReport() copes with little, flat, holey and silent data", async (t) => {
  const start = Date.UTC(2023, 0, 1);
  const range = (minutes: number) => ({ startMs: start, endMs: start + minutes * MINUTE_MS });
  const wave = (count: number) =>
    Array.from({ length: count }, (_, i) => 100 + Math.sin(i / 9) * 3 + (i * 31) % 7 / 10);
  const day = candlesOf(wave(1440));
  const cut = 700, holey = concatCandles([candlesOf(wave(cut)), candlesOf(wave(1440 - 800), start + 800 * MINUTE_MS)]);
  const silent = candlesOf(wave(300));
  silent.quoteVolume.fill(NaN);
  silent.takerBuyBaseVolume.fill(NaN);
  silent.tradeCount.fill(MISSING_COUNT);
  const still = candlesOf(Array.from({ length: 300 }, () => 42));
  still.volume.fill(0);
  still.quoteVolume.fill(0);
  still.tradeCount.fill(0);
  still.takerBuyBaseVolume.fill(0);
  const cases: Record<string, ReturnType<typeof inputOf>> = {
    "no candle": inputOf(candlesOf([]), range(1440)),
    "an empty range": inputOf(candlesOf([]), range(0)),
    "one candle": inputOf(candlesOf([100]), range(1)),
    "two candles": inputOf(candlesOf([100, 101]), range(2)),
    "an hour": inputOf(candlesOf(wave(60)), range(60)),
    "a day": inputOf(day, range(1440)),
    "a day with a gap": inputOf(holey, range(1440), {
      gaps: [gapOf(start + cut * MINUTE_MS, start + 800 * MINUTE_MS, "unknown")],
    }),
    "a price that never moves": inputOf(candlesOf(Array.from({ length: 3000 }, () => 100)), range(3000)),
    "candles without trades": inputOf(still, range(300)),
    "an exchange that states neither quote volume nor trades": inputOf(silent, range(300)),
    "a price of a millionth": inputOf(candlesOf(wave(600).map((value) => value * 1e-8)), range(600)),
  };
  for (const [name, input] of Object.entries(cases)) {
    await t.step(name, async () => {
      await withReport(input, async ({ pdf, html, json }) => {
        const text = (await readPdf(pdf)).pages.join("\n");
        for (const shown of [text, textOf(json), html.replace(/<style>.*?<\/style>/s, "")]) {
          assertEquals(/\b(NaN|undefined|Infinity|null)\b|\ufffd/.exec(shown)?.[0], undefined);
        }
        assertEquals(json.sections.length, 6);
      });
    });
    await t.step(`${name}: charts that Vega-Lite finds nothing odd in`, async () => {
      const warnings: string[] = [];
      const renderer = await createChartRenderer({ onWarning: (message) => warnings.push(message) });
      await drawCharts(await ingestionReport(input), renderer);
      assertEquals(warnings, []);
    });
  }
});

Deno.test("ingestionReport() of five-minute candles counts candles, and minutes where it says minutes", async () => {
  const step = INTERVAL_MS["5m"], start = Date.UTC(2023, 0, 1), count = 2000;
  const base = candlesOf(Array.from({ length: count }, (_, i) => 100 + Math.sin(i)));
  const columns = {
    ...base,
    openTimeMs: Float64Array.from(base.openTimeMs, (_, i) => start + (i < 1000 ? i : i + 12) * step),
    closeTimeMs: Float64Array.from(base.openTimeMs, (_, i) => start + (i < 1000 ? i + 1 : i + 13) * step - 1),
  };
  const range = { startMs: start, endMs: start + (count + 12) * step };
  const gaps = [gapOf(start + 1000 * step, start + 1012 * step, "outage")];
  const report = await ingestionReport(inputOf(columns, range, { interval: "5m", gaps }));
  assertStringIncludes(report.verdict.text, "2,000 of 2,012 candles");
  assertStringIncludes(report.verdict.text, "60 missing minutes (1 gap)");
  const { returns } = report.data["returns"] as { returns: { minutes: number; count: number }[] };
  assertEquals(returns.map(({ minutes, count }) => [minutes, count]), [[5, 1998], [15, 664], [60, 164]]);
  const { oddities } = report.data["coverage"] as { oddities: { count: number }[] };
  assertEquals(oddities[1]!.count, 0);
  assertMatch(textOf(report), /Features are defined on one-minute candles/);
});

Deno.test("ingestionReport() judges by what is missing and why", async () => {
  const start = Date.UTC(2023, 0, 1), range = { startMs: start, endMs: start + 100 * MINUTE_MS };
  const half = candlesOf(Array.from({ length: 50 }, (_, i) => 100 + i));
  const verdict = async (gaps: Gap[], run: Partial<IngestReportRun> = {}) =>
    (await ingestionReport(inputOf(half, range, { gaps, run }))).verdict;
  const rest = (cause: Gap["cause"]) => [gapOf(start + 50 * MINUTE_MS, range.endMs, cause)];
  assertEquals((await verdict(rest("outage"))).tone, "good");
  assertEquals((await verdict(rest("not_yet_published"))).tone, "good");
  assertEquals((await verdict(rest("unknown"))).tone, "warning");
  assertEquals((await verdict(rest("fetch_failed"))).tone, "bad");
  assertEquals((await verdict(rest("outage"), { status: "interrupted" })).tone, "bad");
  // Missing minutes without a recorded gap are found in the candles themselves.
  const silent = await ingestionReport(inputOf(half, range));
  assertEquals(silent.verdict.tone, "warning");
  assertStringIncludes(textOf(silent), "Missing without a recorded gap: 50 min in 1 span");
});

Deno.test("renderIngestionReport() never overwrites and leaves nothing when stopped", async () => {
  const input = inputOf(candlesOf([1, 2, 3]), { startMs: Date.UTC(2023, 0, 1), endMs: Date.UTC(2023, 0, 1, 0, 3) });
  const outDir = await Deno.makeTempDir();
  try {
    const target = { ...input, outDir: `${outDir}/reports/`, formats: ["json" as const] };
    const names = [];
    for (let i = 0; i < 3; i++) names.push((await renderIngestionReport(target)).files[0]);
    assertEquals(
      names,
      ["", "-2", "-3"].map((end) => `${outDir}/reports/ingestion/2026-11-26T07-30-00Z${end}/report.json`),
    );
    const controller = new AbortController();
    const stop = { update: () => controller.abort(new Error("stopped")), log() {} };
    await assertRejects(
      () => renderIngestionReport({ ...target, formats: ["pdf"] }, { signal: controller.signal, progress: stop }),
      Error,
      "stopped",
    );
    assertEquals(Array.from(Deno.readDirSync(`${outDir}/reports/ingestion`)).length, 3);
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});

Deno.test("ingestionReport() of several series has a table of all, each one's sections, and the worst verdict", async () => {
  const walk = (count: number) => Array.from({ length: count }, (_, i) => 20_000 + 100 * Math.sin(i / 9) + i % 7);
  const minutes = candlesOf(walk(5 * 1440), MARCH.startMs), step = INTERVAL_MS["1h"];
  const base = candlesOf(walk(31 * 24));
  const hours = {
    ...base,
    openTimeMs: base.openTimeMs.map((_, i) => MARCH.startMs + i * step),
    closeTimeMs: base.openTimeMs.map((_, i) => MARCH.startMs + (i + 1) * step - 1),
  };
  const range = { ...MARCH, endMs: MARCH.startMs + 6 * DAY_MS };
  const failed = gapOf(MARCH.startMs + 5 * DAY_MS, range.endMs, "fetch_failed");
  const whole = inputOf(hours, MARCH, { interval: "1h" }), holed = inputOf(minutes, range, { gaps: [failed] });
  const reader: FeatureReader = {
    ...memoryReader(hours),
    loadCandles: ({ interval }) => Promise.resolve(interval === "1h" ? hours : minutes),
  };
  const input = { ...whole, reader, series: [...whole.series, ...holed.series] };
  const report = await ingestionReport(input);
  assertEquals(report.verdict.tone, "bad");
  assert(report.verdict.text.includes("BTC/USDT 1m"), report.verdict.text);
  assertEquals(report.sections.map(({ id }) => id), [
    "series",
    ...["1h", "1m"].flatMap((interval) =>
      ["provenance", "coverage", "price", "volume", "returns", "features"].map((id) => `btc-usdt-${interval}-${id}`)
    ),
  ]);
  const [table] = report.sections[0]!.blocks as unknown as { rows: string[][] }[];
  assertEquals(table!.rows.map(([name, candles, , missing]) => [name, candles, missing]), [
    ["BTC/USDT 1h", "744", "none"],
    ["BTC/USDT 1m", "7,200", "1 d"],
  ]);
  assertEquals(report.figures[0]!.value, "2");
  assertEquals(new Set(report.sections.map(({ id }) => id)).size, report.sections.length);
  const many = {
    ...input,
    series: Array.from({ length: 7 }, (_, i) => ({
      ...whole.series[0]!,
      query: { ...whole.series[0]!.query, symbol: `C${i}/USDT` },
    })),
  };
  assertEquals((await ingestionReport(many)).sections.length, 1 + 7 * 2, "the contents stay on a page");
  const outDir = Deno.env.get("KEEP_REPORT");
  if (outDir !== undefined) await renderIngestionReport({ ...input, outDir });
});
