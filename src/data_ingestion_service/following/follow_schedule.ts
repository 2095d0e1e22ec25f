import { INTERVAL_MS, type SeriesId, type TimeRange } from "../../core/mod.ts";
import { backoffMs } from "../http/http_failure.ts";

/** When the exchange is asked for candles that have closed. */
export interface FollowTiming {
  /** How long past its close a candle counts as closed, by the exchange's clock. */
  readonly closedMarginMs: number;
  /** How much longer a candle is waited for of which no notice came. */
  readonly graceMs: number;
}

/** A series that should be asked for now. */
export interface DueSeries {
  /** Which one. */
  readonly series: SeriesId;
  /** Open times that have closed and are not stored. */
  readonly range: TimeRange;
  /** What made it due: the stream's word, or the exchange's clock alone. */
  readonly by: "stream" | "clock";
}

interface Followed {
  readonly series: SeriesId;
  readonly stepMs: number;
  /** Open time of the first candle that is not stored. */
  nextOpenMs: number;
  /** End of the newest candle that a notice called closed. */
  noticedEndMs: number;
  /** Exchange time before which it is not asked again after a failure. */
  notBeforeMs: number;
  failures: number;
}

/**
 * Which series are due, by notices and the exchange's clock. Pure: all time comes in as an argument, so any order of
 * notices, silences and clock jumps can be tried.
 */
export class FollowSchedule {
  readonly #timing: FollowTiming;
  readonly #followed: Followed[];

  /** Follows each series from its `nextOpenMs` on. */
  constructor(
    series: readonly { readonly series: SeriesId; readonly nextOpenMs: number }[],
    timing: FollowTiming,
  ) {
    this.#timing = timing;
    this.#followed = series.map(({ series, nextOpenMs }) => ({
      series,
      stepMs: INTERVAL_MS[series.interval],
      nextOpenMs,
      noticedEndMs: -Infinity,
      notBeforeMs: -Infinity,
      failures: 0,
    }));
  }

  /** A stream calls the candle closed that opens at `openTimeMs`. */
  noticed(series: SeriesId, openTimeMs: number): void {
    const one = this.#of(series);
    if (one !== undefined) one.noticedEndMs = Math.max(one.noticedEndMs, openTimeMs + one.stepMs);
  }

  /** The range up to `endMs` is settled: stored, or explained. */
  settled(series: SeriesId, endMs: number): void {
    const one = this.#of(series)!;
    one.nextOpenMs = Math.max(one.nextOpenMs, endMs);
    one.notBeforeMs = -Infinity;
    one.failures = 0;
  }

  /** Asking failed at `nowMs`; it is asked again after a pause that grows to half a minute. */
  failed(series: SeriesId, nowMs: number, chance: number): void {
    const one = this.#of(series)!;
    one.notBeforeMs = nowMs + 4 * backoffMs(++one.failures, chance);
  }

  /** Series with a candle that counts as closed at `nowMs`, the exchange's clock, and of which it is time to ask. */
  due(nowMs: number): DueSeries[] {
    return this.#followed.flatMap((one) => {
      if (this.#dueAtMs(one) > nowMs) return [];
      const closedEndMs = Math.floor((nowMs - this.#timing.closedMarginMs) / one.stepMs) * one.stepMs;
      const range = { startMs: one.nextOpenMs, endMs: closedEndMs };
      return [{ series: one.series, range, by: this.#isNoticed(one) ? "stream" as const : "clock" as const }];
    });
  }

  /** Exchange time at which the next series becomes due, if nothing is heard before. */
  nextDueAtMs(): number {
    return Math.min(...this.#followed.map((one) => this.#dueAtMs(one)));
  }

  #dueAtMs(one: Followed): number {
    const closedAtMs = one.nextOpenMs + one.stepMs + this.#timing.closedMarginMs;
    return Math.max(one.notBeforeMs, this.#isNoticed(one) ? closedAtMs : closedAtMs + this.#timing.graceMs);
  }

  #isNoticed(one: Followed): boolean {
    return one.noticedEndMs > one.nextOpenMs;
  }

  #of({ exchange, symbol, interval }: SeriesId): Followed | undefined {
    return this.#followed.find(({ series }) =>
      series.exchange === exchange && series.symbol === symbol && series.interval === interval
    );
  }
}
