import type { Tracker } from "../../core/mod.ts";
import { allPages } from "./all_pages.ts";
import { tagOf } from "./known_fits.ts";
import { SWEEP_TAGS } from "./sweep_tags.ts";

/**
 * How many runs were ever started with this symbol and horizon, as the tracking store has them: failed, killed and deleted
 * ones and the trials of sweeps among them, the parents of sweeps not. It is what deflated statistics divide by
 * (evaluation section 5); runs that `mlflow gc` has taken out of the store are no longer counted.
 */
export async function countTrials(
  tracker: Tracker,
  { symbol, horizonMinutes }: { readonly symbol: string; readonly horizonMinutes: number },
): Promise<number> {
  const experimentIds: string[] = [];
  for await (const { experimentId } of allPages((page) => tracker.searchExperiments({ viewType: "ALL", ...page }))) {
    experimentIds.push(experimentId);
  }
  const filter = `params.symbol = '${symbol}' AND params.horizon_minutes = '${horizonMinutes}'`;
  let count = 0;
  for await (const run of allPages((page) => tracker.searchRuns({ experimentIds, filter, viewType: "ALL", ...page }))) {
    if (tagOf(run, SWEEP_TAGS.kind) === undefined) count++;
  }
  return count;
}
