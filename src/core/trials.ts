import { allPages } from "./all_pages.ts";
import type { Run, Tracker, TrialsOf } from "./ports/tracker.ts";

/**
 * Runs with this symbol and horizon that the store still has, failed and deleted ones and those of sweeps included, newest
 * first.
 *
 * @param condition What else must hold, in MLflow's words. @default nothing
 */
export async function* triedRuns(
  tracker: Pick<Tracker, "searchExperiments" | "searchRuns">,
  { symbol, horizonMinutes }: TrialsOf,
  condition?: string,
): AsyncGenerator<Run> {
  const experiments = allPages((page) => tracker.searchExperiments({ viewType: "ALL", ...page }));
  const experimentIds = (await Array.fromAsync(experiments)).map(({ experimentId }) => experimentId);
  const conditions = [`params.symbol = '${symbol}'`, `params.horizon_minutes = '${horizonMinutes}'`];
  if (condition !== undefined) conditions.push(condition);
  const search = { experimentIds, filter: conditions.join(" AND "), viewType: "ALL" } as const;
  yield* allPages((page) => tracker.searchRuns({ ...search, orderBy: ["attributes.start_time DESC"], ...page }));
}

/**
 * How many runs were ever started with this symbol and horizon: what deflated statistics divide by (evaluation section 5).
 * Where the store keeps no record of them they are counted as it has them, deleted ones included.
 */
export async function countTrials(tracker: Tracker, of: TrialsOf): Promise<number> {
  const recorded = await tracker.countTrials(of);
  if (recorded !== undefined) return recorded;
  return (await Array.fromAsync(triedRuns(tracker, of))).length;
}
