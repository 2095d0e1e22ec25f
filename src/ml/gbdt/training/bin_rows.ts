import { cutsOf, rowsForCuts } from "./binning.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { GbdtJob } from "./protocol.ts";
import type { Team } from "./team.ts";
import { BLOCK_ROWS, CUT_PLACES, type TrainingMemory } from "./training_memory.ts";

/** Chooses the cuts of each feature on training rows alone, then bins training and validation rows. */
export function binAllRows(job: GbdtJob, memory: TrainingMemory, kernel: Kernel, team: Team): void {
  const { shape, options, train, validation } = job, { features } = shape;
  const sample = rowsForCuts(shape.trainRows, options.seed);
  team.forEach(features, (feature) => {
    const cuts = cutsOf(train[feature]!, sample, options.maxBins);
    const places = memory.cuts.subarray(feature * CUT_PLACES, (feature + 1) * CUT_PLACES).fill(NaN);
    places.set(cuts);
    memory.valueBins[feature] = cuts.length + 1;
  });
  const valuesAddress = memory.valuesAddress(team.member);
  const values = new Float32Array(memory.memory.buffer, valuesAddress, BLOCK_ROWS);
  const binColumns = (columns: readonly Float32Array[], rows: number, firstRow: number) => {
    team.forEach(Math.ceil(rows / BLOCK_ROWS), (block) => {
      const from = block * BLOCK_ROWS, to = Math.min(from + BLOCK_ROWS, rows), row = firstRow + from;
      for (let feature = 0; feature < features; feature++) {
        values.set(columns[feature]!.subarray(from, to));
        const column = memory.binColumnAddress(feature, row), rowMajor = memory.binRowAddress(feature, row);
        kernel.binValues(valuesAddress, to - from, memory.cutsAddress(feature), column, rowMajor, memory.rowBytes);
      }
    });
  };
  binColumns(train, shape.trainRows, 0);
  binColumns(validation, shape.validationRows, shape.trainRows);
}
