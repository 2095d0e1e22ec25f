import * as tf from "@tensorflow/tfjs-core";
import {
  FLOAT_BYTES,
  type HeapArray,
  type KernelArgs,
  type KernelContext,
  type KernelFunction,
  setWasmKernel,
  type TensorRef,
  wasmKernel,
} from "./backend_internals.ts";
import {
  type ConvolutionAttrs,
  forEachOutput,
  forEachTap,
  geometryOf,
  outputRows,
  type Shape4D,
} from "./convolution_geometry.ts";
import { isStockFused, withBiasAndActivation } from "./fused.ts";

/**
 * Gradients of `conv2d` (and so of `conv1d`), `depthwiseConv2d` (and so of separable ones) and `maxPool`, and a correction
 * of the first two, plain and fused with bias and activation.
 *
 * Stock lacks `Conv2DBackpropFilter` and both gradients of depthwise convolutions, so none of them trains. Its
 * `MaxPoolGrad` is silently wrong: it starts the search for a window's maximum at zero, and gives no gradient where the
 * maximum is negative. Its `Conv2D` and `DepthwiseConv2dNative`, and their fused forms, leave the output zero with
 * `pad: "same"` where the filter is narrower than the stride on one axis and padded on the other.
 */
export function installConvolutions(context: KernelContext): void {
  setWasmKernel("Conv2D", withExplicitPadding(wasmKernel("Conv2D")));
  setWasmKernel("DepthwiseConv2dNative", withExplicitPadding(wasmKernel("DepthwiseConv2dNative")));
  setWasmKernel("FusedConv2D", fused(context, "Conv2D", wasmKernel("FusedConv2D")));
  setWasmKernel("FusedDepthwiseConv2D", fused(context, "DepthwiseConv2dNative", wasmKernel("FusedDepthwiseConv2D")));
  setWasmKernel("Conv2DBackpropFilter", filterGradient(context));
  setWasmKernel("Conv2DBackpropInput", inputGradient(context));
  setWasmKernel("DepthwiseConv2dNativeBackpropFilter", depthwiseFilterGradient(context));
  setWasmKernel("DepthwiseConv2dNativeBackpropInput", depthwiseInputGradient(context));
  setWasmKernel("MaxPoolGrad", maxPoolGradient(context));
}

/** Counts the padding here where XNNPACK's own count goes wrong. */
function withExplicitPadding(stock: KernelFunction): KernelFunction {
  return (args) => {
    if (!isNarrow(args)) return stock(args);
    const x = args.inputs["x"]!, filter = args.inputs["filter"]!, attrs = args.attrs as unknown as ConvolutionAttrs;
    const { top, bottom, left, right } = geometryOf(x.shape, filter.shape, attrs).padInfo;
    return stock({ ...args, attrs: { ...args.attrs, pad: [[0, 0], [top, bottom], [left, right], [0, 0]] } });
  };
}

/** Whether XNNPACK may count the padding of a convolution wrongly. */
function isNarrow({ inputs, attrs }: KernelArgs): boolean {
  const { strides, pad, dataFormat = "NHWC" } = attrs as unknown as ConvolutionAttrs;
  const [strideHeight, strideWidth] = [strides, strides].flat() as [number, number];
  const [height, width] = inputs["filter"]!.shape as [number, number];
  return pad === "same" && dataFormat === "NHWC" && (height < strideHeight || width < strideWidth);
}

/** Convolution, sum and activation one by one where stock's fused kernel cannot be trusted; `tf.layers` fuses them all. */
function fused({ backend }: KernelContext, kernelName: string, stock: KernelFunction): KernelFunction {
  const isDepthwise = kernelName !== "Conv2D";
  return (args) => {
    const { inputs, attrs } = args, filter = inputs["filter"]!;
    const columns = isDepthwise ? filter.shape[2]! * filter.shape[3]! : filter.shape[3]!;
    if (!isNarrow(args) && isStockFused(inputs, attrs, columns)) return stock(args);
    const product = wasmKernel(kernelName)({ inputs: { x: inputs["x"]!, filter }, attrs, backend });
    return withBiasAndActivation(backend, product, inputs, attrs);
  };
}

/** One product per tap of the filter: the input values that the tap meets, transposed, times the output's gradient. */
function filterGradient({ backend, simd, pointerOf }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const x = inputs["x"]!, dy = inputs["dy"]!, { filterShape } = attrs as { filterShape: number[] };
    const geometry = geometryOf(x.shape, filterShape, attrs as unknown as ConvolutionAttrs);
    const { inChannels, outChannels } = geometry, rows = outputRows(geometry);
    const out = backend.makeOutput(filterShape, "float32");
    const met = backend.makeOutput([rows, inChannels], "float32");
    const from = backend.typedArrayFromHeap(x), to = backend.typedArrayFromHeap(met);
    const tapBytes = inChannels * outChannels * FLOAT_BYTES;
    forEachTap(geometry, (tap, height, width) => {
      forEachOutput(geometry, height, width, (row, input) => {
        if (input < 0) to.fill(0, row * inChannels, (row + 1) * inChannels);
        else to.set(from.subarray(input * inChannels, (input + 1) * inChannels), row * inChannels);
      });
      const outAt = pointerOf(out) + tap * tapBytes;
      simd.gemmTransposedA(pointerOf(met), pointerOf(dy), outAt, rows, inChannels, outChannels);
    });
    backend.disposeData(met.dataId);
    return out;
  };
}

/** One product per tap: the output's gradient times the tap's weights, added to the inputs that the tap met. */
function inputGradient({ backend, simd, pointerOf }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const dy = inputs["dy"]!, filter = inputs["filter"]!, { inputShape } = attrs as { inputShape: number[] };
    const geometry = geometryOf(inputShape, filter.shape, attrs as unknown as ConvolutionAttrs);
    const { inChannels, outChannels } = geometry, rows = outputRows(geometry);
    const out = backend.makeOutput(inputShape, "float32");
    const flipped = backend.makeOutput([outChannels, inChannels], "float32");
    const product = backend.makeOutput([rows, inChannels], "float32");
    const sums = backend.typedArrayFromHeap(out).fill(0), from = backend.typedArrayFromHeap(product);
    const inBytes = inChannels * FLOAT_BYTES, outBytes = outChannels * FLOAT_BYTES;
    forEachTap(geometry, (tap, height, width) => {
      simd.transpose(pointerOf(filter) + tap * inChannels * outBytes, pointerOf(flipped), inChannels, outChannels);
      simd.gemm(
        ...[pointerOf(dy), outBytes, FLOAT_BYTES, pointerOf(flipped), inBytes] as const,
        ...[pointerOf(product), inBytes, rows, inChannels, outChannels, 0] as const,
      );
      forEachOutput(geometry, height, width, (row, input) => {
        if (input >= 0) addRun(sums, input * inChannels, from, row * inChannels, inChannels);
      });
    });
    backend.disposeData(flipped.dataId);
    backend.disposeData(product.dataId);
    return out;
  };
}

function addRun(to: HeapArray, at: number, from: HeapArray, start: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i]! += from[start + i]!;
}

/** Depthwise: each channel of the input has `multiplier` outputs of its own. */
function depthwiseFilterGradient({ backend }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const x = inputs["x"]!, dy = inputs["dy"]!, { filterShape } = attrs as { filterShape: number[] };
    const geometry = geometryOf(x.shape, filterShape, attrs as unknown as ConvolutionAttrs, true);
    const { inChannels, outChannels } = geometry, multiplier = outChannels / inChannels;
    const out = backend.makeOutput(filterShape, "float32");
    const from = backend.typedArrayFromHeap(x), gradient = backend.typedArrayFromHeap(dy);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    forEachTap(geometry, (tap, height, width) => {
      forEachOutput(geometry, height, width, (row, input) => {
        if (input < 0) return;
        for (let i = 0; i < outChannels; i++) {
          const value = from[input * inChannels + Math.floor(i / multiplier)]!;
          sums[tap * outChannels + i]! += value * gradient[row * outChannels + i]!;
        }
      });
    });
    return out;
  };
}

function depthwiseInputGradient({ backend }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const dy = inputs["dy"]!, filter = inputs["filter"]!, { inputShape } = attrs as { inputShape: number[] };
    const geometry = geometryOf(inputShape, filter.shape, attrs as unknown as ConvolutionAttrs, true);
    const { inChannels, outChannels } = geometry, multiplier = outChannels / inChannels;
    const out = backend.makeOutput(inputShape, "float32");
    const weights = backend.typedArrayFromHeap(filter), gradient = backend.typedArrayFromHeap(dy);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    forEachTap(geometry, (tap, height, width) => {
      forEachOutput(geometry, height, width, (row, input) => {
        if (input < 0) return;
        for (let i = 0; i < outChannels; i++) {
          const value = weights[tap * outChannels + i]! * gradient[row * outChannels + i]!;
          sums[input * inChannels + Math.floor(i / multiplier)]! += value;
        }
      });
    });
    return out;
  };
}

/** A window's gradient goes to its first maximum. */
function maxPoolGradient({ backend }: KernelContext): KernelFunction {
  return ({ inputs, attrs }) => {
    const dy = inputs["dy"]!, x = inputs["input"]!;
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as ConvolutionAttrs & {
      readonly filterSize: number | [number, number];
    };
    const geometry = tf.backend_util.computePool2DInfo(
      x.shape as Shape4D,
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = backend.makeOutput(x.shape, x.dtype);
    const from = backend.typedArrayFromHeap(x), gradient = backend.typedArrayFromHeap(dy);
    const channels = geometry.inChannels, pixels = outputRows(geometry) * channels;
    const highest = new Float32Array(pixels).fill(-Infinity), where = new Int32Array(pixels).fill(-1);
    forEachTap(geometry, (_, height, width) => {
      forEachOutput(geometry, height, width, (row, input) => {
        if (input < 0) return;
        for (let channel = 0; channel < channels; channel++) {
          const value = from[input * channels + channel]!, at = row * channels + channel;
          if (value <= highest[at]!) continue;
          highest[at] = value;
          where[at] = input * channels + channel;
        }
      });
    });
    const sums = backend.typedArrayFromHeap(out).fill(0);
    for (let at = 0; at < pixels; at++) if (where[at]! >= 0) sums[where[at]!]! += gradient[at]!;
    return out as TensorRef;
  };
}
