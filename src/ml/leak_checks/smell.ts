import { isLineFor, LEAK_FIGURES } from "../../core/mod.ts";
import { areaInterval } from "../evaluation/area_interval.ts";
import { bootstrapMean, DayBlocks, type Interval95 } from "../evaluation/block_bootstrap.ts";
import { RESAMPLES } from "../evaluation/compare_forecasts.ts";
import { SEED } from "../evaluation/paired_gains.ts";
import { rowLosses } from "../evaluation/scores.ts";
import type { ScoredFolds } from "../evaluation/scored_folds.ts";
import { type Forecasts, outcomesOf } from "../evaluation/test_rows.ts";
import { MinuteGrid } from "../features/mod.ts";
import { atMost, type LeakCheck, skipped } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";

const { accuracy, auc, firstMinute, gain } = LEAK_FIGURES;
const LINES = { accuracy, auc, firstMinute, gain };

/** Scores too good to be true: the lower bound of each, so that a lucky month is none. */
export async function checkSmell(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { settings } = run, scored = await run.scored?.(), kinds = Object.keys(LINES) as (keyof typeof LINES)[];
  if (scored === undefined) {
    return kinds.map((kind) => skipped("smell", LINES[kind].figure, "nothing is scored"));
  }
  const { horizonMinutes } = settings, blocks = new DayBlocks(scored.test.decisionTimeMs, { days: settings.blockDays });
  return kinds.map((kind) => {
    const { figure, skips } = LINES[kind];
    if (!isLineFor(skips, horizonMinutes)) {
      return skipped("smell", figure, `at ${horizonMinutes} minutes there is no line for it`);
    }
    const { fewestBlocks } = skips;
    if (blocks.count < fewestBlocks) {
      return skipped("smell", figure, `${blocks.count} blocks of days are scored, and ${fewestBlocks} are needed`);
    }
    const interval = intervalOf(kind, scored, blocks, run);
    if (interval === undefined) return skipped("smell", figure, "har_x is not among the baselines");
    return judgeLine(kind, interval);
  });
}

function judgeLine(kind: keyof typeof LINES, { mean, low, high }: Interval95): LeakCheck {
  const { figure, limit } = LINES[kind];
  const shown = (value: number) => value.toFixed(3);
  return atMost("smell", {
    ...{ figure, limit },
    value: low,
    seen: `The ${figure.replace("lower 95 % bound of ", "")} is ${shown(mean)} [${shown(low)}, ${shown(high)}]`,
    lookFor: kind === "firstMinute"
      ? "a feature that is one minute too new: the forecast knows how the first minute ends"
      : "a feature or a training row that knows what it is scored on: no honest forecast was seen there",
  });
}

function intervalOf(
  kind: keyof typeof LINES,
  { test, model, baselines }: ScoredFolds,
  blocks: DayBlocks,
  { candles }: LeakCheckRun,
): Interval95 | undefined {
  const outcomes = outcomesOf(test), { probabilityUp } = model;
  const mean = (valueAt: (row: number) => number) =>
    bootstrapMean(blocks.totals(valueAt), { resamples: RESAMPLES, seed: SEED });
  switch (kind) {
    case "accuracy":
      return mean((row) => outcomes[row]! < 0 ? NaN : Number((probabilityUp[row]! > 0.5 ? 1 : 0) === outcomes[row]));
    case "auc":
      return areaInterval({ scores: probabilityUp, outcomes }, blocks);
    case "firstMinute": {
      const grid = new MinuteGrid(candles), { values, present } = grid.returns();
      const first = Int8Array.from(test.decisionTimeMs, (ms) => {
        const minute = grid.indexAt(ms), move = values[minute]!;
        return present[minute] === 0 || move === 0 ? -1 : Number(move > 0);
      });
      return areaInterval({ scores: probabilityUp, outcomes: first }, blocks);
    }
    case "gain": {
      const harX = baselines["har_x"];
      if (harX === undefined) return undefined;
      const lossesOf = ({ volatilityBps }: Forecasts) => rowLosses(test, { volatilityBps: volatilityBps! }).qlike!;
      const ours = lossesOf(model), theirs = lossesOf(harX);
      return mean((row) => theirs[row]! - ours[row]!);
    }
  }
}
