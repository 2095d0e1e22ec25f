import type { Fill } from "./derived_series.ts";

/** A value a minute with a mask of the minutes that have one; missing minutes hold 0. */
export interface MinuteSeries {
  /** A value a minute of the grid. */
  readonly values: Float64Array;
  /** 1 where the minute has a value. */
  readonly present: Uint8Array;
}

/** What is kept a minute of a grid, and grows with it: computed at once or minute by minute, the values are the same. */
export interface Growing {
  /** Computes minutes `[from, to)`; those before are there, and none before `from` changes. */
  extend(from: number, to: number): void;
  /** Forgets the oldest `minutes` of `length`, a multiple of 60, so that indices move down by as many. */
  drop(minutes: number, length: number): void;
}

/** A series that a {@linkcode Fill} computes. */
export class GrowingSeries implements MinuteSeries, Growing {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly #fill: Fill;

  /** Room for `capacity` minutes; nothing is computed yet. */
  constructor(capacity: number, fill: Fill) {
    this.values = new Float64Array(capacity);
    this.present = new Uint8Array(capacity);
    this.#fill = fill;
  }

  extend(from: number, to: number): void {
    const { values, present } = this;
    this.#fill(values, from, to);
    for (let i = from; i < to; i++) {
      // A difference with itself is 0 for finite numbers alone.
      const finite = values[i]! - values[i]! === 0;
      present[i] = finite ? 1 : 0;
      if (!finite) values[i] = 0;
    }
  }

  drop(minutes: number, length: number): void {
    dropFront(this.values, minutes, length);
    dropFront(this.present, minutes, length);
  }
}

/** Moves items `[count, length)` to the front. */
export function dropFront(items: Float64Array | Int32Array | Uint8Array, count: number, length: number): void {
  items.copyWithin(0, count, length);
}
