import bytes from "./kernel.wasm" with { type: "bytes" };

/** The inner loops in WebAssembly; numbers named after places are byte addresses in the shared memory. */
export interface Kernel {
  /** Empties the histograms of some features. */
  clear(histogram: number, features: number): void;
  /** Adds rows to the histograms of some features; the result means nothing. */
  addRows(
    indices: number,
    rows: number,
    bins: number,
    stride: number,
    moves: number,
    moveCount: number,
    features: number,
    gradients: number,
    hessians: number,
    room: number,
    histogram: number,
  ): number;
  /** Sums histograms into one and takes that from another, unless its address is 0. */
  merge(part: number, stride: number, parts: number, whole: number, rest: number, bytes: number): void;
  /** Splits a span of row indices in two, in order; returns how many went left. */
  partition(
    indices: number,
    rows: number,
    bins: number,
    stride: number,
    bin: number,
    missingLeft: number,
    room: number,
  ): number;
  /** Adds a value to the scores of some rows. */
  addToScores(indices: number, rows: number, value: number, scores: number): void;
  /** Sum of a feature's histogram, an entry. */
  sum(histogram: number, out: number): void;
  /** An entry's gradient, hessian, rows, as f64. */
  total(entry: number, rules: number, out: number): void;
  /** Replaces the split record by the feature's best where that is better. */
  findSplit(
    histogram: number,
    whole: number,
    valueBins: number,
    feature: number,
    rules: number,
    split: number,
  ): void;
  /** Bins a stretch of one feature, into its column and into the rows. */
  binValues(values: number, rows: number, cuts: number, column: number, rowMajor: number, stride: number): void;
  /** Largest |score − label|. */
  maxResidual(labels: number, scores: number, rows: number): number;
  /** Gradients of the squared loss. */
  squaredGradients(labels: number, scores: number, rows: number, scale: number, gradients: number): void;
  /** Gradients of the pinball loss. */
  quantileGradients(
    labels: number,
    scores: number,
    rows: number,
    scale: number,
    level: number,
    gradients: number,
  ): void;
  /** Gradients and hessians of the logistic loss. */
  logisticGradients(
    labels: number,
    scores: number,
    rows: number,
    scale: number,
    hessianScale: number,
    gradients: number,
    hessians: number,
  ): void;
}

/** Bytes of a histogram entry. */
export const ENTRY_BYTES = 16;
/** Bins of a feature, the last one of missing values. */
export const BINS = 256;
/** The bin of missing values. */
export const MISSING_BIN = BINS - 1;
/** Bytes of a feature's histogram. */
export const FEATURE_BYTES: number = BINS * ENTRY_BYTES;
/** A row's bins begin at a multiple of this, and are moved in chunks of it. */
export const CHUNK_BINS = 16;
/** Bytes of a move of such a chunk: u32 from, u32 to, u32 whether it is the first there, u32 unused, 16 lanes. */
export const MOVE_BYTES = 32;
const ADD_ROWS_BLOCK = 512;
/** Bytes that `addRows` works in, for rows of so many bytes. */
export const addRowsRoomBytes = (rowBytes: number): number => ADD_ROWS_BLOCK * (rowBytes + ENTRY_BYTES + 4);
/** Most rows that a histogram can count. */
export const MAX_ROWS: number = 2 ** 24 - 1;

/** Binds the kernel to a shared memory. */
export function instantiateKernel(memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return instance.exports as unknown as Kernel;
}
