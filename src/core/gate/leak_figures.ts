import type { LeakCheckOutcome } from "./gate_check.ts";

/** A figure that the leak firewall takes of every run, and what it is held to. */
export interface LeakFigure {
  /** Check that it is of: `rotation`. */
  readonly name: string;
  /** What the value is. */
  readonly figure: string;
  /** Whether a value may be at most its limit, or must be above it. */
  readonly holds: "at most" | "above";
  /** What limits there are: one for all runs, or any from the first to below the second, which the run's own spread sets. */
  readonly limit: number | readonly [least: number, below: number];
  /**
   * When it may be left out: never, where a family has nothing to be asked, or where its horizon has no line or too few
   * blocks of days are scored.
   */
  readonly skips: "never" | "family" | { readonly from: number; readonly to: number; readonly fewestBlocks: number };
}

const ROTATION = { name: "rotation", holds: "at most", limit: [0.002, 0.5] } as const; // an AUC is never .5 away from .5
const PLANTED = { name: "planted", holds: "above", limit: 3 } as const;
/** An interval of fewer blocks is too narrow to accuse by; of one it has no width at all. */
const FEWEST_BLOCKS = 10;

function count(name: string, figure: string) {
  return { name, figure, holds: "at most", limit: 0, skips: "never" } as const;
}

/** A line that no honest forecast of this market was seen to pass, at horizons in minutes. */
function line(figure: string, limit: number, from: number) {
  const skips = { from, to: 60, fewestBlocks: FEWEST_BLOCKS };
  return { name: "smell", figure: `lower 95 % bound of ${figure}`, holds: "at most", limit, skips } as const;
}

/** All figures of the firewall (evaluation section 6). */
export const LEAK_FIGURES = {
  truncation: count("truncation", "features that differ"),
  mutation: count("mutation", "parts of the model that differ"),
  labelValues: count("labels", "rows that disagree with the candles"),
  labelSpans: count("labels", "candles that move the wrong labels"),
  rotatedLine: { ...ROTATION, figure: "distance of mean AUC from .5 on rotated labels", skips: "never" },
  rotatedFamily: { ...ROTATION, figure: "distance of the family's AUC from .5 on rotated labels", skips: "family" },
  plantedLine: { ...PLANTED, figure: "t of a planted signal in the linear head", skips: "never" },
  plantedFamily: { ...PLANTED, figure: "t of a planted signal in the family's forecasts", skips: "family" },
  split: count("split", "rows that learn from what is scored"),
  accuracy: line("accuracy", 0.58, 1),
  auc: line("AUC", 0.58, 5),
  firstMinute: line("AUC against the first minute", 0.56, 5),
  gain: line("QLIKE gain over har_x", 0.08, 1),
} as const satisfies Readonly<Record<string, LeakFigure>>;

/** What was scored, as far as a figure depends on it. */
export interface LeakScope {
  /** Minutes ahead that are forecast. */
  readonly horizonMinutes: number;
  /** Blocks of days that are scored; null where unknown. */
  readonly blocks: number | null;
}

/** What the checks of a run come to. */
export interface LeakFindings {
  /** Names of checks whose figure passes its limit, or that say themselves that they failed. */
  readonly found: readonly string[];
  /** Why the checks are not those that the firewall makes: figures that are missing, strange or left out without cause. */
  readonly doubts: readonly string[];
  /** Figures taken. */
  readonly taken: number;
}

/** Holds each figure to its limit again: a file may say `passed` of anything, or not speak of what it failed. */
export function judgeLeakChecks(checks: readonly LeakCheckOutcome[], scope: LeakScope): LeakFindings {
  const expected: readonly LeakFigure[] = Object.values(LEAK_FIGURES);
  const found: string[] = [], doubts: string[] = [];
  for (const figure of expected) {
    const named = checks.filter((check) => isOf(check, figure)), [check] = named;
    const doubt = check === undefined
      ? "is missing"
      : named.length > 1
      ? "stands twice"
      : doubtOf(check, figure, scope);
    if (doubt !== undefined) doubts.push(`${figure.name} (${figure.figure}) ${doubt}`);
    if (named.some((one) => !one.passed || (!one.skipped && !isKept(one, figure)))) found.push(figure.name);
  }
  for (const check of checks) {
    if (expected.some((figure) => isOf(check, figure))) continue;
    if (check.passed) doubts.push(`${check.name} (${check.figure}) is no figure of the firewall`);
    else found.push(check.name);
  }
  return { found: [...new Set(found)], doubts, taken: checks.filter(({ skipped }) => !skipped).length };
}

function isOf(check: LeakCheckOutcome, { name, figure }: LeakFigure): boolean {
  return check.name === name && check.figure === figure;
}

function isKept({ value, limit }: LeakCheckOutcome, { holds }: LeakFigure): boolean {
  if (value === null || limit === null) return false;
  return holds === "above" ? value > limit : value <= limit;
}

function doubtOf({ skipped, limit }: LeakCheckOutcome, figure: LeakFigure, scope: LeakScope): string | undefined {
  if (skipped) return maySkip(figure, scope) ? undefined : "is left out without cause";
  const isRight = limit !== null &&
    (typeof figure.limit === "number" ? limit === figure.limit : limit >= figure.limit[0] && limit < figure.limit[1]);
  return isRight ? undefined : `is held to ${limit}, and not to ${limitText(figure)}`;
}

function limitText({ limit }: LeakFigure): string {
  return typeof limit === "number" ? String(limit) : `${limit[0]} or more, below ${limit[1]}`;
}

function maySkip({ skips }: LeakFigure, { horizonMinutes, blocks }: LeakScope): boolean {
  if (typeof skips === "string") return skips === "family";
  return !isLineFor(skips, horizonMinutes) || blocks === null || blocks < skips.fewestBlocks;
}

/** Whether a line is for this horizon. */
export function isLineFor(
  { from, to }: { readonly from: number; readonly to: number },
  horizonMinutes: number,
): boolean {
  return horizonMinutes >= from && horizonMinutes <= to;
}
