import { allocateOutputs, type EnsembleForward, type NetworkForward } from "../../../src/ml/models/network_forward.ts";

/** The outputs of one row; its increments are written into `increments`. */
export function forwardRow(
  forward: NetworkForward | EnsembleForward,
  inputs: Float64Array,
  increments: Float64Array,
): { readonly logit: number; readonly correction: number } {
  const out = allocateOutputs();
  forward.run(inputs, 1, out);
  increments.set(out.increments.subarray(0, increments.length));
  return { logit: out.logit[0]!, correction: out.correction[0]! };
}
