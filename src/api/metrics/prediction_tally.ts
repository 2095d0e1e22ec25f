import type { Clock, ForecastColumns, ForecastModelInfo } from "../../core/mod.ts";
import { RecentValues } from "./recent_values.ts";

/** Where forecast rows came from: the service's own closed minutes, or rows that clients brought. */
export const TALLY_SOURCES = ["minutes", "requests"] as const;

/** One of {@linkcode TALLY_SOURCES}. */
export type TallySource = typeof TALLY_SOURCES[number];

/** Rows that were forecast. */
export interface TalliedRows {
  /** Where they came from. */
  readonly source: TallySource;
  /** The model that forecast them. */
  readonly info: Pick<ForecastModelInfo, "featureNames" | "featureSetDigest" | "featureRanges">;
  /** Raw features, row-major. */
  readonly features: Float32Array;
  /** What was forecast for them. */
  readonly outputs: ForecastColumns;
}

/** Outputs whose newest values are kept. */
export const TALLIED_OUTPUTS = ["probabilityUp", "volatilityBps"] as const;

/** Minutes are those of the last day; of rows that clients bring, the newest 4,096. */
const KEPT = { minutes: 1440, requests: 4096 } as const;
/** Rows that wait at most: a burst beyond is not looked at, but counted. */
const MAX_WAITING_ROWS = 65_536;
/** Rows that are looked at in one go, about .1 ms of work. */
const SLICE_ROWS = 1024;
/** Answers that wait before some are looked at on the spot, some 10 µs: what lives longer grows the heap by 20 MB. */
const LOOK_EVERY = 64;
const WORK_EVERY_MS = 100;

interface Counts {
  readonly names: readonly string[];
  readonly below: Float64Array;
  readonly above: Float64Array;
}

/**
 * Counts features out of their range in training and keeps the newest forecasts. Rows are only noted when they are
 * answered and looked at later, a slice at a time, so that no answer waits for it.
 */
export class PredictionTally {
  #waiting: TalliedRows[] = [];
  #waitingRows = 0;
  /** Row of the first of those waiting that comes next. */
  #nextRow = 0;
  #skipped = 0;
  /** By feature set, as other models may serve in one run. */
  readonly #counts = { minutes: new Map<string, Counts>(), requests: new Map<string, Counts>() };
  readonly #recent = { minutes: recentOutputs(KEPT.minutes), requests: recentOutputs(KEPT.requests) };

  /** Rows that were not looked at, as too many waited. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Notes rows; returns at once. */
  note(rows: TalliedRows): void {
    if (this.#waitingRows >= MAX_WAITING_ROWS) {
      this.#skipped += rows.outputs.length;
      return;
    }
    this.#waiting.push(rows);
    this.#waitingRows += rows.outputs.length;
    if (this.#waiting.length >= LOOK_EVERY) this.#work(LOOK_EVERY);
  }

  /** Looks at what waits every tenth of a second until the signal ends it. */
  async watch({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      try {
        await clock.sleep(this.#work(SLICE_ROWS) ? 0 : WORK_EVERY_MS, { signal });
      } catch {
        return;
      }
    }
  }

  /** Features that were out of their range so far, of every set that served: rows below and above, by feature. */
  outOfRange(source: TallySource): Map<string, { below: number; above: number }> {
    this.#work(Infinity);
    const all = new Map<string, { below: number; above: number }>();
    for (const { names, below, above } of this.#counts[source].values()) {
      names.forEach((name, j) => {
        const known = all.get(name) ?? { below: 0, above: 0 };
        all.set(name, { below: known.below + below[j]!, above: known.above + above[j]! });
      });
    }
    return all;
  }

  /** Quantiles of the newest forecasts; nothing where there is none. */
  quantiles(source: TallySource, output: typeof TALLIED_OUTPUTS[number], levels: readonly number[]): number[] {
    this.#work(Infinity);
    return this.#recent[source][output].quantiles(levels);
  }

  /** Looks at up to `maxRows` rows; returns whether more wait. */
  #work(maxRows: number): boolean {
    let left = maxRows, done = 0;
    while (done < this.#waiting.length && left > 0) {
      const rows = this.#waiting[done]!;
      const end = Math.min(rows.outputs.length, this.#nextRow + left);
      this.#look(rows, this.#nextRow, end);
      left -= end - this.#nextRow;
      this.#waitingRows -= end - this.#nextRow;
      this.#nextRow = end;
      if (end < rows.outputs.length) break;
      this.#nextRow = 0;
      done++;
    }
    this.#waiting = done === this.#waiting.length ? [] : this.#waiting.slice(done);
    return this.#waiting.length > 0;
  }

  #look({ source, info, features, outputs }: TalliedRows, start: number, end: number): void {
    const { below, above } = this.#countsOf(source, info), { min, max } = info.featureRanges;
    const width = info.featureNames.length;
    for (let row = start, at = start * width; row < end; row++) {
      // A missing value and an unknown range are neither below nor above.
      for (let j = 0; j < width; j++, at++) {
        const value = features[at]!;
        if (value < min[j]!) below[j]!++;
        else if (value > max[j]!) above[j]!++;
      }
    }
    for (const output of TALLIED_OUTPUTS) {
      const recent = this.#recent[source][output];
      for (let row = start; row < end; row++) recent.add(outputs[output][row]!);
    }
  }

  #countsOf(source: TallySource, { featureSetDigest, featureNames: names }: TalliedRows["info"]): Counts {
    let counts = this.#counts[source].get(featureSetDigest);
    if (counts === undefined) {
      counts = { names, below: new Float64Array(names.length), above: new Float64Array(names.length) };
      this.#counts[source].set(featureSetDigest, counts);
    }
    return counts;
  }
}

function recentOutputs(capacity: number) {
  return { probabilityUp: new RecentValues(capacity), volatilityBps: new RecentValues(capacity) };
}
