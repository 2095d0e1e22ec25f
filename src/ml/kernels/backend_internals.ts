import * as tf from "@tensorflow/tfjs-core";
import type { SharedExports } from "./shared_exports.ts";
import { version_layers as layersVersion } from "@tensorflow/tfjs-layers";
import { version_wasm as wasmBackendVersion } from "@tensorflow/tfjs-backend-wasm";

/** The tfjs whose insides these kernels reach into. */
export const TFJS_VERSION = "4.22.0";

/** What a kernel is given and gives back: a handle of the backend's data. */
export interface TensorRef {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: tf.DataType;
}

/** What is used of the backend's insides. */
export interface WasmBackendInternals {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  /** May grow the heap, after which views taken before it are detached. */
  makeOutput(shape: readonly number[], dtype: tf.DataType): TensorRef;
  /** A view; take it after the last {@linkcode makeOutput}. */
  typedArrayFromHeap(tensor: TensorRef): HeapArray;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** A view of tensor values in the heap; booleans are bytes. */
export type HeapArray = Float32Array | Int32Array | Uint8Array;

/** What is used of the emscripten module. */
interface WasmModule {
  /** Replaced whenever the heap grows: read it anew each time. */
  readonly HEAP32: Int32Array;
  /** The exports, among them the memory. */
  readonly asm: Readonly<Record<string, unknown>>;
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

/** Arguments of a kernel. */
export interface KernelArgs {
  readonly inputs: Readonly<Record<string, TensorRef>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: unknown;
}

/** A kernel as tfjs calls it. */
export type KernelFunction<Out = TensorRef> = (args: KernelArgs) => Out;

/** What every kernel of ours is made with. */
export interface KernelContext {
  readonly backend: WasmBackendInternals;
  readonly simd: SimdExports;
  /** Where a tensor lies in the heap, in bytes; not changed by growth. */
  pointerOf(tensor: TensorRef): number;
}

/** Exports of `simd/tensor.wasm`; pointers and strides are bytes. */
export interface SimdExports extends SharedExports {
  gemm(
    a: number,
    aRow: number,
    aInner: number,
    b: number,
    bRow: number,
    c: number,
    cRow: number,
    rows: number,
    columns: number,
    inner: number,
    accumulate: number,
  ): void;
  gemmTransposedA(a: number, b: number, out: number, rows: number, columnsA: number, columnsB: number): void;
  columnSums(x: number, sums: number, rows: number, columns: number): void;
  tanh(x: number, y: number, count: number): void;
  softplus(x: number, y: number, count: number): void;
  maskPositive(x: number, active: number, y: number, count: number): void;
}

/** Versions of tfjs at hand, by part; the layers register the gradients that call the kernels. */
export const TFJS_PARTS: Readonly<Record<string, string>> = {
  core: tf.version_core,
  layers: layersVersion,
  "backend-wasm": wasmBackendVersion,
};

/**
 * Refuses another tfjs than the one these kernels were checked with: they use its private parts, and a release that
 * moved one would compute something else without an error.
 *
 * @throws {Error} naming both versions.
 */
export function requireTfjsVersion(versions: Readonly<Record<string, string>>): void {
  for (const [part, version] of Object.entries(versions)) {
    if (version === TFJS_VERSION) continue;
    throw new Error(
      `Cannot install the kernels as they are checked against tfjs-${part} ${TFJS_VERSION}: current value is '${version}'`,
    );
  }
}

/** Kernel of the WASM backend by name, as registered now. */
export function wasmKernel<Out = TensorRef>(kernelName: string): KernelFunction<Out> {
  const kernel = tf.getKernel(kernelName, "wasm");
  if (kernel === undefined || kernel === null) throw new Error(`The WASM backend has no kernel '${kernelName}'`);
  return kernel.kernelFunc as unknown as KernelFunction<Out>;
}

/** Registers a kernel, in place of the stock one where there is one. */
export function setWasmKernel(kernelName: string, kernelFunc: KernelFunction<TensorRef | TensorRef[]>): void {
  const exists = tf.getKernelsForBackend("wasm").some((kernel) => kernel.kernelName === kernelName);
  if (exists) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

/** Values that a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes of a float32. */
export const FLOAT_BYTES = 4;
