import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { seededRandom } from "../../../src/core/mod.ts";
import { startWasmBackend } from "../../../src/ml/kernels/wasm_backend.ts";
import { wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";

/** A tensor's values before a backend has it. */
export interface Operand {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Normal values, the same for the same shape and seed. */
export function operand(shape: readonly number[], seed = 1): Operand {
  const random = seededRandom(seed + shape.length);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

/** Whole numbers from `low` to below `high`. */
export function indices(shape: readonly number[], low: number, high: number, seed = 1): Operand {
  const random = seededRandom(seed);
  return { shape, data: Int32Array.from({ length: sizeOf(shape) }, () => low + random.integer(high - low)) };
}

/** What is compared: one tensor or several. */
export type Compute = (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** How {@linkcode assertLikeCpu} compares. */
export interface CompareOptions {
  /** Numbers of the operands whose gradients are compared too. @default all of float32 */
  readonly gradients?: readonly number[];
  /** @default 1e-5 */
  readonly tolerance?: number;
}

/** Holds the values, and the gradients of a weighted sum of them, on wasm to those on cpu. */
export async function assertLikeCpu(
  compute: Compute,
  operands: readonly Operand[],
  options: CompareOptions = {},
): Promise<void> {
  const floats = operands.flatMap(({ data }, i) => data instanceof Float32Array ? [i] : []);
  const { gradients = floats, tolerance = 1e-5 } = options;
  const results = (backend: "cpu" | "wasm") => valuesOn(backend, compute, operands, gradients);
  const expected = await results("cpu"), actual = await results("wasm");
  assertEquals(
    actual.map(({ shape, dtype }) => ({ shape, dtype })),
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  expected.forEach(({ name, data }, n) => {
    const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    data.forEach((wanted, i) => {
      const value = actual[n]!.data[i]!;
      assert(Math.abs(value - wanted) <= tolerance * scale, `${name} at ${i}: ${value} instead of ${wanted}`);
    });
  });
}

// A type rather than an interface, as tf.tidy() wants an index signature.
type NamedValues = { name: string; shape: number[]; dtype: tf.DataType; data: Float32Array };

async function valuesOn(
  backend: "cpu" | "wasm",
  compute: Compute,
  operands: readonly Operand[],
  gradients: readonly number[],
): Promise<NamedValues[]> {
  if (backend === "wasm") await startWasmBackend(wasmFilePath());
  await tf.setBackend(backend);
  const heldBefore = tf.backend().numDataIds();
  const values = tf.tidy(() => {
    const tensors = operands.map(({ shape, data }) =>
      tf.tensor(data, [...shape], data instanceof Float32Array ? "float32" : "int32")
    );
    const read = (name: string, tensor: tf.Tensor): NamedValues => ({
      name,
      shape: tensor.shape,
      dtype: tensor.dtype,
      data: Float32Array.from(tensor.dataSync()),
    });
    const outs = [compute(...tensors)].flat();
    const forward = outs.map((out, i) => read(`output ${i}`, out));
    if (gradients.length === 0) return forward;
    const weights = outs.map((out, i) => tf.tensor(operand(out.shape, 7 + i).data, out.shape));
    const weighted = (...varied: tf.Tensor[]) => {
      const all = [...tensors];
      gradients.forEach((at, i) => all[at] = varied[i]!);
      const sums = [compute(...all)].flat().map((out, i) => tf.sum(tf.mul(out, weights[i]!)));
      return sums.reduce((total, sum) => tf.add(total, sum)) as tf.Scalar;
    };
    const found = tf.grads(weighted)(gradients.map((at) => tensors[at]!));
    return [...forward, ...found.map((gradient, i) => read(`gradient of ${gradients[i]}`, gradient))];
  });
  // Not tf.memory(), which does not see what a kernel makes for itself.
  assertEquals(tf.backend().numDataIds(), heldBefore, "values are left behind in the backend");
  return values;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
