/** What a second look at ingestion found: each of these lost candles, or called their lack what it was not. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { concatCandles, DAY_MS, DomainError, MINUTE_MS } from "../../src/core/mod.ts";
import { ArchiveMirror } from "../../src/data_ingestion_service/archive/archive_mirror.ts";
import { dailyFile, monthlyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ingest, planIngest } from "../../src/data_ingestion_service/ingest.ts";
import { archiveZip, BTC, zipOf } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { CANDLES, MemoryArchive, NOW, setup, START } from "./ingest_setup.ts";

const FIRST_HOURS = { series: BTC, source: "rest", sinceMs: START, untilMs: START + 6 * 60 * MINUTE_MS } as const;
const codes = (warnings: readonly { readonly code: string }[]) => warnings.map(({ code }) => code);

Deno.test("--verify of a part of a file does not call the whole file stored", async () => {
  const { deps, store } = setup({ archive: new MemoryArchive("http"), candles: CANDLES });
  const { archive: _, ...restAlone } = deps;
  await ingest(FIRST_HOURS, restAlone);
  const { verify } = await ingest({ ...FIRST_HOURS, source: "auto", verify: true }, deps);
  assertEquals(verify!.pairs, [{ stored: "rest", second: "daily", candles: 360 }]);
  assertEquals(await store.archiveFiles(BTC), []);
  const day = await ingest({ ...FIRST_HOURS, source: "archive", untilMs: START + DAY_MS }, deps);
  assertEquals([day.rows.present, day.gaps, day.error], [1440, [], undefined]);
});

Deno.test("an archive that does not answer is no archive without the file, be the days recent or old", async () => {
  const down = () => {
    throw new DomainError("fetch-failed", "GET /data was answered 503");
  };
  for (const sinceMs of [START, START + 4 * DAY_MS]) {
    const archive = new MemoryArchive("http");
    archive.onFetch = down;
    const { deps, store } = setup({ archive });
    const result = await ingest({ series: BTC, source: "archive", sinceMs, untilMs: sinceMs + DAY_MS }, deps);
    assertEquals([result.error?.code, result.files.unreached, result.files.missing], ["fetch-failed", 1, 0]);
    assertEquals(result.gaps.map(({ cause }) => cause), ["fetch_failed"]);
    assertStringIncludes(result.gaps[0]!.evidence, "answered 503");
    assertEquals(await store.archiveFiles(BTC), []);
  }
});

Deno.test("an archive that does not answer is left after three files, and REST gives them all", async () => {
  const archive = new MemoryArchive("http");
  archive.onFetch = () => {
    throw new DomainError("fetch-failed", "no answer");
  };
  const { deps } = setup({ archive, candles: CANDLES, settings: { archiveParallel: 1 } });
  const result = await ingest({ series: BTC, source: "auto", sinceMs: START }, deps);
  assert(archive.fetched.length <= 4, String(archive.fetched));
  assertEquals([result.error, result.gaps.length], [undefined, 1]); // the outage
  assertEquals(codes(result.warnings), ["archive-not-reached"]);
  assertStringIncludes(result.warnings[0]!.message, "the archive was not asked any more");
});

Deno.test("a file of a mirror that was replaced is read again where its candles are missing", async () => {
  await using tmp = await tmpDir();
  const file = dailyFile(BTC, START);
  const path = `${tmp.path}/${file.path}`;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(path, zipOf(file.name.replace(".zip", ".csv"), ""));
  const mirror = new ArchiveMirror(tmp.path);
  const { deps } = setup({ archive: mirror, nowMs: Date.now() });
  const day = { series: BTC, source: "archive", sinceMs: START, untilMs: START + DAY_MS } as const;
  assertEquals((await ingest(day, deps)).rows.present, 0);
  await Deno.writeFile(path, archiveZip(file, CANDLES));
  const again = await ingest(day, deps);
  assertEquals([again.rows.present, again.gaps], [1440, []]);
  // A folder of a file's name, and a file where a folder should be, are no files.
  await Deno.mkdir(path.replace("2024-01-10", "2024-01-11"));
  assertEquals((await mirror.list(BTC)).length, 1);
  assertEquals((await mirror.list({ ...BTC, symbol: "ETH/USDT" })).length, 0);
});

Deno.test("a REST host that fails while nothing is missing is a warning; a --verify that read nothing is exit 4", async () => {
  const { deps, exchange } = setup({ candles: CANDLES });
  await ingest(FIRST_HOURS, deps);
  const last = { ...FIRST_HOURS, sinceMs: NOW - 60 * MINUTE_MS, untilMs: NOW };
  await ingest(last, deps);
  exchange.candles = () => {
    throw new DomainError("exchange-unavailable", "GET /klines was answered 500");
  };
  const rerun = await ingest(last, deps);
  assertEquals([rerun.error, codes(rerun.warnings)], [undefined, ["rest-failed"]]);
  const verified = await ingest({ ...last, verify: true }, deps);
  assertEquals([verified.error?.code, verified.error?.traits.exit], ["fetch-failed", 4]);
});

Deno.test("durations count from the exchange's now, and a plan says what is wrong with the clocks", async () => {
  const { deps, clock, exchange } = setup({ candles: CANDLES });
  exchange.skewMs = -2 * 60 * MINUTE_MS;
  const hour = { series: BTC, source: "rest", sinceAgoMs: 60 * MINUTE_MS } as const;
  const { range, warnings } = await ingest(hour, deps);
  assert(range.endMs < clock.nowMs() - 119 * MINUTE_MS && range.endMs - range.startMs > 57 * MINUTE_MS);
  assertEquals(codes(warnings), ["clock-differs"]);
  assertEquals(codes((await planIngest(hour, deps)).warnings), ["clock-differs"]);
});

Deno.test("a plan asks the archive for no day before the exchange listed the series", async () => {
  const { deps } = setup({ archive: new MemoryArchive("http"), candles: CANDLES });
  const plan = await planIngest({ series: BTC, source: "auto", sinceMs: START - 300 * DAY_MS }, deps);
  assertEquals(plan.missing[0]!.startMs, START);
  assertEquals(
    plan.files.map(({ name }) => name),
    [0, 1, 2, 3, 4].map((day) => dailyFile(BTC, START + day * DAY_MS).name),
  );
});

Deno.test("--verify with a whole month still records the month's file", async () => {
  const month = walkCandles(monthlyFile(BTC, Date.UTC(2023, 10)).range);
  const archive = new MemoryArchive("http", []);
  const file = monthlyFile(BTC, Date.UTC(2023, 10));
  archive.put(file, archiveZip(file, month));
  const { deps, store } = setup({ archive, candles: concatCandles([month]) });
  const whole = { series: BTC, source: "rest", sinceMs: file.range.startMs, untilMs: file.range.endMs } as const;
  const { archive: _, ...restAlone } = deps;
  await ingest(whole, restAlone);
  await ingest({ ...whole, source: "auto", verify: true }, deps);
  assertEquals((await store.archiveFiles(BTC)).filter(({ rows }) => rows > 0).map(({ kind }) => kind), ["monthly"]);
});

Deno.test("ingest() asks REST for nothing where the exchange gives no time at all", async () => {
  const { deps, exchange } = setup({ archive: new MemoryArchive("http"), candles: CANDLES });
  exchange.failure = new DomainError("exchange-unavailable", "GET /exchangeInfo was answered 503");
  const result = await ingest({ series: BTC, source: "auto", sinceMs: START + 4 * DAY_MS }, deps);
  assertEquals([result.rows.present, codes(result.warnings).includes("exchange-not-reached")], [1440, true]);
  const { archive: _, ...restAlone } = deps;
  await assertRejects(() => ingest(FIRST_HOURS, restAlone), DomainError, "503");
});
