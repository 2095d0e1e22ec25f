import type { CallOptions, Clock } from "../../src/core/mod.ts";

/** A clock that moves only when told to; sleepers wake as time passes them. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, options: CallOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = {
        untilMs: this.#monotonicMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Sets the wall clock alone, as an administrator or a time server does; no sleeper notices. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves both clocks on and lets those who slept long enough run. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.untilMs <= this.#monotonicMs) sleeper.wake();
    }
    // Whoever was woken gets to run before time goes on.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
