import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  type CallOptions,
  type CandleStream,
  DomainError,
  isDomainError,
  MINUTE_MS,
  seededRandom,
  type SeriesId,
  type StreamedCandle,
  type StreamNotice,
  type TimeRange,
} from "../../src/core/mod.ts";
import { follow, type FollowedBatch } from "../../src/data_ingestion_service/following/follow.ts";
import { ingest } from "../../src/data_ingestion_service/ingest.ts";
import { EventQueue } from "../../src/data_ingestion_service/stream/event_queue.ts";
import { BTC, within } from "../fakes/archive_files.ts";
import { setup } from "./ingest_setup.ts";
import { walkCandles } from "../fakes/candles.ts";
import type { SimulatedClock } from "../fakes/simulated_clock.ts";

const START = Date.UTC(2024, 0, 10);
const NOW = START + 30 * MINUTE_MS + 10_000;
const CANDLES = walkCandles({ startMs: START, endMs: START + 300 * MINUTE_MS });
const TIMING = { closedMarginMs: 2_000, graceMs: 3_000 };

/** What is said of a minute, and how long after its close. */
type Script = (minute: number) => readonly { readonly afterMs: number; readonly notice: StreamNotice }[];

/** A stream that tells what a test lets it tell, at the times that the test says. */
class ScriptedStream implements CandleStream {
  readonly #clock: SimulatedClock;
  readonly #script: Script;

  constructor(clock: SimulatedClock, script: Script) {
    this.#clock = clock;
    this.#script = script;
  }

  async *notices(_series: readonly SeriesId[], { signal }: CallOptions = {}): AsyncGenerator<StreamNotice> {
    const queue = new EventQueue<StreamNotice>();
    signal?.addEventListener("abort", () => queue.close(), { once: true });
    const tell = async () => {
      for (let minute = 30; signal?.aborted !== true; minute++) {
        const closeMs = START + (minute + 1) * MINUTE_MS;
        for (const { afterMs, notice } of this.#script(minute)) {
          await this.#clock.sleep(closeMs + afterMs - this.#clock.nowMs(), signal === undefined ? {} : { signal });
          queue.push(notice);
        }
        if (closeMs > this.#clock.nowMs()) {
          await this.#clock.sleep(closeMs - this.#clock.nowMs(), signal === undefined ? {} : { signal });
        }
      }
    };
    tell().catch(() => queue.close());
    yield* queue;
  }
}

function closed(minute: number, change: Partial<StreamedCandle> = {}): StreamNotice {
  const candle = {
    series: BTC,
    openTimeMs: START + minute * MINUTE_MS,
    close: CANDLES.close[minute]!,
    volume: CANDLES.volume[minute]!,
    tradeCount: CANDLES.tradeCount[minute]!,
    eventTimeMs: START + (minute + 1) * MINUTE_MS + 20,
    ...change,
  };
  return { kind: "closed", candle };
}

/** Follows for some minutes of the simulated clock, after an ordinary ingest of what there was. */
async function followFor(
  minutes: number,
  script: Script,
  options: { readonly failing?: (nowMs: number) => boolean; readonly silent?: boolean } = {},
) {
  const { store, clock, deps, exchange } = setup({ candles: CANDLES, nowMs: NOW });
  const stop = new AbortController();
  const batches: FollowedBatch[] = [], warnings: string[] = [];
  const first = (await clock.run(ingest({ series: BTC, source: "rest", sinceMs: START }, deps)))!;
  let continues = first.run;
  const ingestBatch = async (series: SeriesId, range: TimeRange) => {
    const isDown = options.failing?.(clock.nowMs()) === true;
    exchange.failure = isDown ? new DomainError("exchange-unavailable", "GET /klines was answered 503") : undefined;
    const request = { series, source: "rest", sinceMs: range.startMs - 10 * MINUTE_MS, untilMs: range.endMs } as const;
    const result = await ingest({ ...request, continues }, deps);
    continues = result.run;
    return { result, columns: await store.loadCandles({ ...series, range }) };
  };
  const following = follow([{ series: BTC, nextOpenMs: first.range.endMs }], {
    exchange,
    ...(options.silent === true ? {} : { stream: new ScriptedStream(clock, script) }),
    clock,
    random: seededRandom(1),
    timing: TIMING,
    ingestBatch,
    onBatch: (batch) => batches.push(batch),
    onWarning: ({ code }) => warnings.push(code),
  }, { signal: stop.signal });
  await clock.run(following, minutes * MINUTE_MS);
  stop.abort(new DomainError("interrupted", "Stopped"));
  const summary = (await clock.run(following))!;
  return { store, clock, summary, batches, warnings, first, exchange };
}

async function equalsOneIngest({ store, clock }: Awaited<ReturnType<typeof followFor>>): Promise<void> {
  const whole = setup({ candles: CANDLES, nowMs: clock.nowMs() });
  const later = (await whole.clock.run(ingest({ series: BTC, source: "rest", sinceMs: START }, whole.deps)))!;
  const span = (await store.span(BTC))!;
  assert(later.range.endMs - span.endMs <= MINUTE_MS, "it is behind by more than the candle at hand");
  const digest = (range: TimeRange) =>
    Promise.all([store, whole.store].map((one) => one.datasetDigest({ ...BTC, range })));
  const [followed, filled] = await digest({ startMs: START, endMs: span.endMs });
  assertEquals(followed, filled);
  assertEquals(await store.gaps(BTC, { startMs: START, endMs: span.endMs }), []);
}

Deno.test("follow() stores each candle two seconds after its close, when the stream tells of it", async () => {
  const run = await followFor(10.5, (minute) => [{ afterMs: 20, notice: closed(minute) }]);
  assertEquals(run.summary, { batches: 10, added: 10, revised: 0, disconnections: 0, failures: 0, differing: 0 });
  assertEquals(run.batches.map(({ by, lagMs }) => [by, lagMs]), Array(10).fill(["stream", 2_000]));
  assertEquals(run.warnings, []);
  await equalsOneIngest(run);
  const runs = await run.store.ingestRuns(9);
  assertEquals(runs.length, 1, "one row of the ledger, kept up to date");
  assertEquals([runs[0]!.id, runs[0]!.rowsAdded, runs[0]!.status], [run.first.run.id, 40, "finished"]);
  assertEquals(runs[0]!.settings["since"], run.first.run.settings["since"]);
});

Deno.test("follow() asks by the exchange's clock where nothing is heard, or there is no stream at all", async () => {
  for (const silent of [true, false]) {
    const run = await followFor(5.5, () => [], { silent });
    assertEquals([run.summary.batches, run.summary.added], [5, 5]);
    assertEquals(run.batches.map(({ by, lagMs }) => [by, lagMs]), Array(5).fill(["clock", 5_000]));
    await equalsOneIngest(run);
  }
});

Deno.test("follow() fills the hole that a lost stream and a dead host leave, and says both", async () => {
  const from = START + 33 * MINUTE_MS, to = START + 41 * MINUTE_MS;
  const run = await followFor(20, (minute) => {
    if (minute === 33) return [{ afterMs: 0, notice: { kind: "down", host: "stream", reason: "closed with 1006" } }];
    return minute > 33 && minute < 40 ? [] : [{ afterMs: 20, notice: closed(minute) }];
  }, { failing: (nowMs) => nowMs >= from && nowMs < to });
  assertEquals([run.summary.disconnections, run.summary.added], [1, 20]);
  assert(run.summary.failures >= 8 && run.summary.failures < 40, `${run.summary.failures} tries`);
  assert(run.warnings.includes("stream-lost") && run.warnings.includes("exchange-unavailable"));
  const filling = run.batches.find(({ range }) => range.endMs - range.startMs > MINUTE_MS)!;
  assert(filling.range.endMs - filling.range.startMs >= 7 * MINUTE_MS);
  await equalsOneIngest(run);
});

Deno.test("follow() takes REST's word where the stream says otherwise", async () => {
  const run = await followFor(3.5, (minute) => [
    { afterMs: 20, notice: closed(minute, minute === 31 ? { close: CANDLES.close[minute]! + 0.01 } : {}) },
  ]);
  assertEquals([run.summary.differing, run.warnings], [1, ["stream-differs"]]);
  await equalsOneIngest(run);
});

Deno.test("follow() goes on past a row that cannot be true, says it once, and takes its correction", async () => {
  const at = CANDLES.openTimeMs.indexOf(Math.floor(NOW / MINUTE_MS) * MINUTE_MS);
  const high = CANDLES.high[at]!;
  let isFalse = true;
  const run = await followFor(6, () => [], {
    failing(nowMs) {
      if (nowMs > NOW + 4 * MINUTE_MS) isFalse = false;
      CANDLES.high[at] = isFalse ? 1 : high;
      return false;
    },
  }).finally(() => CANDLES.high[at] = high);
  assertEquals(run.warnings.filter((code) => code === "invariant-violated").length, 1);
  assertEquals(run.summary.failures, 0);
  await equalsOneIngest(run);
});

Deno.test("follow() ends with what trying again cannot mend", async () => {
  const { clock, exchange } = setup({ candles: CANDLES, nowMs: NOW });
  const base = { exchange, clock, random: seededRandom(1), timing: TIMING, onBatch() {}, onWarning() {} };
  const start = [{ series: BTC, nextOpenMs: START + 30 * MINUTE_MS }];
  for (
    const error of [new DomainError("disk-full", "full"), new DomainError("permission-denied", "no"), new Error("bug")]
  ) {
    const ended = follow(start, { ...base, ingestBatch: () => Promise.reject(error) });
    assertEquals(await assertRejects(() => clock.run(ended)), error);
  }
  const refused: CandleStream = {
    // deno-lint-ignore require-yield -- it never comes to that
    async *notices() {
      throw new DomainError("permission-denied", "not granted");
    },
  };
  const later = setup({ candles: CANDLES, nowMs: NOW });
  const walled = follow(start, {
    ...base,
    ...later,
    stream: refused,
    ingestBatch: () => Promise.reject(new Error("unused")),
  });
  assert(isDomainError(await assertRejects(() => later.clock.run(walled)), "permission-denied"));
});

Deno.test("whatever the stream says and when hosts fail, the store equals one ingest at the end", async () => {
  const notice = fc.record({
    minute: fc.integer({ min: -3, max: 2 }),
    afterMs: fc.integer({ min: 0, max: 50_000 }),
    kind: fc.constantFrom("closed", "down", "wild"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(notice, { maxLength: 3 }), { minLength: 15, maxLength: 15 }),
      fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }),
      async (minutes, down) => {
        const run = await followFor(
          17,
          (minute) =>
            (minutes[minute - 30] ?? []).toSorted((a, b) => a.afterMs - b.afterMs).map((one) => ({
              afterMs: one.afterMs,
              notice: one.kind === "down"
                ? { kind: "down", host: "stream", reason: "cut" }
                : closed(minute + one.minute, one.kind === "wild" ? { eventTimeMs: START + 10_000 * MINUTE_MS } : {}),
            })),
          { failing: (nowMs) => down[Math.floor((nowMs - START) / MINUTE_MS) - 31] === true },
        );
        await equalsOneIngest(run);
        const stored = await run.store.loadCandles({ ...BTC, range: { startMs: START, endMs: START + 1e9 } });
        assertEquals(stored.length, within(CANDLES, { startMs: START, endMs: stored.openTimeMs.at(-1)! + 1 }).length);
      },
    ),
    { numRuns: 200, seed: 5 },
  );
});
