import type { Baseline } from "./baselines.ts";
import { type AccuracyTest, clarkWest, clarkWestAt } from "./inference/accuracy_tests.ts";
import { dailySeries } from "./inference/daily_series.ts";
import { varianceFloor } from "./losses.ts";
import type { ScoredFolds } from "./scored_folds.ts";
import { logVariances } from "./test_rows.ts";

/** Lines that a model may start from, and so contain. */
const NESTED_LINES = ["har", "har_diurnal", "har_x"] as const satisfies readonly Baseline[];

/** Clark & West's test of a model against a line that it may contain. */
export interface NestedTest {
  readonly baseline: Baseline;
  readonly test: AccuracyTest;
}

/**
 * Whether the model knows something of ln RV that a line does not, for squared error alone. ln σ² of either is the log of a
 * forecast mean and lies above the mean of ln RV; the test is of what is left where both lie above it alike.
 */
export function clarkWestTests({ test, model, baselines }: ScoredFolds<Baseline>): NestedTest[] {
  const floor = varianceFloor(test.horizonMinutes);
  const target = Float64Array.from(test.realizedVarianceBps2, (variance) => Math.log(Math.max(variance, floor)));
  const larger = logVariances(model.volatilityBps);
  return NESTED_LINES.flatMap((baseline) => {
    const { volatilityBps } = baselines[baseline] ?? {};
    if (volatilityBps === undefined) return [];
    const forecasts = { target, smaller: logVariances(volatilityBps), larger };
    const found = clarkWest(dailySeries(test.decisionTimeMs, (row) => clarkWestAt(forecasts, row)));
    return Number.isFinite(found.pValue) ? [{ baseline, test: found }] : [];
  });
}
