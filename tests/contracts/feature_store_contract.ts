import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type ArchiveFileRecord,
  CANDLE_FIELDS,
  type CandleColumns,
  type CandleQuery,
  concatCandles,
  DAY_MS,
  DomainError,
  type FeatureMatrix,
  type FeatureStore,
  type Gap,
  type IngestRunRecord,
  MINUTE_MS,
  MISSING_COUNT,
  type SeriesId,
  type TimeRange,
} from "../../src/core/mod.ts";
import { BTC, within } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";

const START = Date.UTC(2024, 0, 10);
const ETH: SeriesId = { ...BTC, symbol: "ETH/USDT" };
const range = (fromMinute: number, toMinute: number): TimeRange => ({
  startMs: START + fromMinute * MINUTE_MS,
  endMs: START + toMinute * MINUTE_MS,
});
const query = (fromMinute: number, toMinute: number): CandleQuery => ({ ...BTC, range: range(fromMinute, toMinute) });

/** Deep copies, so that equality does not compare views of other lengths. */
function plain(columns: CandleColumns): Record<string, number[]> {
  return Object.fromEntries(CANDLE_FIELDS.map((field) => [field, Array.from(columns[field])]));
}

/** What every feature store promises; run by the fake and by the real one. */
export function testFeatureStore(name: string, open: () => Promise<FeatureStore>): void {
  const test = (behaviour: string, run: (store: FeatureStore) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      await using store = await open();
      await run(store);
    });

  test("is empty at first", async (store) => {
    assertEquals(await store.series(), []);
    assertEquals(await store.span(BTC), undefined);
    assertEquals(await store.countCandles(query(0, 10)), 0);
    assertEquals(await store.coverage(BTC), []);
    assertEquals((await store.loadCandles(query(0, 10))).length, 0);
    assertEquals(await store.gaps(BTC, range(0, 10)), []);
    assertEquals(await store.dayDigests(query(0, 10)), []);
    assertEquals(await store.archiveFiles(BTC), []);
    assertEquals(await store.sourceCounts(query(0, 10)), {});
    assertEquals(await store.ingestRuns(5), []);
    assertEquals(await store.featureSpan("sums", "x", BTC), undefined);
  });

  test("outcomes() are those of the candles, and missing where one of them is", async (store) => {
    const closes = [100, 101, 100.5, 100.5, NaN, 102, 103, 101];
    const candles = within(walkCandles(range(0, 8)), range(0, 8));
    closes.forEach((close, i) => {
      candles.close[i] = close;
      candles.high[i] = 200;
      candles.low[i] = 50;
    });
    for (const [from, to] of [[0, 4], [5, 8]] as const) {
      await store.writeCandles(BTC, [{ source: "rest", columns: within(candles, range(from, to)) }]);
    }
    await store.writeCandles(ETH, [{ source: "rest", columns: walkCandles(range(0, 8)) }]);
    const log = (to: number, from: number) => 1e4 * Math.log(closes[to]! / closes[from]!);
    // In no order, one of long before, and one that is asked for three times.
    const minutes = [6, 1, 2, 3, 4, 5, 7, 0, -5000, 1, 1];
    const expected = new Map([
      [1, [log(2, 0), log(1, 0) ** 2 + log(2, 1) ** 2]],
      [2, [log(3, 1), log(2, 1) ** 2]],
      [6, [log(7, 5), log(6, 5) ** 2 + log(7, 6) ** 2]],
    ]);
    const times = Float64Array.from(minutes, (minute) => START + minute * MINUTE_MS);
    const { returnBps, realizedVarianceBps2 } = await store.outcomes(BTC, times, 2);
    minutes.forEach((minute, i) => {
      const [move, variance] = expected.get(minute) ?? [NaN, NaN];
      assertAlmostEquals(returnBps[i]!, move!, 1e-9);
      assertAlmostEquals(realizedVarianceBps2[i]!, variance!, 1e-6);
    });
    assertEquals((await store.outcomes(BTC, new Float64Array(0), 2)).returnBps.length, 0);
  });

  test("gives back what was written, ascending, and only what lies in the range", async (store) => {
    const candles = walkCandles(range(0, 4000), [range(1500, 1580)]);
    const late = within(candles, range(2000, 4000)), early = within(candles, range(0, 2000));
    assertEquals(await store.writeCandles(BTC, [{ source: "rest", columns: late }]), {
      added: 2000,
      revised: 0,
      kept: 0,
    });
    assertEquals(await store.writeCandles(BTC, [{ source: "daily", columns: early }]), {
      added: 1920,
      revised: 0,
      kept: 0,
    });
    assertEquals(plain(await store.loadCandles(query(-10, 5000))), plain(candles));
    assertEquals(plain(await store.loadCandles(query(1400, 2500))), plain(within(candles, range(1400, 2500))));
    assertEquals(await store.countCandles(query(1400, 2500)), 1020);
    assertEquals(await store.span(BTC), range(0, 4000));
    assertEquals(await store.series(), [BTC]);
    assertEquals(await store.coverage(BTC), [range(0, 1500), range(1580, 4000)]);
    assertEquals(await store.coverage(BTC, range(1490, 1600)), [range(1490, 1500), range(1580, 1600)]);
    assertEquals(await store.sourceCounts(query(0, 4000)), { daily: 1920, rest: 2000 });
  });

  test("scan() gives the same rows in batches, also while it is written to", async (store) => {
    const candles = walkCandles(range(0, 70_000));
    await store.writeCandles(BTC, [{ source: "daily", columns: candles }]);
    const batches: CandleColumns[] = [];
    for await (const batch of store.scan(query(0, 70_000))) {
      assert(batch.length <= 65_536);
      if (batches.length === 0) await store.writeCandles(ETH, [{ source: "rest", columns: walkCandles(range(0, 5)) }]);
      batches.push(batch);
    }
    assert(batches.length >= 2);
    assertEquals(plain(concatCandles(batches)), plain(candles));
  });

  test("keeps series apart", async (store) => {
    await store.writeCandles(BTC, [{ source: "daily", columns: walkCandles(range(0, 3)) }]);
    await store.writeCandles(ETH, [{ source: "daily", columns: walkCandles(range(2, 9)) }]);
    assertEquals(await store.countCandles(query(0, 10)), 3);
    assertEquals(await store.countCandles({ ...query(0, 10), symbol: "ETH/USDT" }), 7);
    assertEquals(await store.series(), [BTC, ETH]);
    assertEquals(await store.coverage(ETH), [range(2, 9)]);
  });

  test("keeps unknown values unknown", async (store) => {
    const columns = walkCandles(range(0, 3000));
    columns.quoteVolume[1] = NaN;
    columns.takerBuyBaseVolume.fill(NaN);
    columns.takerBuyQuoteVolume[2999] = NaN;
    columns.tradeCount[2] = MISSING_COUNT;
    columns.tradeCount[2500] = MISSING_COUNT;
    await store.writeCandles(BTC, [{ source: "exchange", columns }]);
    assertEquals(plain(await store.loadCandles(query(0, 3000))), plain(columns));
  });

  test("holds each minute once, whatever is written again", async (store) => {
    const candles = walkCandles(range(0, 100));
    await store.writeCandles(BTC, [{ source: "daily", columns: within(candles, range(0, 60)) }]);
    const again = await store.writeCandles(BTC, [
      { source: "daily", columns: within(candles, range(40, 80)) },
      { source: "daily", columns: within(candles, range(70, 100)) },
    ]);
    assertEquals(again, { added: 40, revised: 0, kept: 0 });
    assertEquals(plain(await store.loadCandles(query(0, 100))), plain(candles));
  });

  test("replaces a differing candle only where the caller lets it win, and records both values either way", async (store) => {
    const before = walkCandles(range(0, 10)), after = walkCandles(range(0, 10));
    after.close[4] = after.high[4]!;
    after.tradeCount[4] = 9_999;
    after.volume[7] = 123;
    const offered = [{ source: "daily", columns: after }] as const;
    await store.writeCandles(BTC, [{ source: "rest", columns: before }]);
    assertEquals(await store.writeCandles(BTC, offered), { added: 0, revised: 0, kept: 2 });
    assertEquals(plain(await store.loadCandles(query(0, 10))), plain(before));
    const difference = (
      minute: number,
      column: string,
      field: "close" | "tradeCount" | "volume",
      applied: boolean,
    ) => ({
      openTimeMs: START + minute * MINUTE_MS,
      column,
      oldValue: before[field][minute]!,
      newValue: after[field][minute]!,
      oldSource: "rest" as const,
      newSource: "daily" as const,
      applied,
    });
    const seen = async () => (await store.revisions(query(0, 10))).map(({ seenAtMs: _, ...rest }) => rest);
    const kept = [
      difference(4, "close", "close", false),
      difference(4, "trade_count", "tradeCount", false),
      difference(7, "volume", "volume", false),
    ];
    assertEquals(await seen(), kept);
    assertEquals(await store.writeCandles(BTC, offered), { added: 0, revised: 0, kept: 2 });
    assertEquals(await seen(), kept, "the same difference is recorded once");

    const asked: string[] = [];
    const wins = (stored: string, source: string) => asked.push(`${stored}<${source}`) > 0;
    assertEquals(await store.writeCandles(BTC, offered, { wins }), { added: 0, revised: 2, kept: 0 });
    assertEquals([...new Set(asked)], ["rest<daily"]);
    assertEquals(plain(await store.loadCandles(query(0, 10))), plain(after));
    assertEquals(await store.sourceCounts(query(0, 10)), { daily: 2, rest: 8 });
    assertEquals((await seen()).filter(({ applied }) => applied), kept.map((each) => ({ ...each, applied: true })));
    assertEquals(await store.revisions(query(5, 7)), []);
    assertEquals(await store.revisions({ ...query(0, 10), symbol: "ETH/USDT" }), []);
  });

  test("records an unknown value as null, and a candle that a second source lacks", async (store) => {
    const before = walkCandles(range(0, 1500)), after = within(walkCandles(range(0, 1500)), range(0, 1400));
    after.quoteVolume[3] = NaN;
    await store.writeCandles(BTC, [{ source: "monthly", columns: before }]);
    const batch = { source: "rest", columns: after, covers: range(0, 1402) } as const;
    assertEquals(await store.writeCandles(BTC, [batch], { wins: () => true }), { added: 0, revised: 1, kept: 2 });
    const found = await store.revisions(query(0, 1500));
    assertEquals(
      found.map((
        { openTimeMs, column, newValue, applied },
      ) => [(openTimeMs - START) / MINUTE_MS, column, newValue, applied]),
      [
        [3, "quote_volume", null, true],
        [1400, "open_time", null, false],
        [1401, "open_time", null, false],
      ],
    );
    assertEquals(await store.countCandles(query(0, 1500)), 1500, "nothing is removed on a second source's word");
    const none = { source: "daily", columns: within(after, range(0, 0)), covers: range(1450, 1451) } as const;
    assertEquals(await store.writeCandles(BTC, [none]), { added: 0, revised: 0, kept: 1 });
  });

  test("tells which stretch came from where", async (store) => {
    const candles = walkCandles(range(0, 3000), [range(100, 110)]);
    const put = (source: "daily" | "rest", from: number, to: number) =>
      store.writeCandles(BTC, [{ source, columns: within(candles, range(from, to)) }]);
    await put("daily", 0, 1500);
    await put("rest", 1500, 2000);
    await put("daily", 2000, 3000);
    assertEquals(await store.sourceSpans(query(0, 3000)), [
      { ...range(0, 1500), source: "daily", rows: 1490 },
      { ...range(1500, 2000), source: "rest", rows: 500 },
      { ...range(2000, 3000), source: "daily", rows: 1000 },
    ]);
    assertEquals(await store.sourceSpans(query(1400, 1600)), [
      { ...range(1400, 1500), source: "daily", rows: 100 },
      { ...range(1500, 1600), source: "rest", rows: 100 },
    ]);
    assertEquals(await store.sourceSpans(query(5000, 6000)), []);
  });

  test("digests days by their candles, and a part of a day by its part", async (store) => {
    const candles = walkCandles(range(0, 3 * 1440 + 100));
    await store.writeCandles(BTC, [{ source: "daily", columns: within(candles, range(0, 2000)) }]);
    await store.writeCandles(BTC, [{ source: "daily", columns: within(candles, range(2000, 4420)) }]);
    const whole = await store.dayDigests(query(0, 4420));
    assertEquals(whole.map(({ day, rows }) => [day, rows]), [
      ["2024-01-10", 1440],
      ["2024-01-11", 1440],
      ["2024-01-12", 1440],
      ["2024-01-13", 100],
    ]);
    const part = await store.dayDigests(query(700, 3000));
    assertEquals(part.map(({ rows }) => rows), [740, 1440, 120]);
    assertEquals(part[1], whole[1]!);
    assert(part[0]!.sha256 !== whole[0]!.sha256);
    assert(await store.datasetDigest(query(0, 4420)) !== await store.datasetDigest(query(0, 4419)));
    // Days without rows are skipped: a wider range has the same digest.
    assertEquals(await store.datasetDigest(query(-5000, 9000)), await store.datasetDigest(query(0, 4420)));
  });

  test("digests do not depend on how the candles came in", async (store) => {
    const candles = walkCandles(range(0, 2880));
    const other: SeriesId = { ...BTC, exchange: "other" };
    await store.writeCandles(BTC, [{ source: "daily", columns: candles }]);
    for (const [from, to] of [[1000, 2880], [0, 500], [500, 1200]] as const) {
      await store.writeCandles(other, [{ source: "rest", columns: within(candles, range(from, to)) }]);
    }
    assertEquals(
      await store.dayDigests({ ...query(0, 2880), exchange: "other" }),
      await store.dayDigests(query(0, 2880)),
    );
    const revised = walkCandles(range(0, 2880));
    revised.volume[2000] = 1;
    await store.writeCandles(other, [{ source: "daily", columns: revised }], { wins: () => true });
    const [first, second] = await store.dayDigests({ ...query(0, 2880), exchange: "other" });
    const [same, different] = await store.dayDigests(query(0, 2880));
    assertEquals(first, same!);
    assert(second!.sha256 !== different!.sha256);
  });

  test("keeps the ledger of files by location", async (store) => {
    const columns = walkCandles(range(0, 1440));
    const file: ArchiveFileRecord = {
      location: "spot/a.zip",
      kind: "daily",
      expectedSha256: "a".repeat(64),
      actualSha256: "a".repeat(64),
      verdict: "verified",
      bytes: 71_227,
      rows: 1440,
      firstOpenTimeMs: START,
      lastOpenTimeMs: START + DAY_MS - MINUTE_MS,
      timeUnit: "us",
      hasHeader: true,
      fetchedAtMs: START + 5,
    };
    const missing: ArchiveFileRecord = {
      location: "spot/b.zip",
      kind: "monthly",
      verdict: "missing",
      bytes: 0,
      rows: 0,
      fetchedAtMs: START + 6,
    };
    await store.recordFiles(BTC, [{ ...missing, location: "spot/a.zip" }, missing]);
    await store.writeCandles(BTC, [{ source: "daily", columns, file }]);
    assertEquals(await store.archiveFiles(BTC), [file, missing]);
    assertEquals(await store.archiveFiles(ETH), []);
  });

  test("replaceGaps() makes the open gaps of a range the given ones", async (store) => {
    const gap = (from: number, to: number, cause: Gap["cause"], seen: number): Gap => ({
      ...range(from, to),
      minutes: to - from,
      cause,
      evidence: `because of ${cause}`,
      firstSeenAtMs: seen,
    });
    const all = range(0, 1000);
    const first = [gap(100, 180, "unknown", 1), gap(300, 310, "fetch_failed", 1)];
    await store.replaceGaps(BTC, all, first, 1);
    await store.replaceGaps(BTC, all, [gap(100, 180, "unknown", 2), gap(300, 310, "fetch_failed", 2)], 2);
    assertEquals(await store.gaps(BTC, all), first);
    // The first is explained after all, the second is filled but for its last three minutes.
    await store.replaceGaps(BTC, all, [gap(100, 180, "outage", 3), gap(307, 310, "fetch_failed", 3)], 3);
    assertEquals(await store.gaps(BTC, all), [gap(100, 180, "outage", 1), gap(307, 310, "fetch_failed", 1)]);
    const closed = (await store.gaps(BTC, all, { closed: true })).filter(({ closedAtMs }) => closedAtMs !== undefined);
    assertEquals(closed, [{ ...gap(300, 307, "fetch_failed", 1), closedAtMs: 3 }]);
    assertEquals(await store.gaps(BTC, range(180, 307)), []);
    assertEquals(await store.gaps(ETH, all), []);
  });

  test("keeps ingest runs by id, newest first", async (store) => {
    const run = (id: string, startedAtMs: number): IngestRunRecord => ({
      id,
      startedAtMs,
      status: "running",
      settings: { since: "2024-01-10", symbol: "BTC/USDT" },
      rowsAdded: 0,
      rowsRevised: 0,
    });
    const digest = "c".repeat(64);
    const done: IngestRunRecord = {
      ...run("a", 10),
      endedAtMs: 20,
      status: "finished",
      rowsAdded: 5,
      datasetDigest: digest,
    };
    await store.recordIngestRun(run("a", 10));
    await store.recordIngestRun(run("b", 30));
    await store.recordIngestRun(done);
    assertEquals(await store.ingestRuns(5), [run("b", 30), done]);
    assertEquals(await store.ingestRuns(1), [run("b", 30)]);
  });

  test("keeps features by decision time, replaces spans, and begins anew with another digest", async (store) => {
    const matrix = (from: number, to: number, value: number): FeatureMatrix => {
      const decisionTimeMs = Float64Array.from({ length: to - from }, (_, i) => START + (from + i) * MINUTE_MS);
      const columns = [Float32Array.from(decisionTimeMs, (_, i) => value + i), new Float32Array(to - from).fill(NaN)];
      return { length: to - from, decisionTimeMs, names: ["r_1", "sigma_2"], columns };
    };
    const set = { name: "sums", digest: "1", definition: "{}", codeVersion: "0.1.0" };
    const day = { day: "2024-01-10", rows: 3000, endMs: START + DAY_MS, sha256: "e".repeat(64) };
    await store.writeFeatures(BTC, set, matrix(0, 3000, 0.5), { days: [day] });
    await store.writeFeatures(ETH, set, matrix(0, 2, 9));
    assertEquals(await store.featureSpan("sums", "1", BTC), range(0, 3000));
    assertEquals(await store.featureSpan("sums", "2", BTC), undefined);
    assertEquals(await store.featureDays("sums", "1", BTC), [day]);
    assertEquals(await store.featureDays("sums", "2", BTC), []);
    await store.writeFeatures(BTC, set, matrix(2990, 3010, 7), { replace: range(2990, 3010) });
    const loaded = await store.loadFeatures("sums", query(2988, 2992));
    assertEquals([...loaded.decisionTimeMs], [2988, 2989, 2990, 2991].map((minute) => START + minute * MINUTE_MS));
    assertEquals(loaded.names, ["r_1", "sigma_2"]);
    assertEquals(loaded.columns.map((column) => [...column]), [[2988.5, 2989.5, 7, 8], [NaN, NaN, NaN, NaN]]);
    // Its tail was written before its head is written again: rows come in order of time, not of writing.
    await store.writeFeatures(BTC, set, matrix(100, 103, 4), { replace: range(100, 103) });
    const all = await store.loadFeatures("sums", query(0, 9000));
    assertEquals(all.length, 3010);
    all.decisionTimeMs.forEach((ms, row) => assertEquals(ms, START + row * MINUTE_MS));
    assertEquals([...all.columns[0]!.subarray(98, 105)], [98.5, 99.5, 4, 5, 6, 103.5, 104.5]);
    for (const shared of [false, true]) {
      const { decisionTimeMs, columns } = await store.loadFeatures("sums", query(0, 9000), { shared });
      for (const column of [decisionTimeMs, ...columns]) {
        assertEquals(column.buffer instanceof SharedArrayBuffer, shared);
      }
      assertEquals(columns[0], all.columns[0]);
    }
    await store.writeFeatures(BTC, { ...set, digest: "2" }, matrix(5, 8, 1));
    assertEquals(await store.featureSpan("sums", "2", BTC), range(5, 8));
    assertEquals(await store.featureDays("sums", "2", BTC), []);
    assertEquals(await store.featureSpan("sums", "2", ETH), undefined);
    const error = await assertRejects(() => store.loadFeatures("none", query(0, 1)), DomainError);
    assertEquals(error.code, "not-found");
  });
}
