import type { CallOptions, Clock } from "../../core/mod.ts";

const WINDOW_MS = 60_000;
/** No request goes out so soon after a minute began: our idea of the exchange's clock is off by the network. */
const GUARD_MS = 150;

/** What a {@linkcode WeightPacer} works with. */
export interface WeightPacerOptions {
  readonly clock: Clock;
  /** Share of the limit to use, (0, 1]. */
  readonly share: number;
  /** Told why nothing happens for a while. */
  readonly onWait?: ((message: string) => void) | undefined;
}

/** Shorter waits are nothing to tell. */
const TELL_WAITS_FROM_MS = 5_000;

/**
 * Keeps requests within the weight that the exchange allows in a minute of *its* clock. Weight is taken before a
 * request goes out; what the answers say of the weight used corrects the count upwards. Requests under way when a
 * minute ends are counted into the next as well: nobody knows which one they fell into.
 */
export class WeightPacer {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #onWait: WeightPacerOptions["onWait"];
  #limit = Infinity;
  /** The exchange's clock less our monotonic one. */
  #offsetMs: number;
  #window = -Infinity;
  #used = 0;
  #inFlight = 0;
  #queue: Promise<unknown> = Promise.resolve();

  /** Until {@linkcode configure} there is no limit, and the local clock stands for the exchange's. */
  constructor({ clock, share, onWait }: WeightPacerOptions) {
    this.#clock = clock;
    this.#onWait = onWait;
    this.#share = share;
    this.#offsetMs = clock.nowMs() - clock.monotonicMs();
  }

  /** Sets the limit a minute and the exchange's clock. */
  configure(limit: number | undefined, serverTimeMs: number): void {
    if (limit !== undefined) this.#limit = Math.max(1, Math.floor(limit * this.#share));
    this.#offsetMs = serverTimeMs - this.#clock.monotonicMs();
    // A local clock ahead of the exchange's would else put off the next minute until the exchange has caught up.
    this.#window = Math.min(this.#window, Math.floor(this.serverNowMs() / WINDOW_MS));
  }

  /** The exchange's clock as far as it is known. */
  serverNowMs(): number {
    return this.#clock.monotonicMs() + this.#offsetMs;
  }

  /**
   * Runs `request` once its weight is free; requests go out in the order they came. The request hands the weight used,
   * as the answer's header has it, to `observe`.
   */
  async run<T>(
    weight: number,
    request: (observe: (usedWeight: number) => void) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const turn = this.#queue.then(() => this.#take(weight, options));
    this.#queue = turn.catch(() => undefined);
    await turn;
    const window = this.#window;
    try {
      return await request((usedWeight) => this.#observe(usedWeight, window));
    } finally {
      this.#inFlight -= weight;
    }
  }

  /** An answer to a request of an earlier minute may tell that minute's weight, which says nothing of this one. */
  #observe(usedWeight: number, window: number): void {
    this.#roll();
    if (window === this.#window && Number.isFinite(usedWeight)) this.#used = Math.max(this.#used, usedWeight);
  }

  async #take(weight: number, options: CallOptions): Promise<void> {
    for (;;) {
      const now = this.serverNowMs();
      const intoMs = now - Math.floor(now / WINDOW_MS) * WINDOW_MS;
      if (intoMs < GUARD_MS && this.#limit < Infinity) {
        await this.#clock.sleep(GUARD_MS - intoMs, options);
        continue;
      }
      this.#roll();
      // A weight above the whole limit goes out alone: waiting would not help it.
      if (this.#used + weight <= this.#limit || this.#used === 0) break;
      const waitMs = WINDOW_MS - intoMs + GUARD_MS;
      if (waitMs >= TELL_WAITS_FROM_MS) {
        this.#onWait?.(`waiting ${Math.ceil(waitMs / 1000)} s for the next minute's weight of ${this.#limit}`);
      }
      await this.#clock.sleep(waitMs, options);
    }
    this.#used += weight;
    this.#inFlight += weight;
  }

  #roll(): void {
    const window = Math.floor(this.serverNowMs() / WINDOW_MS);
    if (window <= this.#window) return;
    this.#window = window;
    this.#used = this.#inFlight;
  }
}
