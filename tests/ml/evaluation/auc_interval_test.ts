import { assert } from "@std/assert";
import { seededRandom } from "../../../src/core/mod.ts";
import { blockPairs, weightedArea } from "../../../src/ml/evaluation/auc.ts";
import { bootstrap } from "../../../src/ml/evaluation/block_bootstrap.ts";
import { normalCdf } from "../../../src/ml/evaluation/inference/distributions.ts";

Deno.test("the block interval of the AUC covers the truth about as often as it says, also where blocks differ", {
  permissions: "none",
}, () => {
  const samples = 200, blocks = 40, rowsOfBlock = 30, skill = 0.3;
  let covered = 0, width = 0;
  for (let seed = 0; seed < samples; seed++) {
    const random = seededRandom(seed), length = blocks * rowsOfBlock;
    // Ups score higher by `skill` on average; scores and outcomes of a block lean to a side of their own.
    const lean = Float64Array.from({ length: blocks }, () => 0.3 * random.normal());
    const blockOf = (row: number) => Math.floor(row / rowsOfBlock);
    const outcomes = Int8Array.from({ length }, (_, row) => random.normal() + lean[blockOf(row)]! > 0 ? 1 : 0);
    const scores = Float32Array.from(outcomes, (up) => skill * up + random.normal());
    const pairs = blockPairs({ scores, outcomes }, { blocks, blockOf });
    const { low, high } = bootstrap(blocks, (weights) => weightedArea(pairs, weights), { resamples: 300, seed: 1 });
    const truth = normalCdf(skill / Math.SQRT2);
    covered += Number(low <= truth && truth <= high);
    width += (high - low) / samples;
  }
  assert(covered / samples > 0.91 && covered / samples < 0.985, `${covered / samples}`);
  // Hanley & McNeil's error of independent rows, 600 of each class, is .0164: a width of .064.
  assert(width > 0.05 && width < 0.08, `${width}`);
});
