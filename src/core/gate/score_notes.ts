import { type Baseline, BASELINES } from "../baselines.ts";
import { baselinesToBeat, type EvaluationFindings } from "./judge_evaluation.ts";

type Metrics = EvaluationFindings["metrics"];

/** Losses whose baseline to keep up with is the same on all data, and what they are measured in. */
const FIXED_RIVALS = [["qlike", "QLIKE"], ["pinball", "bps of pinball loss"]] as const;
/** Decimals that a table of scores shows. */
const DIGITS = 4;

/**
 * What a reader of a table of scores would stumble over, in sentences without a final period: that QLIKE's level and its
 * gain are of different rows, and that the baseline which the gate goes by is not the best one on these.
 *
 * @param metrics scores and gains by metric name: `qlike`, `baseline_har_x_qlike`, `qlike_gain_har_x`.
 */
export function scoreNotes(metrics: EvaluationFindings["metrics"], horizonMinutes: number): string[] {
  return [...levelNotes(metrics, horizonMinutes), ...rivalNotes(metrics)];
}

/** At a minute's horizon the level takes every row too. */
function levelNotes(metrics: Metrics, horizonMinutes: number): string[] {
  const { qlike } = metrics;
  if (qlike === undefined || !(horizonMinutes > 1)) return [];
  const opposite = BASELINES.filter((name) => {
    const level = metrics[`baseline_${name}_qlike`] ?? NaN, gain = metrics[`qlike_gain_${name}`] ?? NaN;
    return shown(level - qlike) * shown(gain) < 0;
  });
  const over = opposite.length === 0 ? "" : `; over ${opposite.join(" and ")} they point opposite ways`;
  return [
    `QLIKE is of every ${horizonMinutes}th minute, its gain of all rows, so neither follows from the other${over}`,
  ];
}

function rivalNotes(metrics: Metrics): string[] {
  const toBeat = baselinesToBeat(metrics);
  return FIXED_RIVALS.flatMap(([loss, unit]) => {
    const gainOver = (name: string) => metrics[`${loss}_gain_${name}`] ?? Infinity;
    const best = BASELINES.reduce<Baseline>((a, b) => gainOver(b) < gainOver(a) ? b : a, BASELINES[0]);
    const by = gainOver(toBeat[loss]) - gainOver(best);
    if (!Number.isFinite(by) || shown(by) <= 0) return [];
    return [
      `on all rows ${best} is better than ${toBeat[loss]} by ${by.toFixed(DIGITS)} ${unit}; the gate goes by ${
        toBeat[loss]
      }`,
    ];
  });
}

function shown(value: number): number {
  return Number(value.toFixed(DIGITS));
}
