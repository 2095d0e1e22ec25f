import { TurnLag } from "./turn_lag.ts";
import { RefusalError } from "../http/problem.ts";

/** Options of {@linkcode RequestGate}. */
export interface GateOptions {
  /** Most requests that are answered at once. */
  readonly maxInFlight: number;
  /** Most that wait for a place. */
  readonly maxQueued: number;
  /** Longest wait, for a place or for the processor, in milliseconds. */
  readonly queueMs: number;
}

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Seconds after which a client that was turned away may try again. */
const RETRY_SECONDS = "1";

/** Bounds how many requests are answered at once; the next wait, first come first served, the rest is turned away. */
export class RequestGate {
  readonly #options: GateOptions;
  readonly #lag = new TurnLag();
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;

  /** An empty gate. */
  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Requests that wait for a place. */
  get queued(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a place for a request that came at `nowMs` of `performance.now()`: undefined where there is one, else a promise of one. {@linkcode leave} gives it back.
   *
   * @throws {RefusalError} 503 where too many wait already, or for too long; the promise rejects with it after too long a wait.
   */
  enter(nowMs: number): Promise<void> | undefined {
    const { maxInFlight, maxQueued, queueMs } = this.#options;
    const lagMs = this.#lag.at(nowMs);
    if (lagMs > queueMs) throw overloaded("overloaded", `the requests before it took ${Math.round(lagMs)} ms`);
    if (this.#inFlight < maxInFlight) {
      this.#inFlight++;
      return undefined;
    }
    if (this.#waiting.size >= maxQueued) throw overloaded("overloaded", "too many requests wait for an answer");
    return new Promise((enter, refuse) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        refuse(overloaded("queue-timeout", `no place came free within ${queueMs} ms`));
      }, queueMs);
      const waiting = { enter, refuse, timer };
      this.#waiting.add(waiting);
    });
  }

  /** Gives a place back, to the one who waits longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inFlight--;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.enter();
  }
}

function overloaded(reason: "overloaded" | "queue-timeout", why: string): RefusalError {
  return new RefusalError("overloaded", `Cannot answer now as ${why}`, {
    reason,
    hint: "Ask again later, or ask less at once",
    headers: { "retry-after": RETRY_SECONDS },
  });
}
