import type { CallOptions, Clock } from "../../core/mod.ts";

/** The time of a replay: it stands still but for {@linkcode set}. Only sleeps take real time. */
export class ReplayClock implements Clock {
  readonly #real: Pick<Clock, "sleep">;
  readonly #startMs: number;
  #nowMs: number;

  /** Begins at `startMs`. */
  constructor(startMs: number, real: Pick<Clock, "sleep">) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
    this.#real = real;
  }

  /** Epoch milliseconds that are replayed. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds replayed so far. */
  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  /** Waits in real time. */
  sleep(ms: number, options?: CallOptions): Promise<void> {
    return this.#real.sleep(ms, options);
  }

  /** Goes on to a time. @throws {RangeError} for one before. */
  set(nowMs: number): void {
    if (!(nowMs >= this.#nowMs)) throw new RangeError(`Cannot go back in time: from ${this.#nowMs} to ${nowMs}`);
    this.#nowMs = nowMs;
  }
}
