import { blockPairs, type RankedRows, weightedArea } from "./auc.ts";
import { bootstrap, type DayBlocks, type Interval95 } from "./block_bootstrap.ts";
import { SEED } from "./paired_gains.ts";

/** Resamples of the area under the curve, which costs more than a mean (evaluation section 5). */
const RESAMPLES = 500;

/** The area under the ROC curve with its interval over blocks of days: rows are ranked once, blocks weighted. */
export function areaInterval(rows: RankedRows, blocks: DayBlocks): Interval95 {
  const pairs = blockPairs(rows, { blocks: blocks.count, blockOf: (row) => blocks.of(row) });
  return bootstrap(blocks.count, (weights) => weightedArea(pairs, weights), { resamples: RESAMPLES, seed: SEED });
}
