import type { RunFacts } from "./run_facts.ts";

/** What is known of a score: its name for people, whether more is better, and its digits. */
interface ScoreKind {
  readonly title: string;
  readonly better: "less" | "more" | "target";
  readonly digits: number;
  readonly percent?: boolean;
}

/** Scores of evaluation section 5 in the order of the report. */
export const SCORES: ReadonlyMap<string, ScoreKind> = new Map<string, ScoreKind>([
  ["qlike", { title: "QLIKE (volatility)", better: "less", digits: 4 }],
  ["log_loss", { title: "Log-loss (direction)", better: "less", digits: 5 }],
  ["brier", { title: "Brier score", better: "less", digits: 5 }],
  ["auc", { title: "AUC", better: "more", digits: 4 }],
  ["accuracy", { title: "Accuracy", better: "more", digits: 2, percent: true }],
  ["pinball", { title: "Pinball loss, bps", better: "less", digits: 4 }],
  ...[50, 80, 90, 98].flatMap((percent): [string, ScoreKind][] => [
    [`coverage_${percent}`, { title: `Inside ${percent} %`, better: "target", digits: 2, percent: true }],
    [`width_${percent}`, { title: `Width of ${percent} %, bps`, better: "less", digits: 2 }],
  ]),
]);

const PAIRED = ["qlike", "log_loss", "pinball"] as const;

/** A baseline's loss less the model's, with its 95 % interval: above zero the model is better. */
export interface Gain {
  readonly loss: typeof PAIRED[number];
  readonly baseline: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Names of the baselines whose scores the run logged, in the order of the metrics. */
export function baselineNames({ metrics }: RunFacts): string[] {
  const names = new Set<string>();
  for (const key of metrics.keys()) {
    const rest = key.startsWith("baseline_") ? key.slice("baseline_".length) : undefined;
    if (rest === undefined) continue;
    const score = [...SCORES.keys()].find((name) => rest.endsWith(`_${name}`));
    if (score !== undefined) names.add(rest.slice(0, -score.length - 1));
  }
  return [...names].sort();
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
  return gains;
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
