import { setImmediate } from "node:timers";

/**
 * How long the event loop has been at the requests that were ready when its turn began.
 *
 * Those that arrive faster than they are answered wait where nobody can count them: between the socket and the handler,
 * which gets them one by one within a turn. A request that is handed over this late into a turn has waited about as long.
 */
export class TurnLag {
  #startMs: number | undefined;

  /** Milliseconds from the first request of this turn to this one; `nowMs` is of `performance.now()`. */
  at(nowMs: number): number {
    if (this.#startMs !== undefined) return nowMs - this.#startMs;
    this.#startMs = nowMs;
    setImmediate(this.#end);
    return 0;
  }

  readonly #end = () => {
    this.#startMs = undefined;
  };
}
