import {
  allocateCandles,
  allocateFeatures,
  type AllocateOptions,
  type CandleColumns,
  type FeatureMatrix,
  type IncrementalEngine,
  type IncrementalEngineOptions,
  MINUTE_MS,
  sliceCandles,
} from "../../core/mod.ts";
import { BLOCK_MINUTES } from "./block_sums.ts";
import type { Indicator } from "./indicator.ts";
import { MinuteGrid } from "./minute_grid.ts";

/** What {@linkcode IncrementalFeatures} computes. */
export interface IncrementalOptions extends IncrementalEngineOptions {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** Longest look-back of the indicators. */
  readonly lookbackMinutes: number;
  /** One a column. */
  readonly indicators: readonly Indicator[];
}

/** How far back candles may be given again, beside the look-back that their rows need. */
const REVISABLE_MINUTES = 1440;

/**
 * Features of candles as they come, one at a time or two years at once. What is kept is a grid of the look-back with
 * its hourly sums, which grows by what is new; a row is then a few additions a feature. Bulk computation is the same
 * in longer steps, so both give the same bits.
 */
export class IncrementalFeatures implements IncrementalEngine {
  readonly #names: readonly string[];
  readonly #indicators: readonly Indicator[];
  readonly #lookbackMinutes: number;
  readonly #chunkMinutes: number;
  readonly #grid: MinuteGrid;
  /** Whether candles before the grid's start were given and forgotten. */
  #forgot = false;

  /** Nothing is known before the first {@linkcode warm} or {@linkcode append}. */
  constructor({ names, lookbackMinutes, indicators, chunkMinutes = 23_040, lean = false }: IncrementalOptions) {
    this.#names = names;
    this.#indicators = indicators;
    this.#lookbackMinutes = lookbackMinutes;
    this.#chunkMinutes = chunkMinutes;
    this.#grid = new MinuteGrid(allocateCandles(0), {
      capacityMinutes: lookbackMinutes + REVISABLE_MINUTES + chunkMinutes + 2 * BLOCK_MINUTES,
      lean,
    });
  }

  warm(candles: CandleColumns): void {
    for (const { part } of this.#parts(candles)) this.#take(part);
  }

  append(candles: CandleColumns, options: AllocateOptions = {}): FeatureMatrix {
    const matrix = allocateFeatures(candles.length, this.#names, options), { columns, decisionTimeMs } = matrix;
    for (const { part, offset } of this.#parts(candles)) {
      this.#take(part);
      const ends = Int32Array.from(part.openTimeMs, (ms) => this.#grid.indexAt(ms) + 1);
      this.#indicators.forEach((indicator, j) => columns[j]!.set(indicator.compute(this.#grid, { ends }), offset));
    }
    for (let i = 0; i < candles.length; i++) decisionTimeMs[i] = candles.openTimeMs[i]! + MINUTE_MS;
    return matrix;
  }

  *#parts(candles: CandleColumns): Generator<{ readonly part: CandleColumns; readonly offset: number }> {
    for (let offset = 0, end = 0; offset < candles.length; offset = end) {
      const endMs = candles.openTimeMs[offset]! + this.#chunkMinutes * MINUTE_MS;
      while (end < candles.length && candles.openTimeMs[end]! < endMs) end++;
      yield { part: sliceCandles(candles, offset, end), offset };
    }
  }

  /** Lays candles on the grid, and forgets its oldest hours where there is no room. */
  #take(candles: CandleColumns): void {
    const grid = this.#grid;
    if (grid.length > 0) {
      const first = grid.indexAt(candles.openTimeMs[0]!), end = grid.indexAt(candles.openTimeMs.at(-1)!) + 1;
      if (first < (this.#forgot ? this.#lookbackMinutes : 0)) {
        throw new RangeError(
          `Cannot compute features of ${
            new Date(candles.openTimeMs[0]!).toISOString()
          } as their look-back is forgotten`,
        );
      }
      if (end > grid.capacity) {
        const spare = first - this.#lookbackMinutes - REVISABLE_MINUTES;
        grid.drop(Math.floor(spare / BLOCK_MINUTES) * BLOCK_MINUTES);
        this.#forgot = true;
      }
    }
    grid.append(candles);
  }
}
