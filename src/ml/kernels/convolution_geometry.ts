import * as tf from "@tensorflow/tfjs-core";

/** Sizes, strides and padding of a convolution or pooling. */
export type Geometry = tf.backend_util.Conv2DInfo;

/** Attributes that the convolution kernels share. */
export interface ConvolutionAttrs {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NHWC" | "NCHW";
}

/** Batch, height, width, channels; of a filter height, width, channels in and out. */
export type Shape4D = [number, number, number, number];

/**
 * Geometry of a convolution over NHWC.
 *
 * @throws {Error} where the data is NCHW, which the WASM backend has no convolution for.
 */
export function geometryOf(
  input: readonly number[],
  filter: readonly number[],
  attrs: ConvolutionAttrs,
  isDepthwise = false,
): Geometry {
  const { strides, pad, dimRoundingMode, dataFormat = "NHWC" } = attrs;
  if (dataFormat !== "NHWC") {
    throw new Error(`Cannot take the gradient of a convolution of ${dataFormat}: NHWC is known`);
  }
  const dilations = 1; // tfjs itself has no gradient of a dilated convolution
  return tf.backend_util.computeConv2DInfo(
    ...[input as Shape4D, filter as Shape4D, strides, dilations, pad, dimRoundingMode, isDepthwise] as const,
  );
}

/** Output pixels of the whole batch. */
export function outputRows({ batchSize, outHeight, outWidth }: Geometry): number {
  return batchSize * outHeight * outWidth;
}

/** Each place of the filter. */
export function forEachTap(
  { filterHeight, filterWidth }: Geometry,
  visit: (tap: number, h: number, w: number) => void,
) {
  for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
    visit(tap, Math.floor(tap / filterWidth), tap % filterWidth);
  }
}

/** Each output pixel with the number of the input pixel that a tap meets there, −1 in the padding. */
export function forEachOutput(
  geometry: Geometry,
  tapHeight: number,
  tapWidth: number,
  visit: (row: number, input: number) => void,
): void {
  const { batchSize, outHeight, outWidth, inHeight, inWidth, strideHeight, strideWidth, padInfo } = geometry;
  const down = tapHeight - padInfo.top;
  const across = tapWidth - padInfo.left;
  let row = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let i = 0; i < outHeight; i++) {
      const height = i * strideHeight + down, isInside = height >= 0 && height < inHeight;
      for (let j = 0; j < outWidth; j++) {
        const width = j * strideWidth + across;
        const meets = isInside && width >= 0 && width < inWidth;
        visit(row++, meets ? (batch * inHeight + height) * inWidth + width : -1);
      }
    }
  }
}
