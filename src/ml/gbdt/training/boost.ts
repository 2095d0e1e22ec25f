import { seededRandom } from "../../../core/mod.ts";
import { instantiateKernel } from "./kernel/kernel.ts";
import { Binner, binningStages } from "./bin_rows.ts";
import type { BoostOutcome, GbdtJob, StopReason, TreeReport } from "./protocol.ts";
import { OwnRows } from "./own_rows.ts";
import { RowSampler } from "./row_sampler.ts";
import { Scores } from "./scores.ts";
import { Team } from "./team.ts";
import { TrainingMemory } from "./training_memory.ts";
import { TreeGrower } from "./tree_grower.ts";
import type { Tree } from "../gbdt_model.ts";

/**
 * Gradient boosting (Friedman 2001) with second-order leaf weights (Chen & Guestrin 2016) on binned features: the
 * program that every thread of a team runs. Each thread decides everything for itself from the same shared figures, so
 * nothing is sent around and every thread ends with the same trees.
 */
export function boost(
  job: GbdtJob,
  member: number,
  onTree: (report: TreeReport) => void = () => {},
): BoostOutcome {
  const { options, featureNames } = job;
  const memory = TrainingMemory.attach(job.memory, job.shape);
  const team = new Team(memory.control, member, job.shape.members);
  const kernel = instantiateKernel(job.memory);
  const startMs = performance.now();
  if (job.columns !== undefined) {
    const stages = binningStages(job.columns, job, new Binner(memory, kernel, member));
    for (const { tasks, run } of stages) team.forEach(tasks, run);
  }
  const binnedMs = performance.now();

  const directions = Int8Array.from(featureNames, (name) => options.monotone[name] ?? 0);
  const grower = new TreeGrower(memory, kernel, team, options, directions);
  const own = new OwnRows(memory, member), sampler = new RowSampler(memory, own, options);
  const scores = new Scores({ memory, kernel, team, own }, { ...options, hasStartScores: job.hasStartScores });
  const isSampling = options.rowFraction < 1 || options.columnFraction < 1;
  const columnRandom = seededRandom(options.seed);

  const trees: Tree[] = [], validationLosses: number[] = [];
  let bestTrees = 0, bestLoss = scores.validationLoss(), stopReason: StopReason = "trees";
  while (trees.length < options.trees) {
    const rows = sampler.draw(trees.length);
    const units = scores.writeGradients();
    const features = pickColumns(featureNames.length, options.columnFraction, columnRandom);
    const grown = grower.grow({ rows, ...units, features });
    if (grown.leaves.length === 1 && !isSampling) {
      stopReason = "no-gain";
      break;
    }
    if (grown.leaves.length > 1) scores.addTree(grown);
    trees.push(grown.tree);
    const validationLoss = scores.validationLoss();
    if (validationLoss !== undefined) {
      validationLosses.push(validationLoss);
      if (validationLoss < bestLoss!) {
        bestLoss = validationLoss;
        bestTrees = trees.length;
      }
    }
    onTree({ trees: trees.length, validationLoss });
    if (validationLoss !== undefined && trees.length - bestTrees >= options.patience) {
      stopReason = "patience";
      break;
    }
  }
  return {
    baseScore: scores.baseScore,
    trees: trees.slice(0, bestLoss === undefined ? trees.length : bestTrees),
    grownTrees: trees.length,
    validationLosses,
    stopReason,
    timing: { binningMs: binnedMs - startMs, treesMs: performance.now() - binnedMs },
  };
}

/** Features that a tree may split on, ascending: at least one. */
function pickColumns(features: number, fraction: number, random: ReturnType<typeof seededRandom>): Uint32Array {
  const order = Uint32Array.from({ length: features }, (_, i) => i);
  if (fraction === 1) return order;
  const left = features - Math.max(1, Math.round(fraction * features));
  for (let i = 0; i < left; i++) {
    const j = i + random.integer(features - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order.subarray(left).sort();
}
