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

/** Lines that no honest forecast of this market was seen to pass, and the horizons in minutes that each is for. */
const LINES = {
  accuracy: { line: 0.58, from: 1, to: 60 },
  auc: { line: 0.58, from: 5, to: 60 },
  firstMinute: { line: 0.56, from: 5, to: 60 },
  gain: { line: 0.08, from: 1, to: 60 },
} as const;

const FIGURES: Readonly<Record<keyof typeof LINES, string>> = {
  accuracy: "lower 95 % bound of accuracy",
  auc: "lower 95 % bound of AUC",
  firstMinute: "lower 95 % bound of AUC against the first minute",
  gain: "lower 95 % bound of QLIKE gain over har_x",
};

/** An interval of fewer blocks is too narrow to accuse by; of one it has no width at all. */
const FEWEST_BLOCKS = 10;

/** Scores too good to be true: the lower bound of each, so that a lucky month is none. */
export function checkSmell(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { scored, settings } = run, kinds = Object.keys(LINES) as (keyof typeof LINES)[];
  if (scored === undefined) {
    return Promise.resolve(kinds.map((kind) => skipped("smell", FIGURES[kind], "nothing is scored")));
  }
  const { horizonMinutes } = settings, blocks = new DayBlocks(scored.test.decisionTimeMs, { days: settings.blockDays });
  return Promise.resolve(kinds.map((kind) => {
    const { line, from, to } = LINES[kind];
    if (horizonMinutes < from || horizonMinutes > to) {
      return skipped("smell", FIGURES[kind], `at ${horizonMinutes} minutes there is no line for it`);
    }
    if (blocks.count < FEWEST_BLOCKS) {
      return skipped(
        "smell",
        FIGURES[kind],
        `${blocks.count} blocks of days are scored, and ${FEWEST_BLOCKS} are needed`,
      );
    }
    const interval = intervalOf(kind, scored, blocks, run);
    if (interval === undefined) return skipped("smell", FIGURES[kind], "har_x is not among the baselines");
    return judgeLine(kind, interval, line);
  }));
}

function judgeLine(kind: keyof typeof LINES, { mean, low, high }: Interval95, line: number): LeakCheck {
  const shown = (value: number) => value.toFixed(3);
  return atMost("smell", {
    figure: FIGURES[kind],
    value: low,
    limit: line,
    seen: `The ${FIGURES[kind].replace("lower 95 % bound of ", "")} is ${shown(mean)} [${shown(low)}, ${shown(high)}]`,
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
