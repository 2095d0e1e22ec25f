import { allocateFeatures, DAY_MS, type FeatureMatrix, lowerBound, type TimeRange } from "../core/mod.ts";
import { featureRows, type FeatureSource } from "./dataset.ts";

/** Days that are read at once, and are in memory twice for that moment. */
const PIECE_DAYS = 30;

/**
 * Features of windows that move on, in one piece of shared memory for all of them: a window overwrites the one before, and
 * reads no more than what that one did not hold. Nothing has to be given back in between, which shared memory is late to be.
 */
export class RollingFeatures implements FeatureSource {
  readonly #source: FeatureSource;
  readonly #room: FeatureMatrix;
  #held: TimeRange = { startMs: 0, endMs: 0 };
  #rows = 0;

  /** @param mostRows of a window. */
  constructor(source: FeatureSource, names: readonly string[], mostRows: number) {
    this.#source = source;
    this.#room = allocateFeatures(mostRows, names, { shared: true });
  }

  /** @throws {RangeError} for more rows than there is room for. */
  async load(range: TimeRange): Promise<FeatureMatrix> {
    this.#forgetBefore(range);
    for (let startMs = this.#held.endMs; startMs < range.endMs; startMs = this.#held.endMs) {
      const endMs = Math.min(startMs + PIECE_DAYS * DAY_MS, range.endMs);
      this.#append(await this.#source.load({ startMs, endMs }));
      this.#held = { startMs: range.startMs, endMs };
    }
    return featureRows(this.#room, 0, this.#rows);
  }

  /** Moves what the window shares with the one before to the room's start. */
  #forgetBefore({ startMs, endMs }: TimeRange): void {
    const { decisionTimeMs, columns } = this.#room, held = this.#held;
    const goesOn = startMs >= held.startMs && startMs <= held.endMs && endMs >= held.endMs;
    const first = goesOn ? lowerBound(decisionTimeMs.subarray(0, this.#rows), startMs) : this.#rows;
    for (const values of [decisionTimeMs, ...columns]) values.copyWithin(0, first, this.#rows);
    this.#rows -= first;
    this.#held = { startMs, endMs: goesOn ? held.endMs : startMs };
  }

  #append({ length, decisionTimeMs, columns }: FeatureMatrix): void {
    const room = this.#room, end = this.#rows + length;
    if (end > room.length) {
      throw new RangeError(`Cannot hold ${end} rows of features as there is room for ${room.length}`);
    }
    room.decisionTimeMs.set(decisionTimeMs, this.#rows);
    room.columns.forEach((into, j) => into.set(columns[j]!, this.#rows));
    this.#rows = end;
  }
}
