import { type CallOptions, type Clock, DomainError, type Random, type Warning } from "../../core/mod.ts";
import { backoffMs, HttpFailure } from "./http_failure.ts";

/** What a {@linkcode HostList} works with. */
export interface HostListOptions {
  /** Origins in order of preference, at least one. */
  readonly origins: readonly string[];
  /** Tries of one request, over all hosts. */
  readonly attempts: number;
  /** Time source. */
  readonly clock: Clock;
  /** Dice of the backoff. */
  readonly random: Random;
  /** Longest `Retry-After` that is waited for; beyond it the request fails. @default 600_000 */
  readonly maxWaitMs?: number;
  /** What to do where no host serves this location. @default the archive, or another exchange */
  readonly blockedHint?: string;
  /** Told why nothing happens for a while. */
  readonly onWait?: (message: string) => void;
}

/** Shorter waits are nothing to tell. */
const TELL_WAITS_FROM_MS = 2_000;

/** How one request is tried; `attempt` counts from 1. */
export type HostTry<T> = (origin: string, attempt: number) => Promise<T>;

/**
 * Hosts that answer the same requests. A host that refuses us (451, 403) is left for good and warned about; one that
 * fails twice in a row makes way for the next; 429 and 418 are obeyed by everyone.
 */
export class HostList {
  readonly warnings: Warning[] = [];
  /** Tries beyond the first, over all requests. */
  retries = 0;
  readonly #options: HostListOptions;
  readonly #refusals = new Map<string, HttpFailure>();
  #current = 0;
  #pausedUntilMs = -Infinity;

  /** See {@linkcode HostListOptions}. */
  constructor(options: HostListOptions) {
    if (options.origins.length === 0) throw new RangeError("Cannot ask hosts as the list of origins is empty");
    this.#options = options;
  }

  /** Origin that is asked next. */
  get origin(): string {
    return this.#options.origins[this.#current]!;
  }

  /**
   * Tries until it works, or until trying cannot help.
   *
   * @throws {DomainError} `region-blocked`, `exchange-refused`, `rate-limited`, `exchange-unavailable`; an
   * {@linkcode HttpFailure} of another 4xx status is the caller's to name.
   */
  async request<T>(tryOnce: HostTry<T>, options: CallOptions = {}): Promise<T> {
    const { clock, attempts, random } = this.#options;
    let failuresHere = 0;
    for (let attempt = 1;; attempt++) {
      this.#requireHost();
      const pauseMs = this.#pausedUntilMs - clock.monotonicMs();
      if (pauseMs > 0) await clock.sleep(pauseMs, options);
      const { origin } = this;
      const startedMs = clock.monotonicMs();
      try {
        return await tryOnce(origin, attempt);
      } catch (error) {
        if (!(error instanceof HttpFailure)) throw error;
        if (error.isRefusal) {
          this.#leave(origin, error);
          this.retries++;
          attempt--; // the list ends by itself
          failuresHere = 0;
          continue;
        }
        if (!error.isTransient) throw error;
        if (error.isRateLimit) this.#pause(error);
        if (attempt >= attempts) throw this.#exhausted(error, attempt);
        this.retries++;
        if (clock.monotonicMs() - startedMs >= TELL_WAITS_FROM_MS) {
          this.#options.onWait?.(`${error.message}; it is tried again`);
        }
        if (error.isRateLimit) continue;
        if (++failuresHere >= 2) {
          this.#advance(origin);
          failuresHere = 0;
        }
        await clock.sleep(backoffMs(attempt, random.uniform()), options);
      }
    }
  }

  #requireHost(): void {
    const { origins } = this.#options;
    if (this.#refusals.size < origins.length) {
      while (this.#refusals.has(this.origin)) this.#current = (this.#current + 1) % origins.length;
      return;
    }
    const failures = [...this.#refusals.values()];
    const region = failures.find(({ status }) => status === 451);
    const hosts = origins.map((origin) => new URL(origin).host).join(", ");
    throw region !== undefined
      ? new DomainError("region-blocked", `Cannot ask ${hosts} as the exchange does not serve this location (451)`, {
        hint: this.#options.blockedHint ?? "Use --source archive, or another exchange with --exchange NAME",
        cause: region,
      })
      : new DomainError("exchange-refused", `Cannot ask ${hosts} as every host answers 403`, {
        hint: "A firewall refuses this address; try later or name other hosts with BINANCE_API_URL",
        cause: failures[0],
      });
  }

  #leave(origin: string, failure: HttpFailure): void {
    if (this.#refusals.has(origin)) return;
    this.#refusals.set(origin, failure);
    const why = failure.status === 451 ? "does not serve this location" : "refuses this address";
    this.warnings.push({
      code: "host-refused",
      message: `${new URL(origin).host} ${why} (${failure.status})${
        this.#refusals.size < this.#options.origins.length ? "; the next host is asked" : ""
      }`,
    });
  }

  /** Only from the host that failed: requests in flight must not each push the list one further. */
  #advance(origin: string): void {
    if (this.origin === origin) this.#current = (this.#current + 1) % this.#options.origins.length;
  }

  #pause(failure: HttpFailure): void {
    const { clock, maxWaitMs = 600_000 } = this.#options;
    const waitMs = failure.retryAfterMs ?? 60_000;
    if (waitMs > maxWaitMs) {
      throw new DomainError(
        "rate-limited",
        `Cannot go on as ${new URL(this.origin).host} answers ${failure.status} and asks to wait ${
          Math.ceil(waitMs / 1000)
        } s`,
        { hint: "What came is stored; run again after that time", cause: failure },
      );
    }
    const untilMs = clock.monotonicMs() + waitMs;
    if (untilMs - this.#pausedUntilMs > TELL_WAITS_FROM_MS && waitMs >= TELL_WAITS_FROM_MS) {
      const host = new URL(this.origin).host;
      this.#options.onWait?.(`waiting ${Math.ceil(waitMs / 1000)} s, as ${host} asks for it (${failure.status})`);
    }
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  #exhausted(failure: HttpFailure, attempts: number): DomainError {
    const code = failure.isRateLimit ? "rate-limited" : "exchange-unavailable";
    return new DomainError(code, `${failure.message}, ${attempts} times`, {
      hint: "Check the connection; what came is stored, and running again asks only for what is missing",
      cause: failure,
    });
  }
}
