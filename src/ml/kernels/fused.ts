import { type KernelArgs, type TensorRef, type WasmBackendInternals, wasmKernel } from "./backend_internals.ts";

/** What the fused kernels have beside the operands of their product or convolution. */
export interface FusedAttrs {
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number;
}

/** Kernels of the activations that tfjs fuses. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  sigmoid: "Sigmoid",
  elu: "Elu",
  prelu: "Prelu",
  leakyrelu: "LeakyRelu",
};

/**
 * Whether stock's fused kernels can be trusted with bias and activation: they read one value a column whatever the bias has,
 * and slopes of `prelu` as if their shape were the end of the output's.
 */
export function isStockFused(inputs: KernelArgs["inputs"], attrs: KernelArgs["attrs"], columns: number): boolean {
  const { bias } = inputs as Readonly<Record<string, TensorRef | null | undefined>>;
  const fitsBias = bias === undefined || bias === null || bias.shape.length === 1 && bias.shape[0] === columns;
  return fitsBias && (attrs as FusedAttrs).activation !== "prelu";
}

/**
 * Adds the bias to a product or convolution and applies the activation, kernel by kernel. The product is disposed of, also
 * where this fails.
 *
 * @throws {Error} for another activation, and a bias that does not fit.
 */
export function withBiasAndActivation(
  backend: WasmBackendInternals,
  product: TensorRef,
  inputs: KernelArgs["inputs"],
  attrs: KernelArgs["attrs"],
): TensorRef {
  const { bias, preluActivationWeights } = inputs as Readonly<Record<string, TensorRef | null | undefined>>;
  const { activation, leakyreluAlpha } = attrs as FusedAttrs;
  let out = product;
  const replace = (kernelName: string, own: KernelArgs["inputs"], ownAttrs: KernelArgs["attrs"] = {}) => {
    const next = wasmKernel(kernelName)({ inputs: own, attrs: ownAttrs, backend });
    backend.disposeData(out.dataId);
    out = next;
  };
  try {
    if (bias !== undefined && bias !== null) replace("Add", { a: out, b: bias });
    if (activation === undefined || activation === null || activation === "linear") return out;
    const name = ACTIVATIONS[activation];
    if (name === undefined) throw new Error(`Cannot fuse the activation '${activation}'`);
    if (name === "Prelu") replace(name, { x: out, alpha: preluActivationWeights! });
    else replace(name, { x: out }, name === "LeakyRelu" ? { alpha: leakyreluAlpha } : {});
    return out;
  } catch (error) {
    backend.disposeData(out.dataId);
    throw error;
  }
}
