/** The newest values of something, a bounded number of them, for their quantiles. */
export class RecentValues {
  readonly #values: Float32Array;
  #next = 0;
  #count = 0;

  /** Keeps `capacity` values. */
  constructor(capacity: number) {
    this.#values = new Float32Array(capacity);
  }

  /** Takes a value, which drives out the oldest one when full. */
  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    if (this.#count < this.#values.length) this.#count++;
  }

  /** Quantiles at some levels, each a value that was seen (the nearest rank); nothing where there is no value. */
  quantiles(levels: readonly number[]): number[] {
    if (this.#count === 0) return [];
    const sorted = this.#values.slice(0, this.#count).sort();
    return levels.map((level) => sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)]!);
  }
}
