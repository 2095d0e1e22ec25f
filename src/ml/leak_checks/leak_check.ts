/** The seven checks of evaluation section 6, in the order in which they run. */
export const LEAK_CHECKS = ["truncation", "mutation", "labels", "rotation", "planted", "split", "smell"] as const;

/** One of {@linkcode LEAK_CHECKS}. */
export type LeakCheckName = typeof LEAK_CHECKS[number];

/** One figure of a check, held to its limit. */
export interface LeakCheck {
  readonly name: LeakCheckName;
  /** What the value is: `features that differ`, `lower 95 % bound of AUC`. */
  readonly figure: string;
  /** False only where the limit is passed: a figure that was not taken has not failed. */
  readonly passed: boolean;
  /** Null where the figure was not taken, or is no finite number. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly skipped: boolean;
  /** One sentence for a person: what was seen, and where it failed what to look for. */
  readonly reason: string;
}

/** What a figure is held to. */
export interface Verdict {
  readonly figure: string;
  readonly value: number;
  readonly limit: number;
  /** What was done and seen. */
  readonly seen: string;
  /** What to look for where it failed. */
  readonly lookFor: string;
}

/** A figure that must not be above its limit; one that is no number fails. */
export function atMost(name: LeakCheckName, verdict: Verdict): LeakCheck {
  return judged(name, verdict, verdict.value <= verdict.limit);
}

/** A figure that must be above its limit; one that is no number fails. */
export function above(name: LeakCheckName, verdict: Verdict): LeakCheck {
  return judged(name, verdict, verdict.value > verdict.limit);
}

/** A figure that cannot or need not be taken. */
export function skipped(name: LeakCheckName, figure: string, why: string): LeakCheck {
  return { name, figure, passed: true, value: null, limit: null, skipped: true, reason: `Not checked: ${why}` };
}

function judged(name: LeakCheckName, { figure, value, limit, seen, lookFor }: Verdict, passed: boolean): LeakCheck {
  return {
    ...{ name, figure, passed, limit, skipped: false },
    value: Number.isFinite(value) ? value : null,
    reason: passed ? seen : `${seen}. Look for ${lookFor}`,
  };
}
