import { type CandleColumns, MINUTE_MS, MISSING_COUNT } from "../../core/mod.ts";
import { BlockExtremes } from "./block_extremes.ts";
import { BLOCK_MINUTES, BlockSums } from "./block_sums.ts";

/** Scale of log returns: one basis point is 1e-4. */
export const BPS = 1e4;

/** A value a minute with a mask of the minutes that have one; missing minutes hold 0. */
export interface MinuteSeries {
  /** A value a minute of the grid. */
  readonly values: Float64Array;
  /** 1 where the minute has a value. */
  readonly present: Uint8Array;
}

/**
 * Candles laid on a gapless grid of UTC minutes that starts on a whole hour, so that sums over hours fall on the
 * same blocks wherever the data begins. Derived series are computed once, when first asked for.
 */
export class MinuteGrid {
  /** Minutes since the epoch of index 0; a multiple of 60. */
  readonly startMinute: number;
  /** Minutes on the grid. */
  readonly length: number;
  /** 1 where a candle exists. */
  readonly present: Uint8Array;
  /** Close by minute; 0 where there is no candle. */
  readonly close: Float64Array;
  readonly #columns: CandleColumns;
  readonly #indexOf: Int32Array;
  readonly #cache = new Map<string, unknown>();

  /** Lays ascending candles of one minute each on the grid. O(span in minutes). */
  constructor(columns: CandleColumns) {
    const count = columns.length;
    const first = count === 0 ? 0 : Math.floor(columns.openTimeMs[0]! / MINUTE_MS);
    const last = count === 0 ? -1 : Math.floor(columns.openTimeMs[count - 1]! / MINUTE_MS);
    this.startMinute = Math.floor(first / BLOCK_MINUTES) * BLOCK_MINUTES;
    this.length = Math.max(0, last + 1 - this.startMinute);
    this.#columns = columns;
    this.#indexOf = new Int32Array(count);
    this.present = new Uint8Array(this.length);
    this.close = new Float64Array(this.length);
    for (let i = 0; i < count; i++) {
      const index = columns.openTimeMs[i]! / MINUTE_MS - this.startMinute;
      this.#indexOf[i] = index;
      this.present[index] = 1;
      this.close[index] = columns.close[i]!;
    }
  }

  /** Grid index of candle `i`. */
  indexOfCandle(i: number): number {
    return this.#indexOf[i]!;
  }

  /** Grid index of the minute that opens at `ms`; may lie outside the grid. */
  indexAt(ms: number): number {
    return Math.floor(ms / MINUTE_MS) - this.startMinute;
  }

  /** One-minute log returns in bps; missing where this close or the one before is. */
  returns(): MinuteSeries {
    return this.#once("returns", () => {
      const series = emptySeries(this.length);
      for (let i = 1; i < this.length; i++) {
        if (this.present[i] === 0 || this.present[i - 1] === 0) continue;
        series.values[i] = BPS * Math.log(this.close[i]! / this.close[i - 1]!);
        series.present[i] = 1;
      }
      return series;
    });
  }

  /** Sums of one-minute returns. */
  returnSums(): BlockSums {
    return this.#once("returnSums", () => new BlockSums(this.returns()));
  }

  /** Sums of squared one-minute returns, in bps². */
  squaredReturnSums(): BlockSums {
    return this.#once("squaredReturnSums", () => new BlockSums(mapSeries(this.returns(), (value) => value * value)));
  }

  /** Sums of base volume. */
  volumeSums(): BlockSums {
    return this.#once("volumeSums", () => new BlockSums(this.#column((c, i) => c.volume[i]!)));
  }

  /** Sums of taker buys less taker sells, in base volume. */
  signedVolumeSums(): BlockSums {
    return this.#once(
      "signedVolumeSums",
      () => new BlockSums(this.#column((c, i) => 2 * c.takerBuyBaseVolume[i]! - c.volume[i]!)),
    );
  }

  /** ln(1 + volume) of each minute. */
  logVolumes(): MinuteSeries {
    return this.#once("logVolumes", () => this.#column((c, i) => Math.log(1 + c.volume[i]!)));
  }

  /** Sums of ln(1 + volume) and of its square. */
  logVolumeSums(): LogSums {
    return this.#once("logVolumeSums", () => logSums(this.logVolumes()));
  }

  /** ln(1 + log range in bps) of each minute. */
  logRanges(): MinuteSeries {
    return this.#once("logRanges", () => this.#column((c, i) => Math.log1p(BPS * Math.log(c.high[i]! / c.low[i]!))));
  }

  /** Taker buys less taker sells over the volume of each minute, 0 without volume. */
  takerImbalances(): MinuteSeries {
    return this.#once("takerImbalances", () =>
      this.#column((c, i) => {
        const signed = 2 * c.takerBuyBaseVolume[i]! - c.volume[i]!;
        return c.volume[i]! > 0 ? signed / c.volume[i]! : 0 * signed; // NaN where taker volume is missing
      }));
  }

  /** Sums of ln(1 + trade count) and of its square. */
  logTradeCountSums(): LogSums {
    return this.#once("logTradeCountSums", () =>
      logSums(
        this.#column((c, i) => c.tradeCount[i] === MISSING_COUNT ? NaN : Math.log(1 + c.tradeCount[i]!)),
      ));
  }

  /** Lowest lows and highest highs. */
  extremes(): BlockExtremes {
    return this.#once("extremes", () => {
      const low = this.#column((c, i) => c.low[i]!), high = this.#column((c, i) => c.high[i]!);
      return new BlockExtremes(low.values, high.values, this.present);
    });
  }

  #column(read: (columns: CandleColumns, i: number) => number): MinuteSeries {
    const series = emptySeries(this.length);
    for (let i = 0; i < this.#columns.length; i++) {
      const value = read(this.#columns, i);
      if (!Number.isFinite(value)) continue;
      const index = this.#indexOf[i]!;
      series.values[index] = value;
      series.present[index] = 1;
    }
    return series;
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#cache.has(key)) this.#cache.set(key, make());
    return this.#cache.get(key) as T;
  }
}

/** Sums of a logarithm and of its square, for means and standard deviations. */
export interface LogSums {
  /** Of the logarithm. */
  readonly sums: BlockSums;
  /** Of its square. */
  readonly squares: BlockSums;
}

function logSums(series: MinuteSeries): LogSums {
  let squares: BlockSums | undefined;
  return {
    sums: new BlockSums(series),
    get squares() { // windows take means alone, and two years of squares are 30 MB
      return squares ??= new BlockSums(mapSeries(series, (value) => value * value));
    },
  };
}

function emptySeries(length: number): MinuteSeries {
  return { values: new Float64Array(length), present: new Uint8Array(length) };
}

function mapSeries(series: MinuteSeries, map: (value: number) => number): MinuteSeries {
  return { values: series.values.map(map), present: series.present };
}
