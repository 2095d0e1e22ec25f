import type { SharedExports } from "./shared_exports.ts";
import trainBytes from "./simd/train.wasm" with { type: "bytes" };

/** Exports of `simd/train.wasm`; pointers are bytes. Sources and contracts are in `simd/train.as.ts`. */
export interface TrainExports extends SharedExports {
  denseWeightGradient(
    x: number,
    delta: number,
    kernelGradient: number,
    biasGradient: number,
    rows: number,
    inputs: number,
    units: number,
  ): void;
  denseInputGradient(
    delta: number,
    kernelTransposed: number,
    x: number,
    out: number,
    rows: number,
    inputs: number,
    units: number,
  ): void;
  sumOfSquares(x: number, count: number): number;
  adamW(
    weights: number,
    gradient: number,
    means: number,
    squares: number,
    decays: number,
    count: number,
    gradientScale: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    stepSize: number,
    squareScale: number,
    decay: number,
  ): void;
}

/** Values in the module's memory. */
export interface Span<T> {
  /** Where they begin, in bytes. */
  readonly pointer: number;
  /** A view that holds until the next allocation: read it anew rather than keep it. */
  readonly values: T;
}

const PAGE_BYTES = 65536;
/** Below it nothing is allocated, so that a pointer of 0 is a mistake. */
const FIRST_POINTER = 64;

/** An instance of the training functions with a memory of its own, from which spans are taken and never given back. */
export class TrainModule {
  readonly functions: TrainExports;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #end = FIRST_POINTER;

  /** Compiles a few kilobytes. */
  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trainBytes), { env: { memory: this.#memory } });
    this.functions = exports as unknown as TrainExports;
  }

  /** Zeros. */
  floats(count: number): Span<Float32Array> {
    return this.#span(count, Float32Array);
  }

  /** Zeros. */
  doubles(count: number): Span<Float64Array> {
    return this.#span(count, Float64Array);
  }

  #span<T extends Float32Array | Float64Array>(
    count: number,
    View: { new (buffer: ArrayBufferLike, offset: number, count: number): T; readonly BYTES_PER_ELEMENT: number },
  ): Span<T> {
    const pointer = this.#end, memory = this.#memory;
    this.#end = (pointer + count * View.BYTES_PER_ELEMENT + 63) & ~63;
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    let view = new View(memory.buffer, pointer, count);
    return {
      pointer,
      get values() {
        if (view.buffer !== memory.buffer) view = new View(memory.buffer, pointer, count); // grown since
        return view;
      },
    };
  }
}
