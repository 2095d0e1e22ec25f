const MICROSECONDS = 1_000_000;

/**
 * Limits how often something may be done: `ratePerSecond` on average, and at once as many as one second brings, but at
 * least one. Has no clock; a time before the last one counts as no time passed.
 *
 * Kept as the time at which the bucket is full again (the generic cell rate algorithm of ITU-T I.371), in whole
 * microseconds: the wait it names is then exact, where a count of tokens with fractions drifts.
 */
export class TokenBucket {
  readonly #intervalUs: number;
  readonly #burstUs: number;
  #fullAtUs = -Infinity;
  #nowUs = -Infinity;

  /** A full bucket. */
  constructor(ratePerSecond: number) {
    this.#intervalUs = Math.ceil(MICROSECONDS / ratePerSecond);
    this.#burstUs = Math.max(1, Math.floor(ratePerSecond)) * this.#intervalUs;
  }

  /** Takes a token: 0 where there was one, else the milliseconds until there will be. */
  take(nowMs: number): number {
    this.#nowUs = Math.max(this.#nowUs, Math.floor(nowMs * 1000));
    const fullAtUs = Math.max(this.#fullAtUs, this.#nowUs) + this.#intervalUs;
    const waitUs = fullAtUs - this.#burstUs - this.#nowUs;
    if (waitUs > 0) return waitUs / 1000;
    this.#fullAtUs = fullAtUs;
    return 0;
  }
}
