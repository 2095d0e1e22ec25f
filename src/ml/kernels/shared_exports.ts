/** What `simd/train.wasm` and `simd/tensor.wasm` both export; pointers are bytes. */
export interface SharedExports {
  denseForward(
    x: number,
    kernel: number,
    bias: number,
    out: number,
    rows: number,
    inputs: number,
    units: number,
    relu: number,
  ): void;
  transpose(x: number, y: number, rows: number, columns: number): void;
  jointLoss(
    heads: number,
    targets: number,
    levels: number,
    quantiles: number,
    sums: number,
    rows: number,
    stride: number,
    bound: number,
    directionScale: number,
    volatilityScale: number,
    quantilesScale: number,
  ): void;
}
