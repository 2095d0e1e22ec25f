import { setImmediate } from "node:timers";
import type { CallOptions, Clock } from "../../src/core/mod.ts";

/** A clock that jumps from one sleeper to the next: minutes of waiting pass in milliseconds, in the right order. */
export class SimulatedClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  readonly #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, options: CallOptions = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { untilMs: this.#elapsedMs + Math.max(0, ms), wake: resolve };
      signal?.addEventListener("abort", () => {
        const at = this.#sleepers.indexOf(sleeper);
        if (at >= 0) this.#sleepers.splice(at, 1);
        reject(signal.reason);
      }, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Lets time pass until `work` is done, or `forMs` have passed; what is then still asleep stays so. */
  async run<T>(work: Promise<T>, forMs = Infinity): Promise<T | undefined> {
    let done = false;
    const settled = work.finally(() => done = true);
    settled.catch(() => undefined);
    const endMs = this.#elapsedMs + forMs;
    for (;;) {
      // Whoever can run without time passing does so first.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (done) return await settled;
      this.#sleepers.sort((a, b) => a.untilMs - b.untilMs);
      const next = this.#sleepers[0];
      if (next === undefined) continue; // waiting for something real, such as a socket
      if (next.untilMs > endMs) return undefined;
      this.#sleepers.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, next.untilMs);
      next.wake();
    }
  }
}
