import * as tf from "@tensorflow/tfjs-core";
import { type KernelContext, setWasmKernel, sizeOf } from "./backend_internals.ts";

/**
 * `Dense`, a layer of a network in one kernel where tfjs has three, and with the gradients of its inputs; with
 * `relu: true` it ends with a ReLU. Small tensors cost more in being made than in being computed: a step of 512 rows is
 * some seventy of them else.
 */
export function installDense({ backend, simd, pointerOf }: KernelContext): void {
  setWasmKernel("Dense", ({ inputs, attrs }) => {
    const x = inputs["x"]!, kernel = inputs["kernel"]!, [rows, width] = x.shape, units = kernel.shape[1]!;
    const out = backend.makeOutput([rows!, units], "float32");
    simd.denseForward(
      ...[pointerOf(x), pointerOf(kernel), pointerOf(inputs["bias"]!), pointerOf(out)] as const,
      ...[rows!, width!, units, Number(attrs["relu"])] as const,
    );
    return out;
  });
  setWasmKernel("DenseDelta", ({ inputs }) => {
    const dy = inputs["dy"]!, delta = backend.makeOutput(dy.shape, "float32");
    simd.maskPositive(pointerOf(dy), pointerOf(inputs["out"]!), pointerOf(delta), sizeOf(dy.shape));
    return delta;
  });
  tf.registerGradient({
    kernelName: "Dense",
    inputsToSave: ["x", "kernel"],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const [x, kernel, out] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const delta = attrs["relu"] ? run<tf.Tensor2D>("DenseDelta", { dy: dy as tf.Tensor, out }) : dy as tf.Tensor2D;
      return {
        x: () => tf.matMul(delta, kernel, false, true),
        kernel: () => tf.matMul(x, delta, true, false),
        bias: () => tf.sum(delta, 0),
      };
    },
  });
}

/** `x [rows, inputs] · kernel [inputs, units] + bias`, and ReLU of it where asked for, on the WASM backend. */
export function dense(
  x: tf.Tensor2D,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D,
  { relu = false }: { readonly relu?: boolean } = {},
): tf.Tensor2D {
  if (x.shape[1] !== kernel.shape[0] || kernel.shape[1] !== bias.shape[0]) {
    throw new RangeError(
      `Cannot multiply inputs [${x.shape}] by a kernel [${kernel.shape}] with biases [${bias.shape}]`,
    );
  }
  return run("Dense", { x, kernel, bias }, { relu });
}

function run<T>(kernelName: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs: tf.NamedAttrMap = {}): T {
  return tf.engine().runKernel(kernelName, { ...inputs }, attrs) as T;
}
