/**
 * Inner loops over float64 in WebAssembly: to the bit what plain loops give, in a third of the time.
 *
 * @module
 */
import bytes from "./doubles.wasm" with { type: "bytes" };

/** Exports of `doubles.wasm`; pointers are bytes. Sources and contracts are in `doubles.as.ts`. */
interface DoublesExports {
  dense(
    kernel: number,
    bias: number,
    x: number,
    out: number,
    rows: number,
    inputs: number,
    units: number,
    relu: number,
  ): void;
  addOuterProducts(lower: number, values: number, weights: number, rows: number, size: number): void;
}

/** Rows that the loops take at once. */
export const LANE_ROWS = 4;

const PAGE_BYTES = 65536, DOUBLE_BYTES = 8, FLOAT_BYTES = 4;

/** The functions with the memory that their operands are copied into. */
class Doubles {
  readonly functions: DoublesExports;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #values = new Float64Array(this.#memory.buffer);
  #floats = new Float32Array(this.#memory.buffer);

  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.#memory } });
    this.functions = instance.exports as unknown as DoublesExports;
  }

  /** Float64 of a memory that holds at least so many. */
  values(atLeast: number): Float64Array {
    this.#require(atLeast);
    return this.#values;
  }

  /** The same memory as float32. */
  get floats(): Float32Array {
    return this.#floats;
  }

  #require(values: number): void {
    const missing = values * DOUBLE_BYTES - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#values = new Float64Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
  }
}

let doubles: Doubles | undefined;

/** A dense layer's numbers. */
export interface DenseNumbers {
  readonly inputs: number;
  readonly units: number;
  /** Row-major `[inputs, units]`. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Writes bias + x · kernel to `out`, zero in place of what is below it where `relu`.
 *
 * @param x `inputs` values a row, row-major.
 * @param out `units` values a row, row-major.
 * @param rows a multiple of {@linkcode LANE_ROWS}.
 */
export function denseRows(
  { kernel, bias, inputs, units }: DenseNumbers,
  x: Float64Array,
  out: Float64Array,
  { rows, relu }: { readonly rows: number; readonly relu: boolean },
): void {
  if (x.length < rows * inputs || kernel.length !== inputs * units || bias.length !== units || rows % LANE_ROWS !== 0) {
    const sizes = `${kernel.length} weights and ${bias.length} biases, ${rows} rows of ${x.length} values`;
    throw new RangeError(`Cannot take a layer of ${inputs}x${units}: it has ${sizes}`);
  }
  doubles ??= new Doubles();
  const floats = kernel.length + units,
    xAt = Math.ceil(floats / 2),
    outAt = xAt + rows * inputs,
    end = outAt + rows * units;
  const room = doubles.values(end);
  doubles.floats.set(kernel);
  doubles.floats.set(bias, kernel.length);
  room.set(x.subarray(0, rows * inputs), xAt);
  const [biasByte, xByte, outByte] = [FLOAT_BYTES * kernel.length, DOUBLE_BYTES * xAt, DOUBLE_BYTES * outAt];
  doubles.functions.dense(0, biasByte, xByte, outByte, rows, inputs, units, Number(relu));
  out.set(room.subarray(outAt, end));
}

/**
 * Adds Σ weight · x xᵀ of rows to the lower triangle of a row-major matrix.
 *
 * @param values row-major, as wide as the matrix.
 * @param weights one a row, a multiple of {@linkcode LANE_ROWS} of them.
 */
export function addOuterProducts(lower: Float64Array, values: Float64Array, weights: Float64Array): void {
  const rows = weights.length, size = values.length / rows;
  if (lower.length !== size ** 2 || rows % LANE_ROWS !== 0) {
    throw new RangeError(`Cannot add ${rows} rows of ${values.length} values to a matrix of ${lower.length} values`);
  }
  doubles ??= new Doubles();
  const valuesAt = lower.length, weightsAt = valuesAt + values.length;
  const room = doubles.values(weightsAt + rows);
  room.set(lower);
  room.set(values, valuesAt);
  room.set(weights, weightsAt);
  doubles.functions.addOuterProducts(0, DOUBLE_BYTES * valuesAt, DOUBLE_BYTES * weightsAt, rows, size);
  lower.set(room.subarray(0, lower.length));
}
