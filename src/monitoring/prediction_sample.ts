import { type ForecastColumns, MINUTE_MS, QUANTILE_LEVELS, type Random, seededRandom } from "../core/mod.ts";
import { type LoggedPredictions, OUTPUTS_PER_ROW } from "./read_log.ts";

/** Answers to rows that clients brought: no outcome is known of them, but how they are spread. */
export interface PredictedRows {
  /** When each was given, floored to its minute, ascending; epoch milliseconds. */
  readonly timeMs: Float64Array;
  /** The answers. */
  readonly answers: ForecastColumns;
}

/** Rows of a version that are kept: more tell no more of three columns, and a busy service logs millions. */
const MOST_ROWS = 4800;

interface Kept {
  readonly atMs: number[];
  readonly rows: Float32Array[];
  seen: number;
  readonly random: Random;
}

/** A uniform sample of each version's answers to given rows (reservoir sampling, Vitter 1985), the same for the same log. */
export class PredictionSamples {
  readonly #versions = new Map<string, Kept>();

  /** Takes the answers of a request. */
  add({ name, version, atMs, outputs }: LoggedPredictions): void {
    const key = JSON.stringify([name, version]);
    let kept = this.#versions.get(key);
    if (kept === undefined) this.#versions.set(key, kept = { atMs: [], rows: [], seen: 0, random: seededRandom(1) });
    for (let at = 0; at < outputs.length; at += OUTPUTS_PER_ROW) {
      const place = kept.seen < MOST_ROWS ? kept.seen : kept.random.integer(kept.seen + 1);
      kept.seen++;
      if (place >= MOST_ROWS) continue;
      kept.atMs[place] = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      kept.rows[place] = outputs.slice(at, at + OUTPUTS_PER_ROW);
    }
  }

  /** The sample of a version, by time; undefined where it answered none. */
  of(name: string, version: string): PredictedRows | undefined {
    const kept = this.#versions.get(JSON.stringify([name, version]));
    if (kept === undefined) return undefined;
    const order = [...kept.rows.keys()].sort((a, b) => kept.atMs[a]! - kept.atMs[b]!);
    const column = (at: number) => Float32Array.from(order, (row) => kept.rows[row]![at]!);
    const quantilesBps = new Float32Array(order.length * QUANTILE_LEVELS.length);
    order.forEach((row, i) => quantilesBps.set(kept.rows[row]!.subarray(2), i * QUANTILE_LEVELS.length));
    return {
      timeMs: Float64Array.from(order, (row) => kept.atMs[row]!),
      answers: { length: order.length, probabilityUp: column(0), volatilityBps: column(1), quantilesBps },
    };
  }
}
