/** Options of calls that wait or fetch. */
export interface CallOptions {
  /** Ends the call early; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Time as an effect, so that tests can move it by hand. */
export interface Clock {
  /** The local clock, epoch milliseconds UTC. Never trusted for what is closed: the exchange's clock is. */
  nowMs(): number;
  /** Monotonic milliseconds, for durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason. */
  sleep(ms: number, options?: CallOptions): Promise<void>;
}
