import { baselinesToBeat, fullestFirst } from "../../core/mod.ts";
import type { RunFacts } from "./run_facts.ts";

/** What is known of a score: its name for people, whether more is better, and its digits. */
export interface ScoreKind {
  readonly title: string;
  readonly better: "less" | "more" | "target";
  readonly digits: number;
  readonly percent?: boolean;
  /** What a share should be. */
  readonly target?: number;
}

/** Scores of evaluation section 5 in the order of the report. */
export const SCORES: ReadonlyMap<string, ScoreKind> = new Map<string, ScoreKind>([
  ["qlike", { title: "QLIKE (volatility)", better: "less", digits: 4 }],
  ["log_variance_r2", { title: "Squared correlation of ln RV", better: "more", digits: 4 }],
  ["log_loss", { title: "Log-loss (direction)", better: "less", digits: 5 }],
  ["brier", { title: "Brier score", better: "less", digits: 5 }],
  ["auc", { title: "AUC", better: "more", digits: 4 }],
  ["auc_fold_mean", { title: "AUC, mean of the steps", better: "more", digits: 4 }],
  ["accuracy", { title: "Accuracy", better: "more", digits: 2, percent: true }],
  ["pinball", { title: "Pinball loss, bps", better: "less", digits: 4 }],
  ...[50, 80, 90, 98].flatMap((percent): [string, ScoreKind][] => [
    [`coverage_${percent}`, {
      title: `Inside ${percent} %`,
      better: "target",
      digits: 2,
      percent: true,
      target: percent / 100,
    }],
    [`width_${percent}`, { title: `Width of ${percent} %, bps`, better: "target", digits: 2 }],
  ]),
]);

const PAIRED = ["qlike", "log_loss", "accuracy", "pinball"] as const;

/** A baseline's loss less the model's, with its 95 % interval: above zero the model is better. */
export interface Gain {
  readonly loss: typeof PAIRED[number];
  readonly baseline: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Names of the baselines whose scores the run logged, the fullest line first. */
export function baselineNames({ metrics }: RunFacts): string[] {
  const names = new Set<string>();
  for (const key of metrics.keys()) {
    const rest = key.startsWith("baseline_") ? key.slice("baseline_".length) : undefined;
    if (rest === undefined) continue;
    const score = [...SCORES.keys()].find((name) => rest.endsWith(`_${name}`));
    if (score !== undefined) names.add(rest.slice(0, -score.length - 1));
  }
  return fullestFirst(names);
}

/** Paired gains that the run logged as `<loss>_gain_<baseline>` with `_low` and `_high`. */
export function gainsOf({ metrics }: RunFacts): Gain[] {
  const gains: Gain[] = [];
  for (const loss of PAIRED) {
    for (const [key, mean] of metrics) {
      const baseline = key.startsWith(`${loss}_gain_`) ? key.slice(loss.length + "_gain_".length) : undefined;
      if (baseline === undefined) continue;
      const low = metrics.get(`${key}_low`), high = metrics.get(`${key}_high`);
      if (low !== undefined && high !== undefined) gains.push({ loss, baseline, mean, low, high });
    }
  }
  const order = fullestFirst(new Set(gains.map(({ baseline }) => baseline)));
  return gains.sort((a, b) =>
    PAIRED.indexOf(a.loss) - PAIRED.indexOf(b.loss) || order.indexOf(a.baseline) - order.indexOf(b.baseline)
  );
}

/** Names of the score's forecasts, `model` for the run's own, whose value is best as shown; empty where there is one alone. */
export function bestOf(
  values: ReadonlyMap<string, number>,
  { better, digits, percent, target }: ScoreKind,
): Set<string> {
  const shown = [...values].flatMap(([name, value]) =>
    Number.isFinite(value) ? [{ name, value: Number((percent ? 100 * value : value).toFixed(digits)) }] : []
  );
  if (shown.length < 2 || better === "target" && target === undefined) return new Set();
  const badness = (value: number) =>
    better === "less" ? value : better === "more" ? -value : Math.abs(value - 100 * target!);
  const least = Math.min(...shown.map(({ value }) => badness(value)));
  return new Set(shown.filter(({ value }) => badness(value) === least).map(({ name }) => name));
}

/** The baseline that the model must not be worse than, by score. */
export function toBeat({ metrics }: RunFacts): ReadonlyMap<string, string> {
  return new Map(Object.entries(baselinesToBeat(Object.fromEntries(metrics))));
}

/** Whether a metric is shown in the tables of scores and gains. */
export function isShownScore(key: string, baselines: readonly string[], gains: readonly Gain[]): boolean {
  if (SCORES.has(key)) return true;
  if (baselines.some((name) => key.startsWith(`baseline_${name}_`) && SCORES.has(key.slice(10 + name.length)))) {
    return true;
  }
  return gains.some(({ loss, baseline }) =>
    ["", "_low", "_high"].some((end) => key === `${loss}_gain_${baseline}${end}`)
  );
}
