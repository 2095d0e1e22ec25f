import bytes from "./kernel.wasm" with { type: "bytes" };

/** The inner loops in WebAssembly; numbers named after places are byte addresses in the shared memory. */
export interface Kernel {
  /** Adds rows to the histograms of groups of eight features; the result means nothing. */
  addRows(
    indices: number,
    rows: number,
    bins: number,
    stride: number,
    groups: number,
    records: number,
    histogram: number,
  ): number;
  /** Takes one histogram from another. */
  subtract(whole: number, part: number, bytes: number): void;
  /** Splits a span of row indices in two, in order; returns how many went left. */
  partition(
    indices: number,
    rows: number,
    bins: number,
    bin: number,
    missingLeft: number,
    left: number,
    right: number,
  ): number;
  /** Sums of a feature's histogram: gradient, hessian, rows, as f64. */
  total(histogram: number, rules: number, out: number): void;
  /** Replaces the split record by the feature's best where that is better. */
  findSplit(histogram: number, valueBins: number, feature: number, rules: number, split: number): void;
  /** Bins a stretch of one feature, into its column and into the rows. */
  binValues(values: number, rows: number, cuts: number, column: number, rowMajor: number, stride: number): void;
  /** Largest |score − label|. */
  maxResidual(labels: number, scores: number, rows: number): number;
  /** Gradients and hessians of the squared loss. */
  squaredRecords(labels: number, scores: number, rows: number, scale: number, records: number): void;
  /** Gradients and hessians of the pinball loss. */
  quantileRecords(labels: number, scores: number, rows: number, scale: number, level: number, records: number): void;
  /** Gradients and hessians of the logistic loss. */
  logisticRecords(
    labels: number,
    scores: number,
    rows: number,
    scale: number,
    hessianScale: number,
    records: number,
  ): void;
}

/** Bytes of a histogram entry. */
export const ENTRY_BYTES = 16;
/** Bins of a feature, the last one of missing values. */
export const BINS = 256;
/** The bin of missing values. */
export const MISSING_BIN = BINS - 1;
/** Features whose bins lie side by side and whose histograms are built together. */
export const GROUP_FEATURES = 8;
/** Bytes of a feature's histogram. */
export const FEATURE_BYTES: number = BINS * ENTRY_BYTES;
/** Bytes of a group's histogram. */
export const GROUP_BYTES: number = GROUP_FEATURES * FEATURE_BYTES;
/** Most rows that a histogram can count. */
export const MAX_ROWS: number = 2 ** 24 - 1;

/** Binds the kernel to a shared memory. */
export function instantiateKernel(memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return instance.exports as unknown as Kernel;
}
