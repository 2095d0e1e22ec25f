import {
  type KernelContext,
  type KernelFunction,
  setWasmKernel,
  sizeOf,
  type TensorRef,
  wasmKernel,
} from "./backend_internals.ts";

/**
 * `Sum` over leading axes and `UnsortedSegmentSum`.
 *
 * Stock transposes a tensor before it sums over its leading axes, which is what the gradient of every bias is: 1.0 ms for
 * a million values, 0.07 here; and leaves the sum of no values unset. It has no segment sum, so the gradients of `gather` and
 * of an embedding fail.
 */
export function installSums(context: KernelContext): void {
  setWasmKernel("Sum", sumOverLeadingAxes(context, wasmKernel("Sum")));
  setWasmKernel("UnsortedSegmentSum", unsortedSegmentSum(context));
}

function sumOverLeadingAxes({ backend, simd, pointerOf }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const x = args.inputs["x"]!, rank = x.shape.length;
    const { axis, keepDims } = args.attrs as { axis: number | number[] | null; keepDims: boolean };
    const axes = axis === null || axis === undefined ? x.shape.map((_, i) => i) : [axis].flat();
    const sorted = axes.map((value) => value < 0 ? value + rank : value).sort((p, q) => p - q);
    if (sizeOf(x.shape) === 0) {
      const shape = keepDims ? x.shape.map((length, i) => sorted.includes(i) ? 1 : length) : withoutAxes(x, sorted);
      const zeros = backend.makeOutput(shape, x.dtype);
      backend.typedArrayFromHeap(zeros).fill(0);
      return zeros;
    }
    const isLeading = sorted.length > 0 && sorted.length < rank && sorted.every((value, i) => value === i);
    if (!isLeading || x.dtype !== "float32") return stock(args);
    const kept = x.shape.slice(sorted.length);
    const out = backend.makeOutput(keepDims ? [...sorted.map(() => 1), ...kept] : kept, "float32");
    simd.columnSums(pointerOf(x), pointerOf(out), sizeOf(x.shape.slice(0, sorted.length)), sizeOf(kept));
    return out;
  };
}

function withoutAxes({ shape }: TensorRef, axes: readonly number[]): number[] {
  return shape.filter((_, i) => !axes.includes(i));
}

/** Ids below zero belong nowhere, as in TensorFlow. */
function unsortedSegmentSum({ backend }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const x = inputs["x"]!, segmentIds = inputs["segmentIds"]!;
    const { numSegments } = attrs as { numSegments: number };
    const kept = x.shape.slice(segmentIds.shape.length), width = sizeOf(kept);
    const out = backend.makeOutput([numSegments, ...kept], x.dtype);
    const from = backend.typedArrayFromHeap(x), ids = backend.typedArrayFromHeap(segmentIds);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    for (let row = 0; row < ids.length; row++) {
      const segment = ids[row]!;
      if (segment < 0 || segment >= numSegments) continue;
      for (let j = 0; j < width; j++) sums[segment * width + j]! += from[row * width + j]!;
    }
    return out;
  };
}
