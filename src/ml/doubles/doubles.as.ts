/**
 * Inner loops over float64, two lanes at a time, in AssemblyScript; built to `doubles.wasm` by `deno task build:simd`. A
 * multiplication and an addition rather than one fused instruction, in one fixed order: to the bit what plain loops give.
 *
 * @module
 */
export { addOuterProducts } from "./assembly/outer_products";
export { dense } from "./assembly/products";
