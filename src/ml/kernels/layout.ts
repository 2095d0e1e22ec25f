import * as tf from "@tensorflow/tfjs-core";
import {
  FLOAT_BYTES,
  type HeapArray,
  type KernelContext,
  type KernelFunction,
  setWasmKernel,
  sizeOf,
  type TensorRef,
  wasmKernel,
} from "./backend_internals.ts";

/**
 * Kernels that only move values: `Transpose` of the last two axes, `Slice`, `SplitV`, `Unpack`, `Identity`, `StridedSlice`,
 * `Reverse`.
 *
 * Stock copies the whole input out of the heap for each slice and for each part of a split (27 ms for 16 k rows of a
 * 16 M tensor, 0.02 here), and copies a tensor to clone it, which the gradient tape does all the time. The last two are
 * stock's, right for whole numbers and booleans too.
 */
export function installLayout(context: KernelContext): void {
  setWasmKernel("Transpose", transpose(context, wasmKernel("Transpose")));
  setWasmKernel("Slice", slice(context, wasmKernel("Slice")));
  setWasmKernel("SplitV", splitV(context, wasmKernel<TensorRef[]>("SplitV")));
  setWasmKernel("Unpack", unpack(context, wasmKernel<TensorRef[]>("Unpack")));
  setWasmKernel("StridedSlice", throughInt32(context, stridedSlice(context, wasmKernel("StridedSlice"))));
  setWasmKernel("Reverse", throughInt32(context, wasmKernel("Reverse")));
  setWasmKernel("Identity", identity(context, wasmKernel("Identity")));
}

function transpose({ backend, simd, pointerOf }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const x = args.inputs["x"]!, { perm } = args.attrs as { perm: number[] }, rank = perm.length;
    const swapsLastTwo = rank >= 2 && perm[rank - 1] === rank - 2 && perm[rank - 2] === rank - 1 &&
      perm.slice(0, -2).every((from, to) => from === to);
    // Stock divides by a length of zero.
    if (sizeOf(x.shape) === 0) return backend.makeOutput(perm.map((from) => x.shape[from]!), x.dtype);
    if (!swapsLastTwo || x.dtype !== "float32") return stock(args);
    const leading = x.shape.slice(0, -2), rows = x.shape.at(-2)!, columns = x.shape.at(-1)!;
    const out = backend.makeOutput([...leading, columns, rows], "float32");
    const bytes = rows * columns * FLOAT_BYTES;
    for (let i = 0; i < sizeOf(leading); i++) {
      simd.transpose(pointerOf(x) + i * bytes, pointerOf(out) + i * bytes, rows, columns);
    }
    return out;
  };
}

function slice({ backend }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const x = args.inputs["x"]!;
    if (x.dtype === "string" || x.shape.length === 0) return stock(args);
    const { begin, size } = args.attrs as { begin: number | number[]; size?: number | number[] };
    const [first, sizes] = tf.slice_util.parseSliceParams(asTensor(x), begin, size);
    tf.slice_util.assertParamsValid(asTensor(x), first!, sizes!);
    const out = backend.makeOutput(sizes!, x.dtype);
    copyBox(backend.typedArrayFromHeap(x), x.shape, first!, sizes!, backend.typedArrayFromHeap(out));
    return out;
  };
}

/** Copies a box out of a row-major tensor, run by run of values that lie side by side. */
function copyBox(
  from: HeapArray,
  shape: readonly number[],
  begin: readonly number[],
  sizes: readonly number[],
  to: HeapArray,
): void {
  if (to.length === 0) return;
  // Axes behind `axis` are whole, so a run of it and them is one.
  let axis = shape.length - 1, inner = 1;
  while (axis > 0 && sizes[axis] === shape[axis]) inner *= shape[axis--]!;
  const run = sizes[axis]! * inner;
  const position = begin.slice(0, axis);
  for (let written = 0; written < to.length; written += run) {
    let start = 0;
    for (let i = 0; i < axis; i++) start = (start + position[i]!) * shape[i + 1]!;
    copyRun(from, (start + begin[axis]!) * inner, to, written, run);
    for (let i = axis - 1; i >= 0; i--) {
      position[i]!++;
      if (position[i]! < begin[i]! + sizes[i]!) break;
      position[i] = begin[i]!;
    }
  }
}

/** Below this a loop is faster than `set` with a view of its own. */
const SHORT_RUN = 48;

function copyRun(from: HeapArray, start: number, to: HeapArray, at: number, run: number): void {
  if (run >= SHORT_RUN) to.set(from.subarray(start, start + run), at);
  else for (let i = 0; i < run; i++) to[at + i] = from[start + i]!;
}

function splitV(context: KernelContext, stock: KernelFunction<TensorRef[]>): KernelFunction<TensorRef[]> {
  return (args) => {
    const x = args.inputs["x"]!;
    if (x.dtype === "string") return stock(args);
    const { numOrSizeSplits, axis } = args.attrs as { numOrSizeSplits: number | number[]; axis: number };
    const along = axis < 0 ? axis + x.shape.length : axis;
    const sizes = tf.backend_util.prepareSplitSize(asTensor(x), numOrSizeSplits, along);
    const parts = sizes.map((size) => ({ size, shape: x.shape.with(along, size) }));
    return split(context, x, along, parts);
  };
}

function unpack(context: KernelContext, stock: KernelFunction<TensorRef[]>): KernelFunction<TensorRef[]> {
  return (args) => {
    const x = args.inputs["value"]!;
    if (x.dtype === "string") return stock(args);
    const { axis } = args.attrs as { axis: number };
    const along = axis < 0 ? axis + x.shape.length : axis;
    const part = { size: 1, shape: x.shape.toSpliced(along, 1) };
    return split(context, x, along, new Array(x.shape[along]!).fill(part));
  };
}

/** All parts in one pass over the input. */
function split(
  { backend }: KernelContext,
  x: TensorRef,
  axis: number,
  parts: readonly { readonly size: number; readonly shape: readonly number[] }[],
): TensorRef[] {
  const outs = parts.map(({ shape }) => backend.makeOutput(shape, x.dtype));
  const from = backend.typedArrayFromHeap(x), to = outs.map((out) => backend.typedArrayFromHeap(out));
  const blocks = sizeOf(x.shape.slice(0, axis)), inner = sizeOf(x.shape.slice(axis + 1));
  let start = 0;
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < parts.length; i++) {
      const run = parts[i]!.size * inner;
      copyRun(from, start, to[i]!, block * run, run);
      start += run;
    }
  }
  return outs;
}

/** Stock says float32 of whole numbers that it has copied bit by bit. */
function stridedSlice({ backend }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const { dtype } = args.inputs["x"]!, copied = stock(args);
    if (copied.dtype === dtype) return copied;
    const out = backend.makeOutput(copied.shape, dtype);
    const { buffer, byteOffset, length } = backend.typedArrayFromHeap(copied);
    backend.typedArrayFromHeap(out).set(new Int32Array(buffer, byteOffset, length));
    backend.disposeData(copied.dataId);
    return out;
  };
}

/** Stock moves four bytes a value, where a boolean has one: it reads, and writes, past the tensor. */
function throughInt32({ backend }: KernelContext, wide: KernelFunction): KernelFunction {
  const cast = (x: TensorRef, dtype: tf.DataType) => wasmKernel("Cast")({ inputs: { x }, attrs: { dtype }, backend });
  return (args) => {
    const x = args.inputs["x"]!;
    if (x.dtype !== "bool") return wide(args);
    const widened = cast(x, "int32");
    try {
      const moved = wide({ ...args, inputs: { x: widened } }), out = cast(moved, "bool");
      backend.disposeData(moved.dataId);
      return out;
    } finally {
      backend.disposeData(widened.dataId);
    }
  };
}

/** A clone shares the data, as `Reshape` does; tensors are never changed in place. */
function identity({ backend }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const { dataId, shape, dtype } = args.inputs["x"]!;
    if (dtype === "string") return stock(args);
    backend.incRef(dataId);
    return { dataId, shape, dtype };
  };
}

/** Helpers of tfjs take a tensor where they read its shape only. */
function asTensor(tensor: TensorRef): tf.Tensor {
  return tensor as unknown as tf.Tensor;
}
