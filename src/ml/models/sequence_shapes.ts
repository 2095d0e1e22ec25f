import type { SequenceShape } from "./sequence_trunk.ts";

/** Families of networks that read the last hour minute by minute. */
export const SEQUENCE_FAMILIES = ["pyramid", "tcn", "gru"] as const;

/** One of {@linkcode SEQUENCE_FAMILIES}. */
export type SequenceFamily = typeof SEQUENCE_FAMILIES[number];

/** Whether a family reads the window. */
export function isSequenceFamily(family: string): family is SequenceFamily {
  return (SEQUENCE_FAMILIES as readonly string[]).includes(family);
}

/** Sixty minutes in cuts of 5, of 4 of those and of 3: each a product of matrices without a copy. */
const PYRAMID_CUTS = [5, 4, 3];
/** With a kernel of 3 they see 1 + 2 · 29 = 59 minutes, so that no padding is needed (after Bai et al. 2018). */
const TCN_DILATIONS = [1, 2, 4, 8, 14];

/** What a family lays over the window of an hour. */
export function sequenceShape(family: SequenceFamily, units: number): SequenceShape {
  switch (family) {
    case "pyramid":
      return {
        kind: "convolutions",
        layers: PYRAMID_CUTS.map((cut) => ({ units, kernelSize: cut, dilation: 1, stride: cut, residual: false })),
      };
    case "tcn":
      return {
        kind: "convolutions",
        layers: TCN_DILATIONS.map((dilation, i) => ({ units, kernelSize: 3, dilation, stride: 1, residual: i > 0 })),
      };
    case "gru":
      return { kind: "gru", units };
  }
}
