import { countTrials, type Tracker, type TrialsOf, triedRuns } from "../../core/mod.ts";
import type { TriedBefore } from "../evaluation/money_scores.ts";

/** Runs that were scored to the end; none of the trials of a sweep, which are scored on validation rows alone. */
const SCORED = "attributes.status = 'FINISHED' AND metrics.test_days > 0";

/** Counts what was ever tried, and collects the Sharpe ratios of what came to one and is still in the store. */
export async function triedBefore(tracker: Tracker, of: TrialsOf): Promise<TriedBefore> {
  const count = await countTrials(tracker, of), sharpes: number[] = [];
  for await (const { metrics } of triedRuns(tracker, of, SCORED)) {
    const sharpe = metrics.find(({ key }) => key === "sharpe_daily_gross")?.value ?? NaN;
    if (Number.isFinite(sharpe)) sharpes.push(sharpe);
  }
  return { count, sharpes };
}
