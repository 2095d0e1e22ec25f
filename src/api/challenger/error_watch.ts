/** Settings of {@linkcode ErrorWatch}. */
export interface ErrorWatchOptions {
  /** Share of failed calls that is borne. */
  readonly maxErrorShare: number;
  /** Calls before anything is said. */
  readonly minCalls: number;
}

/** Newest calls that are looked at. */
const WINDOW_CALLS = 200;
/** Standard normal quantile of a two-sided 95 % interval. */
const Z = 1.96;

/**
 * Says when calls fail too often: the lower end of Wilson's 95 % interval for the share of failures among the newest
 * calls lies above what is borne (E. B. Wilson, 1927).
 */
export class ErrorWatch {
  readonly #options: ErrorWatchOptions;
  #outcomes: boolean[] = [];

  /** No call was made yet. */
  constructor(options: ErrorWatchOptions) {
    this.#options = options;
  }

  /** Notes a call; returns why calls fail too often, or undefined where they do not. */
  note(failed: boolean): string | undefined {
    this.#outcomes.push(failed);
    if (this.#outcomes.length > WINDOW_CALLS) this.#outcomes.shift();
    const { maxErrorShare, minCalls } = this.#options, calls = this.#outcomes.length;
    if (!failed || calls < minCalls) return undefined;
    const failures = this.#outcomes.filter(Boolean).length;
    if (wilsonLowerBound(failures, calls) <= maxErrorShare) return undefined;
    return `${failures} of its last ${calls} calls failed`;
  }
}

/** Lower end of Wilson's 95 % interval for a share. */
export function wilsonLowerBound(failures: number, calls: number): number {
  const p = failures / calls, z2 = Z * Z;
  const centre = p + z2 / (2 * calls), spread = Z * Math.sqrt(p * (1 - p) / calls + z2 / (4 * calls * calls));
  return (centre - spread) / (1 + z2 / calls);
}
