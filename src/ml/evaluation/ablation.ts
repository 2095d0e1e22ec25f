import { DAY_MS } from "../../core/mod.ts";
import type { Interval95 } from "./block_bootstrap.ts";
import { DAILY_LOSSES, type DailyLosses, meanLoss, pairedDifference } from "./daily_losses.ts";
import type { IntervalOptions } from "./paired_gains.ts";
import type { Scores } from "./scores.ts";

/** Losses of forecasts on some rows of a fold. */
export interface ThinnedLosses {
  readonly daily: DailyLosses;
  /** Rows whose return lies within the central 90 %. */
  readonly covered: number;
}

/** What a fold's model and its variants lose on the same rows. */
export interface FoldAblation<Part extends string = string> {
  readonly rows: number;
  readonly whole: ThinnedLosses;
  /** By the part that is switched off; absent where the fold's model does not have it. */
  readonly without: Readonly<Partial<Record<Part, ThinnedLosses>>>;
}

/** Name of a loss as in metric names. */
const LOSS_NAMES = { logLoss: "log_loss", qlike: "qlike", pinball: "pinball" } as const;

/** What a part brings: the loss without it less the loss with it, above 0 where it helps. */
export interface PartGain extends Pick<Interval95, "mean" | "low" | "high"> {
  readonly loss: typeof LOSS_NAMES[keyof typeof LOSS_NAMES];
}

/** Scores of the models of all folds with one of their parts switched off. */
export interface AblatedScores {
  readonly part: string;
  /** Folds whose model has the part; in the others nothing is switched off. */
  readonly folds: number;
  /** `qlike` (of all rows, not of the horizon's grid alone), `log_loss`, `pinball`, `coverage_90`. */
  readonly scores: Scores;
  readonly gains: readonly PartGain[];
}

/** What each part of a model brings, as plain JSON: `evaluation/ablation.json`. */
export interface Ablation {
  /** Rows scored: every so-manieth test row of each fold. */
  readonly rows: number;
  /** Scores of the whole models on those rows. */
  readonly whole: Scores;
  /** Empty for a model without parts. */
  readonly parts: readonly AblatedScores[];
}

/**
 * Adds up the folds.
 *
 * @param folds At least one, ascending in time.
 * @param parts In the order of the report.
 */
export function joinAblations<Part extends string>(
  folds: readonly FoldAblation<Part>[],
  parts: readonly Part[],
  options: IntervalOptions,
): Ablation {
  const whole = joined(folds.map((fold) => fold.whole)), rows = sum(folds.map((fold) => fold.rows));
  return {
    rows,
    whole: scoresOf(whole, rows),
    parts: parts.flatMap((part) => {
      const having = folds.filter(({ without }) => without[part] !== undefined).length;
      if (having === 0) return [];
      const ablated = joined(folds.map(({ without, whole }) => without[part] ?? whole));
      const gains = DAILY_LOSSES.map((name) => {
        const { mean, low, high } = pairedDifference(ablated.daily, whole.daily, { [name]: 1 }, options);
        return { loss: LOSS_NAMES[name], mean, low, high };
      });
      return [{ part, folds: having, scores: scoresOf(ablated, rows), gains }];
    }),
  };
}

/** `ablation_without_correction_qlike`, and so on; the gains are in the file. */
export function ablationMetrics({ parts }: Ablation): Record<string, number> {
  const entries = parts.flatMap(({ part, scores }) =>
    Object.entries(scores).map(([name, value]) => [`ablation_without_${part}_${name}`, value] as const)
  );
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}

function scoresOf({ daily, covered }: ThinnedLosses, rows: number): Scores {
  return {
    ...Object.fromEntries(DAILY_LOSSES.map((name) => [LOSS_NAMES[name], meanLoss(daily, name)])),
    coverage_90: covered / rows,
  };
}

function joined(folds: readonly ThinnedLosses[]): ThinnedLosses {
  return { daily: joinDays(folds.map(({ daily }) => daily)), covered: sum(folds.map(({ covered }) => covered)) };
}

/** Days of several spans on one calendar; a day that two of them touch is the sum of both. */
function joinDays(spans: readonly DailyLosses[]): DailyLosses {
  const firstDayMs = spans[0]!.firstDayMs, last = spans.at(-1)!;
  const days = (last.firstDayMs - firstDayMs) / DAY_MS + last.sums.qlike.length;
  const added = (key: "sums" | "counts") => {
    const totals = { logLoss: zeros(days), qlike: zeros(days), pinball: zeros(days) };
    for (const span of spans) {
      const offset = (span.firstDayMs - firstDayMs) / DAY_MS;
      for (const name of DAILY_LOSSES) span[key][name].forEach((value, day) => totals[name][offset + day]! += value);
    }
    return totals;
  };
  return { firstDayMs, sums: added("sums"), counts: added("counts") };
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
