import type { Tracker, TrialsOf } from "../../core/mod.ts";
import { allPages } from "../experiment/all_pages.ts";

/**
 * How many runs were ever started with this symbol and horizon: what deflated statistics divide by (evaluation section 5).
 * Where the store keeps no record of them they are counted as it has them, deleted ones included.
 */
export async function countTrials(tracker: Tracker, of: TrialsOf): Promise<number> {
  const recorded = await tracker.countTrials(of);
  if (recorded !== undefined) return recorded;
  const experimentIds: string[] = [];
  for await (const { experimentId } of allPages((page) => tracker.searchExperiments({ viewType: "ALL", ...page }))) {
    experimentIds.push(experimentId);
  }
  const filter = `params.symbol = '${of.symbol}' AND params.horizon_minutes = '${of.horizonMinutes}'`;
  const runs = allPages((page) => tracker.searchRuns({ experimentIds, filter, viewType: "ALL", ...page }));
  return (await Array.fromAsync(runs)).length;
}
