/**
 * The inner loops of the histogram GBDT, in AssemblyScript; built to `../kernel.wasm` by `deno task build:kernels`.
 * Addresses are bytes in the one shared memory.
 *
 * A histogram holds, for each of eight features, 256 entries of 16 bytes: Σ gradient as i64, then
 * (Σ hessian << 24 | rows) as i64. Gradients and hessians are integers, so sums are exact in any order.
 *
 * @module
 */
export { binValues } from "./bins";
export { addRows, partition, subtract } from "./histogram";
export { logisticRecords, maxResidual, quantileRecords, squaredRecords } from "./records";
export { findSplit, total } from "./split";
