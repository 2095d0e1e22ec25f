import {
  CANDLE_FIELDS,
  type CandleColumns,
  DAY_MS,
  type FeatureEngine,
  type IncrementalEngine,
  lowerBound,
  sliceCandles,
} from "../../core/mod.ts";

/** What of a feature engine computes rows as candles come. */
export type LiveEngine = Pick<FeatureEngine, "digest" | "lookbackMinutes" | "incremental">;

/** Minutes laid out at once: the live look-back comes once, and then a candle at a time. */
const CHUNK_MINUTES = 240;

/**
 * The newest row of one feature set, from look to look: what is new or was revised since the last one is added to what
 * is known, and all is taken anew where it goes further back. Equal to a computation over all candles to the bit.
 */
export class LiveRows {
  readonly #engine: LiveEngine;
  #features: IncrementalEngine | undefined;
  #known: CandleColumns | undefined;

  /** Nothing is computed before the first row is asked for. */
  constructor(engine: LiveEngine) {
    this.#engine = engine;
  }

  /** Features of the decision that follows the last of some candles, which are not changed afterwards; one or more. */
  newest(candles: CandleColumns): Float32Array<ArrayBuffer> {
    const last = candles.length - 1, from = this.#known === undefined ? undefined : continuesAt(this.#known, candles);
    if (from === undefined) this.#features = this.#engine.incremental({ chunkMinutes: CHUNK_MINUTES, lean: true });
    const features = this.#features!;
    this.#known = undefined; // as long as it may be half taken
    features.warm(sliceCandles(candles, Math.min(from ?? 0, last), last));
    const { columns } = features.append(sliceCandles(candles, last, candles.length));
    this.#known = candles;
    return Float32Array.from(columns, (column) => column[0]!);
  }
}

/** Where candles go on from those before; undefined where some are gone, or were added or revised a day ago or earlier. */
function continuesAt(before: CandleColumns, after: CandleColumns): number | undefined {
  const offset = lowerBound(before.openTimeMs, after.openTimeMs[0]!);
  let same = Math.min(before.length - offset, after.length);
  for (const field of CANDLE_FIELDS) {
    const old = before[field], now = after[field];
    let i = 0;
    while (i < same && Object.is(old[offset + i], now[i])) i++;
    same = i;
  }
  if (same === 0 || same === after.length && offset + same < before.length) return undefined;
  const next = after.openTimeMs[same];
  if (next === undefined) return same;
  const replaced = before.openTimeMs[offset + same];
  if (replaced !== undefined && replaced < next) return undefined;
  return next <= before.openTimeMs[before.length - 1]! - DAY_MS ? undefined : same;
}
