import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { seededRandom } from "../../../src/core/mod.ts";
import { startWasmBackend } from "../../../src/ml/kernels/wasm_backend.ts";
import { wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";

const random = seededRandom(1);
const values = (shape: readonly number[]) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());

interface Operand {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
const operand = (...shape: number[]): Operand => ({ shape, data: values(shape) });

async function on(backend: "cpu" | "wasm", compute: (...tensors: tf.Tensor[]) => tf.Tensor, operands: Operand[]) {
  if (backend === "wasm") await startWasmBackend(wasmFilePath());
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const out = compute(...operands.map(({ shape, data }) => tf.tensor(data, [...shape])));
    return { shape: out.shape, data: out.dataSync() };
  });
}

async function assertSame(name: string, compute: (...tensors: tf.Tensor[]) => tf.Tensor, operands: Operand[]) {
  const expected = await on("cpu", compute, operands), actual = await on("wasm", compute, operands);
  assertEquals(actual.shape, expected.shape, name);
  actual.data.forEach((value, i) => {
    const wanted = expected.data[i]!;
    assert(Math.abs(value - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted)), `${name} at ${i}: ${value}, ${wanted}`);
  });
}

Deno.test("installWasmKernels() leaves every product and sum as the cpu backend has it", async (t) => {
  await startWasmBackend(wasmFilePath());
  for (const [m, k, n] of [[7, 5, 3], [64, 41, 64], [1, 9, 1], [33, 1, 4]] as const) {
    for (const [ta, tb] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      await t.step(
        `matMul ${m}x${k}x${n} transposed ${ta} ${tb}`,
        () =>
          assertSame("matMul", (a, b) => tf.matMul(a!, b!, ta, tb), [
            ta ? operand(k, m) : operand(m, k),
            tb ? operand(n, k) : operand(k, n),
          ]),
      );
    }
  }
  await t.step(
    "matMul of batches stays with the stock kernel",
    () => assertSame("batched", (a, b) => tf.matMul(a!, b!, true, false), [operand(3, 5, 4), operand(3, 5, 2)]),
  );
  await t.step(
    "matMul with a leading 1",
    () => assertSame("leading", (a, b) => tf.matMul(a!, b!, true, false), [operand(1, 5, 4), operand(1, 5, 2)]),
  );
  for (const axis of [0, 1, -1, [0, 1], undefined]) {
    for (const keepDims of [false, true]) {
      await t.step(
        `sum over ${axis} keepDims ${keepDims}`,
        () => assertSame("sum", (x) => tf.sum(x!, axis, keepDims), [operand(50, 7)]),
      );
    }
  }
  await t.step(
    "sum of rank 3 over its leading axes",
    () => assertSame("sum", (x) => tf.sum(x!, [0, 1]), [operand(6, 5, 4)]),
  );
  await t.step("gradients of a dense layer", async () => {
    const operands = [operand(128, 10), operand(10, 6), operand(6)];
    for (const at of [0, 1, 2]) {
      await assertSame(
        `gradient ${at}`,
        (...tensors) =>
          tf.grads((x, kernel, bias) => tf.sum(tf.square(tf.relu(tf.add(tf.matMul(x!, kernel!), bias!)))))(
            tensors,
          )[at]!,
        operands,
      );
    }
  });
  await t.step("no tensor is left behind", async () => {
    await tf.setBackend("wasm");
    const before = tf.memory().numDataBuffers;
    for (let i = 0; i < 20; i++) {
      tf.tidy(() => tf.sum(tf.matMul(tf.ones([30, 20]), tf.ones([30, 8]), true, false), 0).dataSync());
    }
    assertEquals(tf.memory().numDataBuffers, before);
  });
});

Deno.test("installWasmKernels() is pinned to the tfjs whose insides it knows", () => {
  assertEquals(tf.version_core, "4.22.0");
});
