// asc: --enable threads --sharedMemory --initialMemory 1 --maximumMemory 65536
/**
 * The inner loops of the histogram GBDT, in AssemblyScript; built to `kernel.wasm` by `deno task build:simd`.
 * Addresses are bytes in the one shared memory.
 *
 * A histogram holds, for each feature, 256 entries of 16 bytes: Σ gradient as i64, then
 * (Σ hessian << 24 | rows) as i64. Gradients and hessians are integers, so sums are exact in any order.
 *
 * @module
 */
export { binValues } from "./assembly/bins";
export { logisticGradients, maxResidual, quantileGradients, squaredGradients } from "./assembly/gradients";
export { addRows, clear, merge } from "./assembly/histogram";
export { addToScores, partition } from "./assembly/rows";
export { findSplit, sum, total } from "./assembly/split";
