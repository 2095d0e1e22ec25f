import { setImmediate } from "node:timers";

/**
 * Cuts off work that takes longer than a fixed time. One timer for all of it, and none for what ends within the turn of
 * the event loop in which it began: nearly all bodies are there with their heads, and a timer each would cost a tenth
 * of the service's requests a second.
 */
export class Deadlines {
  readonly #afterMs: number;
  /** In the order of their ends, as all have the same time. */
  readonly #pending = new Set<{ readonly endMs: number; readonly expire: () => void }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isArming = false;

  /** Gives each work `afterMs` milliseconds. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** The work's outcome; past the deadline it rejects with what `onLate` returns. */
  watch<T>(work: Promise<T>, onLate: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const entry = { endMs: performance.now() + this.#afterMs, expire: () => reject(onLate()) };
      this.#pending.add(entry);
      this.#armSoon();
      const settle = () => {
        this.#pending.delete(entry);
        if (this.#timer === undefined || this.#pending.size > 0) return;
        clearTimeout(this.#timer);
        this.#timer = undefined;
      };
      work.then((value) => {
        settle();
        resolve(value);
      }, (error) => {
        settle();
        reject(error);
      });
    });
  }

  #armSoon(): void {
    if (this.#isArming || this.#timer !== undefined) return;
    this.#isArming = true;
    setImmediate(() => {
      this.#isArming = false;
      if (this.#pending.size > 0) this.#timer ??= setTimeout(() => this.#expire(), this.#afterMs);
    });
  }

  #expire(): void {
    const nowMs = performance.now();
    for (const entry of this.#pending) {
      // Timers may fire a moment early.
      if (entry.endMs > nowMs + 1) {
        this.#timer = setTimeout(() => this.#expire(), entry.endMs - nowMs);
        return;
      }
      this.#pending.delete(entry);
      entry.expire();
    }
    this.#timer = undefined;
  }
}
