import type { Kernel } from "./kernel/kernel.ts";
import type { BinnableColumns, GbdtJob } from "./protocol.ts";
import { cutsOf, rowsForCuts } from "./binning.ts";
import { BLOCK_ROWS, CUT_PLACES, type TrainingMemory } from "./training_memory.ts";

/** Writes cuts, and the bins of rows, into the memory of a team. */
export class Binner {
  readonly #memory: TrainingMemory;
  readonly #kernel: Kernel;
  readonly #member: number;

  /** @param member Thread whose room is used. */
  constructor(memory: TrainingMemory, kernel: Kernel, member = 0) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#member = member;
  }

  /** Sets the cuts of a feature, ascending. */
  setCuts(feature: number, cuts: Float32Array): void {
    const memory = this.#memory;
    memory.cuts.subarray(feature * CUT_PLACES, (feature + 1) * CUT_PLACES).fill(NaN).set(cuts);
    memory.valueBins[feature] = cuts.length + 1;
  }

  /** Bins rows `[from, to)` of the columns, at most a block, as the memory's rows from `firstRow` on. */
  binBlock(columns: readonly Float32Array[], from: number, to: number, firstRow: number): void {
    const memory = this.#memory, address = memory.valuesAddress(this.#member);
    const values = new Float32Array(memory.memory.buffer, address, BLOCK_ROWS);
    columns.forEach((column, feature) => {
      values.set(column.subarray(from, to));
      this.#kernel.binValues(
        ...[address, to - from, memory.cutsAddress(feature), memory.binColumnAddress(feature, firstRow)] as const,
        ...[memory.binRowAddress(feature, firstRow), memory.rowBytes] as const,
      );
    });
  }
}

/** A loop whose tasks may run in any order, side by side. */
export interface BinningStage {
  readonly tasks: number;
  run(task: number): void;
}

/** Chooses the cuts of each feature on training rows alone, then bins training and validation rows, stage by stage. */
export function binningStages(
  { train, validation }: BinnableColumns,
  { shape, options }: Pick<GbdtJob, "shape" | "options">,
  binner: Binner,
): readonly BinningStage[] {
  const sample = rowsForCuts(shape.trainRows, options.seed), room = new Float32Array(sample.length);
  const binning = (columns: readonly Float32Array[], rows: number, firstRow: number): BinningStage => ({
    tasks: Math.ceil(rows / BLOCK_ROWS),
    run(block) {
      const from = block * BLOCK_ROWS;
      binner.binBlock(columns, from, Math.min(from + BLOCK_ROWS, rows), firstRow + from);
    },
  });
  return [
    {
      tasks: shape.features,
      run: (feature) => binner.setCuts(feature, cutsOf(train[feature]!, sample, room, options.maxBins)),
    },
    binning(train, shape.trainRows, 0),
    binning(validation, shape.validationRows, shape.trainRows),
  ];
}
