/** Limits of the gate (evaluation section 7). */
export interface GateLimits {
  /** Score that must be better than that of climatology and EWMA. */
  readonly primary: "qlike" | "pinball";
  /** Largest loss that still counts as no worse: the upper 95 % bound of the paired difference stays below. */
  readonly margins: {
    readonly qlike: number;
    readonly logLoss: number;
    /** Pinball, as a share of the other's pinball. */
    readonly pinballShare: number;
  };
  /** The interval of the 90 % coverage must meet this. */
  readonly coverage90: readonly [number, number];
  /** Fewer blocks of days than this prove nothing. */
  readonly minimumBlocks: number;
}

/** One row of evidence. */
export interface GateCheck {
  /** Stable name: `qlike_vs_ewma`. */
  readonly name: string;
  /** Whether the limit is kept. */
  readonly passed: boolean;
  /** The figure found; null where there is none. */
  readonly value: number | null;
  /** 95 % interval of the value, where it has one. */
  readonly interval: readonly [low: number, high: number] | null;
  /** The figure that the value, or its interval, must keep to; null where there is none. */
  readonly limit: number | readonly [low: number, high: number] | null;
  /** The limit in words: `lower bound > -0.01`. */
  readonly rule: string;
  /** What the value is or why there is none, where the name alone does not say. */
  readonly note: string | null;
  /** Whether --force may pass over it. */
  readonly forceable: boolean;
}

/** A mean with its 95 % interval. */
export interface Estimate {
  /** Mean. */
  readonly mean: number;
  /** Lower bound. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** Path of the leak firewall's checks below a run. */
export const LEAK_CHECKS_FILE = "evaluation/leak_checks.json";

/** An interval of fewer blocks of days is too narrow, and one of a single block has no width (evaluation section 7). */
export const FEWEST_TELLING_BLOCKS = 20;

/** What a gain's interval says, in a word. */
export type GainReading = "better" | "worse" | "undecided" | "too few days";

/** Reads the 95 % interval of a gain that rests on so many blocks of days. */
export function readingOf(
  { low, high, blocks }: Pick<Estimate, "low" | "high"> & { readonly blocks: number },
): GainReading {
  if (blocks < FEWEST_TELLING_BLOCKS) return "too few days";
  return low > 0 ? "better" : high < 0 ? "worse" : "undecided";
}

/** A check of the leak firewall as a run keeps it ({@linkcode LEAK_CHECKS_FILE}). */
export interface LeakCheckOutcome {
  /** `truncation`, `mutation`, `rotation`, … */
  readonly name: string;
  /** What the value is. */
  readonly figure: string;
  /** Null where it was not taken, or is no finite number. */
  readonly value: number | null;
  /** What it was held to; null where it was not taken. */
  readonly limit: number | null;
  /** Whether nothing leaked. */
  readonly passed: boolean;
  /** Whether it was left out, as it says nothing at this horizon. */
  readonly skipped: boolean;
}

/** A check without figures. */
export function plainCheck(
  name: string,
  check: Pick<GateCheck, "passed" | "rule"> & Partial<GateCheck>,
): GateCheck {
  return { name, value: null, interval: null, limit: null, note: null, forceable: true, ...check };
}

/**
 * A paired gain whose lower bound must lie above −margin: better for a margin of 0, non-inferior for another. A figure
 * that is missing is a failure.
 */
export function gainCheck(
  name: string,
  { mean, low, high }: { readonly [K in keyof Estimate]: number | undefined },
  margin: number,
): GateCheck {
  const isKnown = mean !== undefined && low !== undefined && high !== undefined &&
    [mean, low, high, margin].every(Number.isFinite);
  const limit = -margin || 0;
  return plainCheck(name, {
    passed: isKnown && low > limit,
    value: isKnown ? mean : null,
    interval: isKnown ? [low, high] : null,
    limit: Number.isFinite(margin) ? limit : null,
    rule: `lower bound > ${Number(limit.toPrecision(3))}`,
    note: isKnown ? null : "the run does not say",
  });
}
