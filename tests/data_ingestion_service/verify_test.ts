import { assertEquals, assertStringIncludes } from "@std/assert";
import { type CandleColumns, concatCandles, DAY_MS, DomainError, MINUTE_MS } from "../../src/core/mod.ts";
import { dailyFile, monthlyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ingest } from "../../src/data_ingestion_service/ingest.ts";
import type { IngestRequest } from "../../src/data_ingestion_service/ingest_types.ts";
import { archiveZip, BTC, within } from "../fakes/archive_files.ts";
import { CANDLES, HOLE, MemoryArchive, setup, START } from "./ingest_setup.ts";

const DAYS = { startMs: START, endMs: START + 4 * DAY_MS };
const AUTO: IngestRequest = { series: BTC, source: "auto", sinceMs: DAYS.startMs, untilMs: DAYS.endMs };
const VERIFY: IngestRequest = { ...AUTO, verify: true };

/** The candles with the trade count of a minute (from the start) one higher. */
function altered(minute: number, from: CandleColumns = CANDLES): CandleColumns {
  const copy = concatCandles([from]);
  copy.tradeCount[copy.openTimeMs.indexOf(START + minute * MINUTE_MS)]!++;
  return copy;
}

const minuteOf = (ms: number) => (ms - START) / MINUTE_MS;
const codes = (warnings: readonly { readonly code: string }[]) => warnings.map(({ code }) => code);

Deno.test("--verify compares days of the archive with REST, and finds nothing where they agree", async () => {
  const { deps, store } = setup({ archive: new MemoryArchive("http"), candles: CANDLES });
  const before = await ingest(AUTO, deps);
  const { verify, datasetDigest, rows, gaps } = await ingest(VERIFY, deps);
  assertEquals(verify, {
    compared: 4 * 1440 - 80,
    pairs: [{ stored: "daily", second: "rest", candles: 4 * 1440 - 80 }],
    added: 0,
    revised: 0,
    kept: 0,
    unread: [],
    differences: [],
    warnings: [],
  });
  assertEquals([datasetDigest, rows.revised, gaps], [before.datasetDigest, 0, before.gaps]);
  assertEquals(await store.sourceCounts({ ...BTC, range: DAYS }), { daily: 4 * 1440 - 80 });
});

Deno.test("--verify records what REST says otherwise, keeps what the archive said, and says so once", async () => {
  const { deps, store } = setup({ archive: new MemoryArchive("http"), candles: altered(77) });
  const before = await ingest(AUTO, deps);
  for (let time = 0; time < 2; time++) {
    const { verify, datasetDigest, warnings } = await ingest(VERIFY, deps);
    assertEquals([verify!.revised, verify!.kept, datasetDigest], [0, 1, before.datasetDigest]);
    assertEquals(codes(warnings), ["sources-differ"]);
    const [difference, ...others] = verify!.differences;
    assertEquals(others, []);
    const { openTimeMs, column, oldValue, newValue, oldSource, newSource, applied } = difference!;
    assertEquals([minuteOf(openTimeMs), column, newValue! - oldValue!, oldSource, newSource, applied], [
      ...[77, "trade_count", 1, "daily", "rest", false],
    ]);
  }
  assertEquals((await store.revisions({ ...BTC, range: DAYS })).length, 1);
});

Deno.test("--verify lets the archive correct REST, by the precedence of the configuration", async () => {
  for (const archiveFirst of [true, false]) {
    const precedence = archiveFirst ? ["daily", "rest"] as const : ["rest", "daily"] as const;
    const archive = new MemoryArchive("http");
    const { deps, store } = setup({ archive, candles: altered(1441), settings: { precedence } });
    const { archive: _, ...restAlone } = deps;
    await ingest({ ...AUTO, source: "rest" }, restAlone);
    // The archive's files were never read, so only --verify asks for them.
    const { verify } = await ingest(VERIFY, deps);
    assertEquals(verify!.pairs, [{ stored: "rest", second: "daily", candles: 4 * 1440 - 80 }]);
    assertEquals([verify!.revised, verify!.kept], archiveFirst ? [1, 0] : [0, 1]);
    const { tradeCount } = await store.loadCandles({ ...BTC, range: DAYS });
    assertEquals(tradeCount[1441], (archiveFirst ? CANDLES : altered(1441)).tradeCount[1441]!);
  }
});

Deno.test("--verify compares a month with its days and the days with the month", async () => {
  const month = monthlyFile(BTC, START);
  const nowMs = Date.UTC(2024, 1, 20);
  for (const stored of ["daily", "monthly"] as const) {
    const archive = new MemoryArchive("http", stored === "daily" ? [0, 1, 2, 3] : []);
    if (stored === "monthly") archive.put(month, archiveZip(month, within(CANDLES, DAYS)));
    const { deps } = setup({ archive, nowMs, settings: { refreshMinutes: 0 } });
    const whole = { ...AUTO, source: "archive", sinceMs: month.range.startMs, untilMs: month.range.endMs } as const;
    await ingest(whole, deps);
    if (stored === "daily") archive.put(month, archiveZip(month, within(altered(5), DAYS)));
    else for (const day of [0, 1, 2, 3]) archive.put(dailyFile(BTC, START + day * DAY_MS), undefined);
    const { verify } = await ingest({ ...whole, verify: true }, deps);
    const second = stored === "daily" ? "monthly" : "daily";
    assertEquals(verify!.pairs, [{ stored, second, candles: 4 * 1440 - 80 }]);
    assertEquals([verify!.revised, verify!.kept], stored === "daily" ? [0, 1] : [0, 0]);
  }
});

Deno.test("--verify fills what only the second source has, and keeps what it lacks", async () => {
  const full = concatCandles([CANDLES]);
  const archive = new MemoryArchive("http");
  const holed = within(full, { startMs: START, endMs: START + 100 * MINUTE_MS });
  const rest = within(full, { startMs: START + 110 * MINUTE_MS, endMs: START + DAY_MS });
  archive.put(dailyFile(BTC, START), archiveZip(dailyFile(BTC, START), concatCandles([holed, rest])));
  const poor = concatCandles([
    within(full, { startMs: START, endMs: START + 500 * MINUTE_MS }),
    within(full, { startMs: START + 502 * MINUTE_MS, endMs: DAYS.endMs }),
  ]);
  const { deps } = setup({ archive, candles: poor });
  const request = { ...AUTO, untilMs: START + DAY_MS };
  const { archive: _, ...restAlone } = deps, { exchange: __, ...archiveAlone } = deps;
  const first = await ingest({ ...request, source: "archive" }, archiveAlone);
  assertEquals(first.rows.present, 1430);
  const { verify, rows, gaps } = await ingest({ ...request, verify: true, source: "rest" }, restAlone);
  // Ordinary ingestion over REST fills the hole of ten minutes before anything is read again.
  assertEquals([rows.present, rows.added, gaps], [1440, 10, []]);
  assertEquals([verify!.kept, verify!.revised], [2, 0]);
  assertEquals(
    verify!.differences.map(({ openTimeMs, column, newValue }) => [minuteOf(openTimeMs), column, newValue]),
    [
      [500, "open_time", null],
      [501, "open_time", null],
    ],
  );
});

Deno.test("--verify falls back: a file that is not there, a failing exchange, at last the same source again", async () => {
  const archive = new MemoryArchive("http");
  const { deps, exchange } = setup({ archive, candles: CANDLES });
  const { exchange: _, ...alone } = deps;
  await ingest({ ...AUTO, source: "archive" }, alone);
  const again = await ingest({ ...VERIFY, source: "archive" }, alone);
  assertEquals(again.verify!.pairs, [{ stored: "daily", second: "daily", candles: 4 * 1440 - 80 }]);
  assertEquals(codes(again.warnings), ["same-source-again"]);

  archive.files.clear();
  const nobody = await ingest({ ...VERIFY, source: "archive" }, alone);
  assertEquals([nobody.verify!.compared, nobody.error], [0, undefined]);
  assertEquals(nobody.verify!.unread.map(({ stored }) => stored), ["daily"]);
  assertEquals(codes(nobody.warnings), ["not-verified"]);

  exchange.failure = new DomainError("exchange-unavailable", "GET /klines was answered 503, 6 times");
  const failing = await ingest(VERIFY, deps);
  assertEquals(codes(failing.warnings).includes("second-source-failed"), true);
  assertEquals(failing.verify!.compared, 0);
});

Deno.test("--verify says which file failed its proof, and asks the next source", async () => {
  const archive = new MemoryArchive("http");
  const { deps } = setup({ archive, candles: CANDLES });
  const { archive: _, ...restAlone } = deps;
  await ingest({ ...AUTO, source: "rest" }, restAlone);
  const file = dailyFile(BTC, START + DAY_MS);
  archive.put(file, archiveZip(file, CANDLES).slice(0, 500));
  const { verify, warnings } = await ingest(VERIFY, deps);
  const failed = warnings.find(({ code }) => code === "second-source-failed");
  assertStringIncludes(failed!.message, file.name);
  assertEquals(verify!.pairs, [
    { stored: "rest", second: "daily", candles: 3 * 1440 },
    { stored: "rest", second: "rest", candles: 1440 - 80 },
  ]);
  assertEquals(HOLE.endMs - HOLE.startMs, 80 * MINUTE_MS);
});
