import {
  type CallOptions,
  type CandleColumns,
  type CandleStream,
  type Clock,
  DomainError,
  type Exchange,
  type Gap,
  isDomainError,
  lowerBound,
  type Random,
  type SeriesId,
  type StreamedCandle,
  type TimeRange,
  type Warning,
} from "../../core/mod.ts";
import type { IngestResult } from "../ingest_types.ts";
import { type DueSeries, FollowSchedule, type FollowTiming } from "./follow_schedule.ts";

/** What one batch brought. */
export interface BatchOutcome {
  /** What the ingest of the range did. */
  readonly result: IngestResult;
  /** The stored candles of the range that was due. */
  readonly columns: CandleColumns;
}

/** What {@linkcode follow} works with. */
export interface FollowDeps {
  /** Whose clock decides; the candles come through `ingestBatch`. */
  readonly exchange: Pick<Exchange, "serverNowMs">;
  /** Tells when candles close; without one the exchange's clock alone does. */
  readonly stream?: CandleStream;
  /** Time source. */
  readonly clock: Clock;
  /** Dice of the pauses after failures. */
  readonly random: Random;
  /** When a candle is asked for. */
  readonly timing: FollowTiming;
  /** Brings the candles of the range into the store, over REST, and gives the store free again. */
  readonly ingestBatch: (series: SeriesId, range: TimeRange) => Promise<BatchOutcome>;
  /** Told of each batch. */
  readonly onBatch: (batch: FollowedBatch) => void;
  /** Told of what a person should see at once. */
  readonly onWarning: (warning: Warning) => void;
}

/** A batch as it is shown. */
export interface FollowedBatch extends BatchOutcome {
  /** What made it due. */
  readonly by: DueSeries["by"];
  /** Open times that were due. */
  readonly range: TimeRange;
  /** From the close of the newest candle to its commit, by the exchange's clock. */
  readonly lagMs: number;
}

/** What following came to. */
export interface FollowSummary {
  /** Batches stored. */
  readonly batches: number;
  /** Candles that were new. */
  readonly added: number;
  /** Candles that changed. */
  readonly revised: number;
  /** Times the stream was lost. */
  readonly disconnections: number;
  /** Batches that failed and were tried again. */
  readonly failures: number;
  /** Candles on which stream and REST differed; REST's are stored. */
  readonly differing: number;
}

/** A notice that is further ahead of the measured clock is not believed. */
const MOST_AHEAD_MS = 5 * 60_000;
/** How often a stream that stays lost is told of. */
const TELL_LOSS_EVERY_MS = 5 * 60_000;
/** Relative difference up to which the stream's numbers are those of REST: they are the same decimals. */
const SAME = 1e-12;

/**
 * Keeps series up with the exchange until the signal is aborted. A stream says when to look; what is stored is what REST
 * gives of candles that the exchange's clock calls closed, so a store that followed equals one that was filled later. A
 * range stays due until it is settled: holes of a lost stream, a sleeping machine or a failing host are asked for as soon
 * as somebody answers.
 *
 * @throws {DomainError} what trying again cannot mend: `permission-denied`, `disk-full`, `store-damaged`, …
 */
export async function follow(
  series: readonly { readonly series: SeriesId; readonly nextOpenMs: number }[],
  deps: FollowDeps,
  options: CallOptions = {},
): Promise<FollowSummary> {
  const follower = new Follower(series, deps);
  return await follower.run(options);
}

class Follower {
  readonly #deps: FollowDeps;
  readonly #series: readonly SeriesId[];
  readonly #schedule: FollowSchedule;
  readonly #summary = { batches: 0, added: 0, revised: 0, disconnections: 0, failures: 0, differing: 0 };
  /** Closed candles as the stream had them, until REST's are stored. */
  readonly #noticed = new Map<string, StreamedCandle>();
  /** The latest word of the stream on the exchange's clock, which may run ahead of what was measured. */
  #heardNowMs = -Infinity;
  #wake = Promise.withResolvers<void>();
  readonly #told = new Set<number>();
  #lossesUntold = 0;
  #lossToldAtMs = -Infinity;

  constructor(series: readonly { readonly series: SeriesId; readonly nextOpenMs: number }[], deps: FollowDeps) {
    this.#deps = deps;
    this.#series = series.map((one) => one.series);
    this.#schedule = new FollowSchedule(series, deps.timing);
  }

  async run({ signal }: CallOptions): Promise<FollowSummary> {
    const stop = new AbortController();
    const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    let listenFailure: unknown;
    const listening = this.#listen(stopped).catch((error) => {
      listenFailure = error;
      this.#wake.resolve();
    });
    try {
      while (!stopped.aborted) {
        if (listenFailure !== undefined) throw listenFailure;
        const due = this.#schedule.due(this.#nowMs());
        for (const one of due) {
          if (!stopped.aborted) await this.#ask(one);
        }
        if (due.length === 0) await this.#rest(stopped);
      }
    } finally {
      stop.abort();
      await listening;
    }
    return this.#summary;
  }

  #nowMs(): number {
    const measuredMs = this.#deps.exchange.serverNowMs();
    return Math.max(measuredMs, Math.min(this.#heardNowMs, measuredMs + MOST_AHEAD_MS));
  }

  /** Sleeps until a series is due, something is heard, or it is over. */
  async #rest(signal: AbortSignal): Promise<void> {
    const nap = new AbortController();
    const over = AbortSignal.any([signal, nap.signal]);
    const ms = Math.max(0, this.#schedule.nextDueAtMs() - this.#nowMs());
    const sleeping = this.#deps.clock.sleep(ms, { signal: over }).catch(() => undefined);
    await Promise.race([sleeping, this.#wake.promise]);
    this.#wake = Promise.withResolvers<void>();
    nap.abort();
    await sleeping;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { stream } = this.#deps;
    if (stream === undefined) return;
    for await (const notice of stream.notices(this.#series, { signal })) {
      if (notice.kind === "down") {
        this.#summary.disconnections++;
        this.#tellLoss(`${notice.host}: ${notice.reason}`);
      } else if (notice.kind === "closed") {
        const { candle } = notice;
        this.#noticed.set(keyOf(candle.series, candle.openTimeMs), candle);
        this.#heardNowMs = candle.eventTimeMs;
        this.#schedule.noticed(candle.series, candle.openTimeMs);
        this.#wake.resolve();
      }
    }
  }

  /** A blocked stream is lost every few seconds: that is said at once, then once in a while. */
  #tellLoss(what: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lossesUntold++;
    if (nowMs - this.#lossToldAtMs < TELL_LOSS_EVERY_MS) return;
    const times = this.#lossesUntold > 1 ? ` (${this.#lossesUntold} times)` : "";
    this.#deps.onWarning({
      code: "stream-lost",
      message: `${what}${times}; until it is back, the exchange is asked by its clock`,
    });
    this.#lossesUntold = 0;
    this.#lossToldAtMs = nowMs;
  }

  async #ask({ series, range, by }: DueSeries): Promise<void> {
    const { ingestBatch, onBatch, onWarning } = this.#deps;
    try {
      const { result, columns } = await ingestBatch(series, range);
      if (result.error !== undefined && !isDomainError(result.error, "invariant-violated")) throw result.error;
      // The minute is a gap with its evidence; the next batches read it again with the last minutes.
      if (result.error !== undefined) this.#warnOnce(result.error, result.gaps);
      if (result.range.endMs < range.endMs) {
        // A fresh measurement of the exchange's clock found less closed than a notice made believe.
        this.#heardNowMs = -Infinity;
        if (result.range.endMs <= range.startMs) return this.#pause(series);
      }
      this.#schedule.settled(series, result.range.endMs);
      this.#summary.batches++;
      this.#summary.added += result.rows.added;
      this.#summary.revised += result.rows.revised;
      this.#compare(series, columns);
      onBatch({ result, columns, range, by, lagMs: this.#nowMs() - range.endMs });
    } catch (error) {
      if (!isDomainError(error) || error.code === "interrupted") {
        if (isDomainError(error, "interrupted")) return; // the loop ends by the same signal
        throw error;
      }
      const isEarly = error.code === "usage"; // the range was found empty: nothing has closed yet
      if (!isEarly && !isWorthTryingAgain(error)) throw error;
      this.#pause(series);
      if (isEarly) return;
      this.#summary.failures++;
      onWarning({ code: error.code, message: `${error.message}; it is tried again` });
    }
  }

  /** The same minutes come with each batch for as long as the exchange says the same of them. */
  #warnOnce({ code, message }: DomainError, gaps: readonly Gap[]): void {
    const untold = gaps.filter(({ cause, startMs }) => cause === "fetch_failed" && !this.#told.has(startMs));
    for (const { startMs } of untold) this.#told.add(startMs);
    if (untold.length > 0) this.#deps.onWarning({ code, message });
  }

  /** By the measured clock: a notice from the future must not put the next try there. */
  #pause(series: SeriesId): void {
    const { exchange, random } = this.#deps;
    this.#heardNowMs = -Infinity;
    this.#schedule.failed(series, exchange.serverNowMs(), random.uniform());
  }

  #compare(series: SeriesId, columns: CandleColumns): void {
    for (const [key, seen] of this.#noticed) {
      if (!key.startsWith(keyOf(series, ""))) continue;
      const at = lowerBound(columns.openTimeMs, seen.openTimeMs);
      if (columns.openTimeMs[at] === seen.openTimeMs) {
        const same = isSame(columns.close[at]!, seen.close) && isSame(columns.volume[at]!, seen.volume) &&
          columns.tradeCount[at] === seen.tradeCount;
        if (!same) {
          this.#summary.differing++;
          this.#deps.onWarning({
            code: "stream-differs",
            message: `The stream closed ${series.symbol} ${
              new Date(seen.openTimeMs).toISOString()
            } at ${seen.close} with ${seen.tradeCount} trades, REST says ${columns.close[at]} with ${
              columns.tradeCount[at]
            }; REST's is stored`,
          });
        }
        this.#noticed.delete(key);
      } else if (columns.length > 0 && seen.openTimeMs < columns.openTimeMs[0]!) this.#noticed.delete(key);
    }
  }
}

/** Hosts come back and locks are let go; a full disk or a missing grant stays. */
function isWorthTryingAgain({ traits }: DomainError): boolean {
  return traits.retry || traits.exit === 4 || traits.exit === 5 && traits.status === 500;
}

function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b));
}

function keyOf({ exchange, symbol, interval }: SeriesId, openTimeMs: number | ""): string {
  return `${exchange}/${symbol}/${interval}/${openTimeMs}`;
}
