/**
 * Kernels for the WASM backend of tfjs 4.22.0 with which it trains 5 to 7 times faster, trains convolutions and
 * embeddings at all, and gives right gradients where stock is silently wrong:
 *
 * | kernel | stock | here |
 * | --- | --- | --- |
 * | `BatchMatMul`, transposed or of batches | scalar loop | SIMD |
 * | `_FusedMatMul` with a bias, transposed, of batches, or of a bias of one value | **wrong values** | product, sum, activation |
 * | `Sum` over leading axes (bias gradients) | transposes first | adds rows |
 * | `Transpose` of the last two axes | value by value | blocks of four by four |
 * | `Slice`, `SplitV`, `Unpack` | copy the whole input for each part | copy the part |
 * | `Identity` | copies | shares |
 * | `Tanh`, `Softplus` | libm | SIMD, right to a few units of the last place |
 * | `UnsortedSegmentSum`, `Conv2DBackpropFilter`, `DepthwiseConv2dNativeBackprop…` | missing | there |
 * | `Conv2D`, `DepthwiseConv2dNative` and both fused, `pad: "same"`, filter narrower than the stride | **zeros** | right |
 * | `Prelu` with slopes that are not the last axes' | **wrong values** | right |
 * | `Sum`, `Transpose` of no values | **unset**, divides by zero | zeros, empty |
 * | `StridedSlice` of int32 and bool, `Reverse` of bool | **bits as floats, bytes past the tensor** | right |
 * | `MaxPoolGrad` | **no gradient where a window's maximum is negative** | right |
 * | `Dense`, `JointLoss` | some seventy kernels a step | a layer, and all losses, in one each |
 *
 * `docs/training.md` has what each gains, from `task bench -- kernels`. A plain product of two matrices stays with
 * XNNPACK, which is as fast. The kernels reach into the backend's private parts, hence the pinned version and the
 * properties that hold each of them to the cpu backend. Where tfjs itself has no right gradient on any backend (second
 * input of `maximum`, `minimum` and `squaredDifference` broadcast, `cumsum` but on the last axis, broadcast batched
 * `matMul`, dilated convolutions, `einsum`) nothing is changed. Left as they are, and wrong, on WASM alone: `mean`, `max`,
 * `min`, `prod`, `all` and `any` of no values, which are left unset, and `gatherND` of booleans, which reads past the tensor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  type KernelContext,
  requireTfjsVersion,
  type SimdExports,
  type TensorRef,
  TFJS_PARTS,
  type WasmBackendInternals,
} from "./backend_internals.ts";
import { installConvolutions } from "./convolutions.ts";
import { installDense } from "./dense.ts";
import { installElementwise } from "./elementwise.ts";
import { installJointLoss } from "./joint_loss.ts";
import { installLayout } from "./layout.ts";
import { installMatrixProducts } from "./matrix_products.ts";
import tensorBytes from "./simd/tensor.wasm" with { type: "bytes" };
import { installSums } from "./sums.ts";

let installed = false;

/**
 * Installs the kernels on the current backend, which must be `wasm`; later calls do nothing.
 *
 * @throws {Error} on another backend, or another tfjs than the one that the kernels were checked with.
 */
export function installWasmKernels(versions: Readonly<Record<string, string>> = TFJS_PARTS): void {
  if (tf.getBackend() !== "wasm") {
    throw new Error(`Cannot install the kernels as the backend is not wasm: current value is '${tf.getBackend()}'`);
  }
  requireTfjsVersion(versions);
  if (installed) return;
  installed = true;
  const context = kernelContext(tf.backend() as unknown as WasmBackendInternals);
  installLayout(context);
  installSums(context);
  installElementwise(context);
  installMatrixProducts(context);
  installConvolutions(context);
  installDense(context);
  installJointLoss(context);
}

function kernelContext(backend: WasmBackendInternals): KernelContext {
  // The module's exports have short names that may change; its memory is the only one of its kind.
  const memory = Object.values(backend.wasm.asm).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined) throw new Error("Cannot find the memory of the WASM backend");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(tensorBytes), { env: { memory } });
  return {
    backend,
    simd: exports as unknown as SimdExports,
    pointerOf: (tensor: TensorRef) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
  };
}
