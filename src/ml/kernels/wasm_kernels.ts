/**
 * Replacements for kernels of the tfjs 4.22.0 WASM backend that training spends its time in. Only a matrix product of
 * batch 1 without transposes reaches XNNPACK there; every gradient's product is transposed and falls to a scalar loop
 * about twenty times slower, and so does the sum over rows that a bias gradient is. They reach into the backend's
 * internals, hence the exact version pin and the test against the cpu backend.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";

interface TensorRef {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: tf.DataType;
}

/** What is used of the backend's insides. */
interface WasmBackendInternals {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: object): { readonly id: number } };
  makeOutput(shape: readonly number[], dtype: "float32"): TensorRef;
  typedArrayFromHeap(tensor: TensorRef): Float32Array;
  disposeData(dataId: object): boolean;
}

/** What is used of the emscripten module. */
interface WasmModule {
  /** Replaced whenever the heap grows: read it anew each time. */
  readonly HEAP32: Int32Array;
  _malloc(bytes: number): number;
  _BatchMatMul(
    a: number,
    aShape: number,
    aRank: number,
    b: number,
    bShape: number,
    bRank: number,
    transposeA: number,
    transposeB: number,
    out: number,
  ): void;
}

type KernelArgs = { inputs: Record<string, TensorRef>; attrs: Record<string, unknown>; backend: unknown };
type KernelFunction = (args: KernelArgs) => TensorRef;

let installed = false;

/** Installs the kernels on the current backend, which must be `wasm`; later calls do nothing. */
export function installWasmKernels(): void {
  if (tf.getBackend() !== "wasm") {
    throw new Error(`Cannot install the kernels as the backend is not wasm: current value is '${tf.getBackend()}'`);
  }
  if (installed) return;
  installed = true;
  const backend = tf.backend() as unknown as WasmBackendInternals;
  const multiply = xnnpackMultiply(backend);
  replaceKernel("BatchMatMul", (stock) => batchMatMul(backend, multiply, stock));
  replaceKernel("Sum", (stock) => sumOverRows(backend, multiply, stock));
}

/** `out = a · b` of row-major `[rows, inner]` and `[inner, columns]`. */
type Multiply = (
  a: TensorRef,
  b: TensorRef,
  size: { readonly rows: number; readonly inner: number; readonly columns: number },
  out: TensorRef,
) => void;

function xnnpackMultiply(backend: WasmBackendInternals): Multiply {
  const { wasm } = backend;
  const shapesAt = wasm._malloc(24) >>> 0; // two shapes of three int32, kept for the backend's life
  const idOf = (tensor: TensorRef) => backend.dataIdMap.get(tensor.dataId).id;
  return (a, b, { rows, inner, columns }, out) => {
    wasm.HEAP32.set([1, rows, inner, 1, inner, columns], shapesAt >>> 2);
    wasm._BatchMatMul(idOf(a), shapesAt, 3, idOf(b), shapesAt + 12, 3, 0, 0, idOf(out));
  };
}

/** Products of two matrices: operands are transposed first, which costs far less than the scalar loop. */
function batchMatMul(backend: WasmBackendInternals, multiply: Multiply, stock: KernelFunction): KernelFunction {
  const transpose = tf.getKernel("Transpose", "wasm").kernelFunc as unknown as KernelFunction;
  return (args) => {
    const a = args.inputs["a"]!, b = args.inputs["b"]!;
    const { transposeA, transposeB } = args.attrs as { transposeA: boolean; transposeB: boolean };
    if ((!transposeA && !transposeB) || batchOf(a) !== 1 || batchOf(b) !== 1) return stock(args);
    const flipped = (tensor: TensorRef) => {
      const rank = tensor.shape.length;
      const perm = tensor.shape.map((_, axis) => axis);
      [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
      return transpose({ inputs: { x: tensor }, attrs: { perm }, backend });
    };
    const left = transposeA ? flipped(a) : a, right = transposeB ? flipped(b) : b;
    const rows = left.shape.at(-2)!, inner = left.shape.at(-1)!, columns = right.shape.at(-1)!;
    const leading = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    const out = backend.makeOutput([...leading, rows, columns], "float32");
    if (rows * inner * columns === 0) backend.typedArrayFromHeap(out).fill(0);
    else multiply(left, right, { rows, inner, columns }, out);
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return out;
  };
}

/** Sums over leading axes as the product of a row of ones with the matrix. */
function sumOverRows(backend: WasmBackendInternals, multiply: Multiply, stock: KernelFunction): KernelFunction {
  return (args) => {
    const x = args.inputs["x"]!, rank = x.shape.length;
    const { axis, keepDims } = args.attrs as { axis: number | number[] | null; keepDims: boolean };
    const axes = axis === null || axis === undefined ? x.shape.map((_, i) => i) : [axis].flat();
    const sorted = axes.map((value) => value < 0 ? value + rank : value).sort((p, q) => p - q);
    const isLeading = sorted.length > 0 && sorted.length < rank && sorted.every((value, i) => value === i);
    if (!isLeading || x.dtype !== "float32" || sizeOf(x.shape) === 0) return stock(args);
    const kept = x.shape.slice(sorted.length);
    const inner = sizeOf(x.shape.slice(0, sorted.length));
    const ones = backend.makeOutput([1, inner], "float32");
    backend.typedArrayFromHeap(ones).fill(1);
    const out = backend.makeOutput(keepDims ? [...sorted.map(() => 1), ...kept] : kept, "float32");
    multiply(ones, x, { rows: 1, inner, columns: sizeOf(kept) }, out);
    backend.disposeData(ones.dataId);
    return out;
  };
}

function replaceKernel(kernelName: string, make: (stock: KernelFunction) => KernelFunction): void {
  const stock = tf.getKernel(kernelName, "wasm").kernelFunc as unknown as KernelFunction;
  tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: make(stock) as unknown as tf.KernelFunc });
}

function batchOf(tensor: TensorRef): number {
  return sizeOf(tensor.shape.slice(0, -2));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
