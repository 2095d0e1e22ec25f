import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { concatCandles, DAY_MS, DomainError, MINUTE_MS, seededRandom, type TimeRange } from "../../src/core/mod.ts";
import { CANDLES, HOLE, MemoryArchive, NOW, setup, START } from "./ingest_setup.ts";
import { ArchiveHttp } from "../../src/data_ingestion_service/archive/archive_http.ts";
import { dailyFile, monthlyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ingest, planIngest } from "../../src/data_ingestion_service/ingest.ts";
import type { IngestDeps, IngestRequest } from "../../src/data_ingestion_service/ingest_types.ts";
import { archiveZip, BTC, checksumText, within, zipOf } from "../fakes/archive_files.ts";
import { klineCsv, walkCandles } from "../fakes/candles.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { MemoryExchange } from "../fakes/memory_exchange.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const MIRROR: IngestRequest = { series: BTC, source: "archive" };
const REST: IngestRequest = { series: BTC, source: "rest", sinceMs: START + 4 * DAY_MS };
const AUTO: IngestRequest = { series: BTC, source: "auto", sinceMs: START };
const WHOLE: TimeRange = { startMs: START, endMs: START + 5 * DAY_MS };
const shortGaps = (gaps: readonly { startMs: number; endMs: number; cause: string }[]) =>
  gaps.map(({ startMs, endMs, cause }) => [(startMs - START) / MINUTE_MS, (endMs - START) / MINUTE_MS, cause]);
const HOLE_GAP = [1440 + 760, 1440 + 840, "outage"];

Deno.test("ingest() takes a mirror's span, explains the hole, and finds nothing to do again", async () => {
  const archive = new MemoryArchive();
  const { deps, store } = setup({ archive });
  const first = await ingest(MIRROR, deps);
  assertEquals(first.range, WHOLE);
  assertEquals(first.rows, { expected: 7200, present: 7120, added: 7120, revised: 0 });
  assertEquals(first.files, {
    verified: 0,
    unverified: 5,
    refetched: 0,
    missing: 0,
    unreached: 0,
    rejected: 0,
    cached: 0,
  });
  assertEquals([shortGaps(first.gaps), first.error, first.warnings], [[HOLE_GAP], undefined, []]);
  assertStringIncludes(first.gaps[0]!.evidence, "trading halted");
  assertEquals(first.datasetDigest, await store.datasetDigest({ ...BTC, range: WHOLE }));
  const second = await ingest(MIRROR, deps);
  assertEquals([second.rows.added, second.datasetDigest, shortGaps(second.gaps)], [0, first.datasetDigest, [HOLE_GAP]]);
  assertEquals(archive.fetched.length, 5);
  const runs = await store.ingestRuns(9);
  assertEquals(runs.map(({ status }) => status), ["finished", "finished"]);
  assertEquals(runs[0]!.settings["note"], "test");
});

Deno.test("ingest() reads only the files of the asked range", async () => {
  const archive = new MemoryArchive();
  const { deps } = setup({ archive });
  const result = await ingest({ ...MIRROR, sinceMs: START + DAY_MS, untilMs: START + 2 * DAY_MS + 60_000 }, deps);
  assertEquals(archive.fetched.map((name) => name.slice(-6, -4)), ["11", "12"]);
  assertEquals(result.rows.present, 1440 - 80 + 1);
});

Deno.test("ingest() calls a day that the mirror lacks fetch_failed, and stores the rest", async () => {
  const { deps } = setup({ archive: new MemoryArchive("mirror", [0, 1, 3]) });
  const result = await ingest({ ...MIRROR, sinceMs: START, untilMs: WHOLE.endMs }, deps);
  assertEquals(shortGaps(result.gaps), [HOLE_GAP, [2880, 4320, "fetch_failed"], [5760, 7200, "fetch_failed"]]);
  assertEquals([result.error?.code, result.error?.traits.exit], ["fetch-failed", 4]);
  assertStringIncludes(result.error!.message, "Cannot get 2880 minutes");
  assertEquals([result.files.unverified, result.files.missing], [3, 2]);
  assertStringIncludes(result.gaps[1]!.evidence, "the archive does not have the files");
  assertEquals(result.rows.present, 3 * 1440 - 80);
});

Deno.test("ingest() stores nothing of a bad file, says which proof failed, and keeps the others", async (t) => {
  const file = dailyFile(BTC, START + 2 * DAY_MS);
  const good = archiveZip(file, CANDLES);
  const csv = klineCsv(within(CANDLES, file.range)).replace(/^(\d+),[\d.]+/, "$1,oops");
  const cases = {
    "cut off": [good.subarray(0, 900), "archive-unreadable", 4],
    "not a number": [zipOf(file.name.replace("zip", "csv"), csv), "invariant-violated", 5],
  } as const;
  for (const [name, [bytes, code, exit]] of Object.entries(cases)) {
    await t.step(`${name}, and no other source`, async () => {
      const archive = new MemoryArchive();
      archive.put(file, bytes);
      const { deps, store } = setup({ archive });
      const result = await ingest(MIRROR, deps);
      assertEquals([result.error?.code, result.error?.traits.exit], [code, exit]);
      assertStringIncludes(result.error!.message, file.name);
      assertEquals(shortGaps(result.gaps), [HOLE_GAP, [2880, 4320, "fetch_failed"]]);
      assertEquals(result.rows.present, 4 * 1440 - 80);
      assertEquals((await store.archiveFiles(BTC)).map(({ verdict }) => verdict).sort(), [
        "corrupt",
        ...Array.from({ length: 4 }, () => "unverified"),
      ]);
      // Once it is repaired, a rerun takes that file alone.
      archive.put(file, good);
      archive.fetched.length = 0;
      const again = await ingest(MIRROR, deps);
      assertEquals([again.error, again.rows.present, archive.fetched], [undefined, 7120, [file.name]]);
    });
    await t.step(`${name}, and REST fills it`, async () => {
      const archive = new MemoryArchive();
      archive.put(file, bytes);
      const { deps, store } = setup({ archive, candles: CANDLES });
      const result = await ingest({ ...AUTO, untilMs: WHOLE.endMs }, deps);
      assertEquals([result.error, result.rows.present, shortGaps(result.gaps)], [undefined, 7120, [HOLE_GAP]]);
      assertEquals(result.warnings.map((warning) => warning.code), ["file-replaced"]);
      assertEquals(await store.sourceCounts({ ...BTC, range: WHOLE }), { daily: 4 * 1440 - 80, rest: 1440 });
    });
  }
});

Deno.test("ingest() over REST never stores the forming candle, and asks again for the last ten minutes only", async () => {
  const { deps, exchange, clock } = setup({ candles: CANDLES });
  const first = await ingest(REST, deps);
  assertEquals(first.range.endMs, START + 5 * DAY_MS + 600 * MINUTE_MS);
  assertEquals(first.rows, { expected: 2040, present: 2040, added: 2040, revised: 0 });
  exchange.asked.length = 0;
  const again = await ingest(REST, deps);
  assertEquals([again.rows.added, again.rows.revised], [0, 0]);
  assertEquals(exchange.asked.map(({ range }) => (range.endMs - range.startMs) / MINUTE_MS), [10]);
  await clock.run(clock.sleep(MINUTE_MS));
  const later = await ingest(REST, deps);
  assertEquals([later.rows.added, later.rows.present], [1, 2041]);
});

Deno.test("ingest() takes the exchange's newer value in the last ten minutes, and records the change", async () => {
  const revised = concatCandles([CANDLES]);
  const { deps, store, clock } = setup({ candles: CANDLES });
  await ingest(REST, deps);
  const at = revised.openTimeMs.indexOf(START + 5 * DAY_MS + 595 * MINUTE_MS);
  const early = revised.openTimeMs.indexOf(START + 5 * DAY_MS + 500 * MINUTE_MS);
  revised.tradeCount[at]!++;
  revised.tradeCount[early]!++;
  const second = await ingest(REST, { ...deps, exchange: new MemoryExchange({ BTCUSDT: revised }, clock) });
  assertEquals([second.rows.added, second.rows.revised], [0, 1]);
  const revisions = await store.revisions({ ...BTC, range: { startMs: START, endMs: NOW } });
  assertEquals(revisions.map(({ openTimeMs, column, applied }) => [openTimeMs, column, applied]), [
    [revised.openTimeMs[at]!, "trade_count", true],
  ]);
});

Deno.test("ingest() lets a published archive correct what REST gave", async () => {
  const rough = concatCandles([CANDLES]);
  const at = rough.openTimeMs.indexOf(START + 4 * DAY_MS + 30 * MINUTE_MS);
  rough.tradeCount[at]!++;
  const range = { sinceMs: START + 4 * DAY_MS, untilMs: START + 4 * DAY_MS + 60 * MINUTE_MS };
  for (const archiveWins of [true, false]) {
    const precedence = archiveWins ? ["daily", "rest"] as const : ["rest", "daily"] as const;
    const { deps, store } = setup({ archive: new MemoryArchive("http"), candles: rough, settings: { precedence } });
    const { archive: _, ...alone } = deps;
    await ingest({ ...REST, ...range }, alone);
    const result = await ingest({ ...AUTO, sinceMs: START + 4 * DAY_MS, untilMs: START + 5 * DAY_MS }, deps);
    assertEquals(result.rows.revised, archiveWins ? 1 : 0);
    const { tradeCount } = await store.loadCandles({ ...BTC, range: WHOLE });
    assertEquals(tradeCount[30], archiveWins ? CANDLES.tradeCount[at]! : rough.tradeCount[at]!);
  }
});

Deno.test("ingest() takes closed days from the archive and the rest over REST", async () => {
  const archive = new MemoryArchive("http", [0, 1, 2, 3]); // yesterday is not published yet
  const { deps, exchange, store } = setup({ archive, candles: CANDLES });
  const plan = await planIngest(AUTO, deps);
  assertEquals([plan.files.length, plan.present, plan.rest.length], [5, 0, 1]);
  assertEquals(await store.ingestRuns(1), []);
  const result = await ingest(AUTO, deps);
  assertEquals([result.error, result.files.missing, shortGaps(result.gaps)], [undefined, 1, [HOLE_GAP]]);
  assertEquals(result.rows.present, result.rows.expected - 80);
  assertEquals(await store.sourceCounts({ ...BTC, range: result.range }), { daily: 4 * 1440 - 80, rest: 2040 });
  // REST was the second source of the hole: neither has it, whatever a calendar says.
  assertStringIncludes(result.gaps[0]!.evidence, "neither BTCUSDT-1m-2024-01-11.zip nor binance");
  const asked = exchange.asked.length;
  const again = await ingest(AUTO, deps);
  // The settled hole is not asked about again; the newest ten minutes are.
  assertEquals([again.rows.added, exchange.asked.length - asked], [0, 1]);
  assertEquals(again.datasetDigest, result.datasetDigest);
});

Deno.test("ingest() uses an archive whose exchange is out of reach, warns, and says what is missing", async () => {
  const { deps, exchange } = setup({ archive: new MemoryArchive("http"), candles: CANDLES });
  exchange.failure = new DomainError("region-blocked", "Cannot ask anybody");
  const result = await ingest(AUTO, deps);
  assertEquals(result.warnings.map(({ code }) => code), ["exchange-not-reached"]);
  assertEquals([result.error?.code, result.error?.traits.exit], ["region-blocked", 4]);
  assertEquals(shortGaps(result.gaps), [HOLE_GAP, [7200, 7800, "fetch_failed"]]);
  assertEquals(result.rows.present, 7120);
  await assertRejects(
    () => ingest(REST, { ...deps, archive: undefined } as unknown as IngestDeps),
    DomainError,
    "anybody",
  );
});

Deno.test("ingest() from the archive alone ends yesterday, and calls what is not there yet not yet published", async () => {
  const { deps } = setup({ archive: new MemoryArchive("http", [0, 1, 2, 3]) });
  const result = await ingest({ ...MIRROR, sinceMs: START }, deps);
  assertEquals(result.range, WHOLE);
  assertEquals(shortGaps(result.gaps), [HOLE_GAP, [5760, 7200, "not_yet_published"]]);
  assertEquals(result.error, undefined);
});

Deno.test("ingest() keeps what came before REST failed", async () => {
  const { deps, exchange, store } = setup({ candles: CANDLES });
  const candles = exchange.candles.bind(exchange);
  exchange.candles = async function* (query) {
    yield* candles({ ...query, range: { ...query.range, endMs: query.range.startMs + 1000 * MINUTE_MS } });
    throw new DomainError("exchange-unavailable", "GET x was answered 503, 6 times");
  };
  const result = await ingest(REST, deps);
  assertEquals([result.rows.present, result.error?.code, result.error?.traits.exit], [1000, "exchange-unavailable", 4]);
  assertEquals(shortGaps(result.gaps), [[5760 + 1000, 7800, "fetch_failed"]]);
  assertEquals((await store.ingestRuns(1))[0]!.status, "failed");
  const { asked } = exchange;
  asked.length = 0;
  exchange.candles = candles;
  const again = await ingest(REST, deps);
  assertEquals([again.error, again.gaps, again.rows.added], [undefined, [], 1040]);
  assertEquals(asked[0]!.range.startMs, START + 4 * DAY_MS + 1000 * MINUTE_MS);
});

Deno.test("ingest() says when a series was not listed yet", async () => {
  const { deps } = setup({ candles: CANDLES });
  const result = await ingest({ ...REST, sinceMs: START - 90 * MINUTE_MS, untilMs: START + 60 * MINUTE_MS }, deps);
  assertEquals([shortGaps(result.gaps), result.error, result.rows.present], [[[-90, 0, "not_listed"]], undefined, 60]);
});

Deno.test("ingest() stores nothing of a REST row that cannot be true, and all of the others", async () => {
  const broken = concatCandles([CANDLES]);
  broken.high[broken.openTimeMs.indexOf(START + 4 * DAY_MS + 1500 * MINUTE_MS)] = 1;
  const { deps } = setup({ candles: broken });
  const result = await ingest(REST, deps);
  assertEquals([result.error?.code, result.error?.traits.exit], ["invariant-violated", 5]);
  assertStringIncludes(result.error!.message, "prices disagree");
  assertEquals(shortGaps(result.gaps), [[5760 + 1500, 5760 + 1501, "fetch_failed"]]);
  assertStringIncludes(result.gaps[0]!.evidence, "prices disagree");
  assertEquals(result.rows.present, 2039);
});

Deno.test("ingest() stores nothing of a page whose rows are wrong in number", async () => {
  const broken = concatCandles([CANDLES]);
  for (let minute = 1500; minute < 1520; minute++) {
    broken.high[broken.openTimeMs.indexOf(START + 4 * DAY_MS + minute * MINUTE_MS)] = 1;
  }
  const { deps } = setup({ candles: broken });
  const result = await ingest(REST, deps);
  assertEquals(result.error?.code, "invariant-violated");
  assertEquals(shortGaps(result.gaps), [[5760 + 1000, 5760 + 2000, "fetch_failed"]]);
  assertEquals(result.rows.present, 1040);
});

Deno.test("ingest() clips the future, and refuses a range without a minute", async () => {
  const { deps } = setup({ candles: CANDLES });
  const clipped = await ingest({ ...REST, untilMs: NOW + 30 * DAY_MS }, deps);
  assertEquals(clipped.range.endMs, START + 5 * DAY_MS + 600 * MINUTE_MS);
  const error = await assertRejects(
    () => ingest({ ...REST, sinceMs: NOW + DAY_MS }, deps),
    DomainError,
    "range is empty",
  );
  assertEquals(error.code, "usage");
  const none = setup({ archive: new MemoryArchive("mirror", []) });
  assertEquals((await assertRejects(() => ingest(MIRROR, none.deps), DomainError)).code, "not-found");
  const unknown = { ...REST, series: { ...BTC, symbol: "NONE/USDT" } };
  assertEquals((await assertRejects(() => ingest(unknown, deps), DomainError)).code, "symbol-unknown");
});

Deno.test("ingest() warns of a local clock that differs, and goes by the exchange's", async () => {
  const { deps, exchange } = setup({ candles: CANDLES });
  const late = new SimulatedClock(NOW - 3_600_000);
  const result = await ingest(REST, { ...deps, exchange, clock: late });
  assertEquals(result.warnings.map(({ code }) => code), ["clock-differs"]);
  assertStringIncludes(result.warnings[0]!.message, "3600.0 s behind");
  assertEquals(result.range.endMs, START + 5 * DAY_MS + 600 * MINUTE_MS);
});

Deno.test("ingest() that is stopped keeps what it has, says so, and goes on from there", async () => {
  const archive = new MemoryArchive();
  const { deps, store } = setup({ archive, settings: { archiveParallel: 1 } });
  const controller = new AbortController();
  archive.onFetch = ({ name }) => {
    if (name.includes("-13")) controller.abort(new DomainError("interrupted", "Stopped by SIGINT"));
  };
  const stopped = await ingest(MIRROR, deps, { signal: controller.signal });
  assertEquals([stopped.error?.code, stopped.rows.present > 0, stopped.rows.present < 7120], [
    "interrupted",
    true,
    true,
  ]);
  assertEquals(stopped.rows.added, stopped.rows.present);
  assertEquals((await store.ingestRuns(1))[0]!.status, "interrupted");
  archive.onFetch = undefined;
  archive.fetched.length = 0;
  const rest = await ingest(MIRROR, deps);
  assertEquals([rest.rows.present, rest.rows.added + stopped.rows.added, rest.error], [7120, 7120, undefined]);
  assert(archive.fetched.length < 5);
  const fresh = setup({ archive: new MemoryArchive() });
  assertEquals((await ingest(MIRROR, fresh.deps)).datasetDigest, rest.datasetDigest);
});

Deno.test("ingest() calls a run interrupted that was killed before it could say so", async () => {
  const { deps, store } = setup({ archive: new MemoryArchive() });
  const killed = {
    id: "killed",
    startedAtMs: NOW - 5,
    status: "running",
    settings: {},
    rowsAdded: 0,
    rowsRevised: 0,
  } as const;
  await store.recordIngestRun(killed);
  await ingest(MIRROR, deps);
  assertEquals((await store.ingestRuns(9)).map(({ status }) => status), ["finished", "interrupted"]);
});

Deno.test("ingest() takes a published month as one file, and its days where that cannot be had", async () => {
  const january = monthlyFile(BTC, START);
  const month = walkCandles(january.range, [HOLE]);
  const nowMs = Date.UTC(2024, 1, 20, 12, 0, 30);
  const request: IngestRequest = {
    series: BTC,
    source: "archive",
    sinceMs: january.range.startMs,
    untilMs: january.range.endMs,
  };
  const days = Array.from({ length: 31 }, (_, i) => dailyFile(BTC, january.range.startMs + i * DAY_MS));
  const whole = new Map<string, Uint8Array | string>();
  for (const file of [january, ...days]) {
    const bytes = archiveZip(file, month);
    whole.set(file.path, bytes).set(`${file.path}.CHECKSUM`, checksumText(file.name, bytes));
  }
  const digests = new Set<string>();
  for (const broken of [false, true]) {
    const files = new Map(whole);
    if (broken) files.set(`${january.path}.CHECKSUM`, `${"0".repeat(64)}  ${january.name}\n`);
    await using server = new FakeExchangeServer({ markets: {}, archive: files });
    const clock = new SimulatedClock(nowMs);
    const archive = new ArchiveHttp({
      origins: [server.origin],
      attempts: 2,
      timeoutMs: 5_000,
      clock,
      random: seededRandom(1),
    });
    const { deps, store } = setup({ archive, nowMs });
    const result = (await clock.run(ingest(request, { ...deps, clock })))!;
    assertEquals([result.rows.present, result.error], [31 * 1440 - 80, undefined]);
    assertEquals(
      result.files,
      broken
        ? { verified: 31, unverified: 0, refetched: 1, missing: 0, unreached: 0, rejected: 1, cached: 0 }
        : { verified: 1, unverified: 0, refetched: 0, missing: 0, unreached: 0, rejected: 0, cached: 0 },
    );
    assertEquals(result.warnings.map(({ code }) => code), broken ? ["file-replaced", "file-refetched"] : []);
    assertEquals(await store.sourceCounts({ ...BTC, range: january.range }), {
      [broken ? "daily" : "monthly"]: 31 * 1440 - 80,
    });
    digests.add(result.datasetDigest);
  }
  assertEquals(digests.size, 1);
});
