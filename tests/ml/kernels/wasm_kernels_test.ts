import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import * as tfLayers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { TFJS_PARTS } from "../../../src/ml/kernels/backend_internals.ts";
import { dense } from "../../../src/ml/kernels/dense.ts";
import { startWasmBackend } from "../../../src/ml/kernels/wasm_backend.ts";
import { installWasmKernels } from "../../../src/ml/kernels/wasm_kernels.ts";
import { wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";
import { assertLikeCpu, type Compute, indices, operand } from "./on_backends.ts";

/** Odd sizes too, so that every tail of the SIMD loops is met. */
const size = fc.integer({ min: 1, max: 21 });
const sizeOrZero = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 9, arbitrary: size });
const shapeOf = (minLength: number, maxLength: number, max = 7) =>
  fc.array(fc.integer({ min: 1, max }), { minLength, maxLength });
const RUNS = 60;

async function holds<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>, numRuns = RUNS) {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns, seed: 6 });
}

Deno.test("matMul of any shape, transposed or not, is the cpu backend's, forward and backward", async () => {
  const arbitrary = fc.tuple(sizeOrZero, sizeOrZero, sizeOrZero, shapeOf(0, 3, 3), fc.boolean(), fc.boolean());
  await holds(arbitrary, ([m, k, n, batch, transposeA, transposeB]) => {
    const a = transposeA ? [...batch, k, m] : [...batch, m, k], b = transposeB ? [...batch, n, k] : [...batch, k, n];
    // The cpu backend leaves its output unset where the inner size is 0, and has no gradient of empty tensors.
    const gradients = m * k * n === 0 ? [] : [0, 1];
    return assertLikeCpu((x, y) => tf.matMul(x!, y!, transposeA, transposeB), [operand(a), operand(b)], { gradients });
  }, 200);
});

Deno.test("matMul with one matrix for a batch is the cpu backend's", async () => {
  const arbitrary = fc.tuple(size, size, size, size, fc.boolean(), fc.boolean(), fc.boolean());
  await holds(arbitrary, ([m, k, n, batch, transposeA, transposeB, isLeft]) => {
    const a = transposeA ? [k, m] : [m, k], b = transposeB ? [n, k] : [k, n];
    const operands = isLeft
      ? [operand([1, ...a]), operand([batch, ...b])]
      : [operand([batch, ...a]), operand([1, ...b])];
    // tfjs has no gradient of a broadcast batch on any backend.
    return assertLikeCpu((x, y) => tf.matMul(x!, y!, transposeA, transposeB), operands, { gradients: [] });
  });
});

Deno.test("matMul broadcasts every batch axis of its own, which the cpu backend does not", async () => {
  await startWasmBackend(wasmFilePath());
  await tf.setBackend("wasm");
  const a = operand([2, 1, 3, 4]), b = operand([1, 3, 4, 5]);
  const [whole, parts] = tf.tidy(() => {
    const x = tf.tensor(a.data, [2, 3, 4]), y = tf.tensor(b.data, [3, 4, 5]);
    const product = tf.matMul(tf.reshape(x, [2, 1, 3, 4]), tf.reshape(y, [1, 3, 4, 5]));
    const one = (i: number, j: number) => tf.matMul(tf.unstack(x)[i]!, tf.unstack(y)[j]!);
    const pairs = [0, 1].flatMap((i) => [0, 1, 2].map((j) => one(i, j)));
    return [product.dataSync(), tf.stack(pairs).dataSync()];
  });
  assertEquals(whole, parts);
});

Deno.test("large products agree with the cpu backend", async () => {
  await assertLikeCpu((x, y) => tf.matMul(x!, y!, true, false), [operand([700, 130]), operand([700, 66])]);
  await assertLikeCpu((x, y) => tf.matMul(x!, y!), [operand([520, 520]), operand([520, 520])], {
    gradients: [],
    tolerance: 1e-4,
  });
});

const ACTIVATIONS = ["linear", "relu", "relu6", "sigmoid", "elu", "prelu", "leakyrelu"] as const;

/** Arguments that the fused operations share; `optional` are bias and slopes as far as they are wanted. */
function fusion(activation: typeof ACTIVATIONS[number], hasBias: boolean, optional: readonly tf.Tensor[]) {
  return {
    activation: activation as "relu", // the other names are missing in the types of tfjs
    ...(hasBias ? { bias: optional[0]! } : {}),
    ...(activation === "leakyrelu" ? { leakyreluAlpha: 0.3 } : {}),
    ...(activation === "prelu" ? { preluActivationWeights: optional.at(-1)! } : {}),
  };
}

/** Bias and slopes of the shapes given, for {@linkcode fusion}. */
function fusionOperands(activation: string, bias: readonly number[] | null, slopes: readonly number[]) {
  return [...(bias === null ? [] : [operand(bias, 3)]), ...(activation === "prelu" ? [operand(slopes, 4)] : [])];
}

Deno.test("fused.matMul is product, bias and activation, whatever is transposed or broadcast", async () => {
  const arbitrary = fc.record({
    sizes: fc.tuple(size, size, size),
    batch: shapeOf(0, 2, 3),
    transposed: fc.tuple(fc.boolean(), fc.boolean()),
    activation: fc.constantFrom(...ACTIVATIONS),
    biasShape: fc.constantFrom("none", "columns", "columns", "scalar", "one", "row", "rows"),
    slopesShape: fc.constantFrom("columns", "scalar", "one", "row", "rows"),
  });
  await holds(arbitrary, async ({ sizes: [m, k, n], batch, transposed, activation, biasShape, slopesShape }) => {
    const [transposeA, transposeB] = transposed;
    const a = transposeA ? [...batch, k, m] : [...batch, m, k], b = transposeB ? [...batch, n, k] : [...batch, k, n];
    const shapes = { columns: [n], scalar: [], one: [1], row: [1, n], rows: [m, 1] };
    const bias = biasShape === "none" ? null : shapes[biasShape as keyof typeof shapes];
    const compute: Compute = (x, y, ...optional) =>
      tf.fused.matMul({ a: x!, b: y!, transposeA, transposeB, ...fusion(activation, bias !== null, optional) });
    const slopes = shapes[slopesShape as keyof typeof shapes];
    const operands = [operand(a), operand(b), ...fusionOperands(activation, bias, slopes)];
    await assertLikeCpu(compute, operands);
  }, 200);
});

Deno.test("fused.matMul takes a bias and slopes of any shape that broadcasts to a plain product", async () => {
  const product = [operand([2, 3]), operand([3, 5])];
  for (const shape of [[], [1], [5], [1, 5], [2, 1], [2, 5]]) {
    for (const activation of ["linear", "prelu"] as const) {
      const compute: Compute = (a, b, ...optional) =>
        tf.fused.matMul({ a: a!, b: b!, ...fusion(activation, true, optional) });
      await assertLikeCpu(compute, [...product, ...fusionOperands(activation, shape, [5])]);
      await assertLikeCpu(compute, [...product, ...fusionOperands(activation, [5], shape)]);
    }
  }
});

Deno.test("a fused operation that fails leaves nothing in the backend", async () => {
  await startWasmBackend(wasmFilePath());
  await tf.setBackend("wasm");
  const a = tf.ones([2, 3]) as tf.Tensor2D, b = tf.ones([5, 3]) as tf.Tensor2D, bias = tf.ones([4]);
  const x = tf.ones([1, 5, 5, 2]) as tf.Tensor4D, filter = tf.ones([3, 1, 2, 2]) as tf.Tensor4D;
  const held = tf.backend().numDataIds(), convolution = { x, filter, strides: 2, pad: "same" as const };
  const activation = "none of them" as "relu";
  assertThrows(() => tf.fused.matMul({ a, b, transposeB: true, activation }), Error, activation);
  // Past the core, which checks the bias of a convolution itself.
  const kernel = tf.getKernel("_FusedMatMul", "wasm").kernelFunc, attrs = { transposeA: false, transposeB: true };
  assertThrows(() => kernel({ inputs: { a, b, bias }, attrs, backend: tf.backend() }), Error, "2,5 and 4");
  assertThrows(() => tf.fused.conv2d({ ...convolution, activation }), Error, activation);
  assertThrows(() => tf.fused.depthwiseConv2d({ ...convolution, activation }), Error, activation);
  assertEquals(tf.backend().numDataIds(), held);
  tf.dispose([a, b, bias, x, filter]);
});

Deno.test("dense() is product, bias and ReLU of the cpu backend, forward and backward", async () => {
  await holds(fc.tuple(size, size, size, fc.boolean()), ([rows, width, units, relu]) => {
    const layer: Compute = (x, kernel, bias) => {
      if (tf.getBackend() === "wasm") {
        return dense(x as tf.Tensor2D, kernel as tf.Tensor2D, bias as tf.Tensor1D, { relu });
      }
      const out = tf.add(tf.matMul(x!, kernel!), bias!);
      return relu ? tf.relu(out) : out;
    };
    return assertLikeCpu(layer, [operand([rows, width]), operand([width, units]), operand([units])]);
  });
});

Deno.test("dense() refuses shapes that do not fit", () => {
  const shapes = [[2, 3], [4, 5], [5]] as const;
  const [x, kernel, bias] = shapes.map((shape) => tf.zeros([...shape])) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
  assertThrows(() => dense(x, kernel, bias), RangeError, "inputs [2,3] by a kernel [4,5] with biases [5]");
});

Deno.test("sum over any axes is the cpu backend's, forward and backward", async () => {
  const arbitrary = shapeOf(1, 5).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.option(fc.subarray(shape.map((_, i) => i), { minLength: 1 })),
      fc.boolean(),
      fc.boolean(),
    )
  );
  await holds(arbitrary, ([shape, axes, isNegative, keepDims]) => {
    const axis = axes === null ? undefined : axes.map((value) => isNegative ? value - shape.length : value);
    return assertLikeCpu((x) => tf.sum(x!, axis, keepDims), [operand(shape)]);
  });
  await assertLikeCpu((x) => tf.sum(x!, 0), [operand([4099, 3])]);
});

Deno.test("transpose by any permutation is the cpu backend's", async () => {
  const arbitrary = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.oneof(
        fc.shuffledSubarray(shape.map((_, i) => i), { minLength: shape.length }),
        fc.constant([...shape.keys()].slice(0, -2).concat(shape.length - 1, shape.length - 2)),
      ),
    )
  );
  await holds(arbitrary, ([shape, perm]) => assertLikeCpu((x) => tf.transpose(x!, perm), [operand(shape)]));
});

const DTYPES = ["float32", "int32", "bool"] as const;

Deno.test("sums and transposes of no values are the cpu backend's, whatever their type", async () => {
  const arbitrary = fc.integer({ min: 1, max: 5 }).chain((rank) =>
    fc.tuple(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: rank, maxLength: rank }),
      fc.integer({ min: 0, max: rank - 1 }),
      fc.shuffledSubarray(Array.from({ length: rank }, (_, i) => i), { minLength: rank }),
      fc.subarray(Array.from({ length: rank }, (_, i) => i), { minLength: 1 }),
      fc.boolean(),
      fc.constantFrom(...DTYPES),
    )
  );
  await holds(arbitrary, async ([lengths, empty, perm, axes, keepDims, dtype]) => {
    const none = [operand(lengths.with(empty, 0))], options = { gradients: [] };
    await assertLikeCpu((x) => tf.transpose(tf.cast(x!, dtype), perm), none, options);
    await assertLikeCpu((x) => tf.sum(tf.cast(x!, dtype), axes, keepDims), none, options);
  }, 120);
});

Deno.test("stridedSlice, reverse and softplus of whole numbers and booleans are the cpu backend's", async () => {
  const arbitrary = fc.tuple(
    fc.tuple(size, size),
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    fc.boolean(),
    fc.constantFrom(...DTYPES),
  );
  await holds(arbitrary, async ([shape, strides, isBackward, dtype]) => {
    const x = indices(shape, 0, 1000), options = { gradients: [] };
    const [begin, end] = isBackward ? [shape.map((length) => length - 1), [-100, -100]] : [[0, 1], shape];
    const steps = isBackward ? strides.map((stride) => -stride) : strides;
    const typed = (t?: tf.Tensor) => tf.cast(dtype === "bool" ? tf.mod(t!, tf.scalar(2, "int32")) : t!, dtype);
    await assertLikeCpu((t) => tf.stridedSlice(typed(t), begin, end, steps), [x], options);
    await assertLikeCpu((t) => tf.reverse(typed(t), 1), [x], options);
  });
  const few = indices([33], -20, 20);
  await assertLikeCpu((x) => tf.softplus(x!), [few], { gradients: [] });
});

Deno.test("slice of any box is the cpu backend's, forward and backward", async () => {
  const axis = fc.integer({ min: 1, max: 60 }).chain((length) =>
    fc.integer({ min: 0, max: length - 1 }).chain((begin) =>
      fc.tuple(
        fc.constant(length),
        fc.constant(begin),
        fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: length - begin })),
      )
    )
  );
  await holds(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
    const small = axes.map(([length, begin, count], i) =>
      i > 1 ? [Math.min(length, 3), 0, -1] : [length, begin, count]
    );
    const [shape, begin, count] = [0, 1, 2].map((part) => small.map((values) => values[part]!)) as [
      number[],
      number[],
      number[],
    ];
    return assertLikeCpu((x) => tf.slice(x!, begin, count), [operand(shape)]);
  });
});

Deno.test("split and unstack along any axis are the cpu backend's, forward and backward", async () => {
  const arbitrary = shapeOf(1, 4, 4).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.integer({ min: -shape.length, max: shape.length - 1 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
    )
  );
  await holds(arbitrary, async ([shape, axis, sizes]) => {
    const long = shape.with(axis, sizes.reduce((sum, value) => sum + value, 0));
    // tfjs has no gradient of a split into one part on any backend.
    const gradients = (parts: number) => ({ gradients: parts === 1 ? [] : [0] });
    await assertLikeCpu((x) => tf.split(x!, sizes, axis), [operand(long)], gradients(sizes.length));
    await assertLikeCpu((x) => tf.unstack(x!, axis), [operand(shape)], gradients(shape.at(axis)!));
  });
});

Deno.test("clone shares its data, and outlives the tensor that it was made of", async () => {
  await assertLikeCpu((x) => tf.mul(tf.clone(x!), 2), [operand([3, 4])]);
  const first = tf.tensor1d([1, 2, 3]), copy = first.clone(), buffers = tf.memory().numDataBuffers;
  first.dispose();
  assertEquals([...copy.dataSync()], [1, 2, 3]);
  assertEquals(tf.memory().numDataBuffers, buffers);
  copy.dispose();
  assertEquals(tf.memory().numDataBuffers, buffers - 1);
});

Deno.test("tanh and softplus are right to a few units of the last place, also far out and for NaN", async () => {
  await holds(
    fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 33 }),
    async (values) => {
      const x = { shape: [values.length], data: Float32Array.from(values) };
      await assertLikeCpu((t) => tf.tanh(t!), [x], { tolerance: 1e-6 });
      await assertLikeCpu((t) => tf.softplus(t!), [x], { tolerance: 1e-6 });
    },
  );
  await tf.setBackend("wasm");
  const extremes = Float32Array.of(0, 1e-6, -1e-6, 1e30, -1e30, Infinity, -Infinity, NaN);
  const [tanh, softplus] = tf.tidy(() => [tf.tanh(extremes).dataSync(), tf.softplus(extremes).dataSync()]);
  extremes.forEach((x, i) => {
    const close = (value: number, wanted: number) => Math.abs(value - wanted) <= 4e-7 * Math.abs(wanted);
    assertEquals(close(tanh[i]!, Math.tanh(x)) || Object.is(tanh[i], Math.tanh(x)), true, `tanh ${x}: ${tanh[i]}`);
    const wanted = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    const isTiny = x < -80 && softplus[i]! < 1e-30;
    assertEquals(
      isTiny || close(softplus[i]!, wanted) || Object.is(softplus[i], wanted),
      true,
      `softplus ${x}: ${softplus[i]}`,
    );
  });
});

Deno.test("prelu with slopes of any shape that broadcasts is the cpu backend's, forward and backward", async () => {
  const arbitrary = shapeOf(1, 4, 4).chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(...shape.map((length) => fc.constantFrom(1, length))),
      fc.integer({ min: 0, max: shape.length }),
    )
  );
  await holds(arbitrary, ([shape, slopes, dropped]) => {
    return assertLikeCpu((x, alpha) => tf.prelu(x!, alpha!), [operand(shape), operand(slopes.slice(dropped), 2)]);
  }, 120);
});

Deno.test("unsortedSegmentSum and the gradient of gather are the cpu backend's", async () => {
  await holds(fc.tuple(size, size, size, fc.integer()), async ([rows, width, segments, seed]) => {
    const x = operand([rows, width]), ids = indices([rows], 0, segments, seed);
    await assertLikeCpu((t, i) => tf.unsortedSegmentSum(t!, i as tf.Tensor1D, segments), [x, ids]);
    await assertLikeCpu((t, i) => tf.gather(t!, i as tf.Tensor1D), [operand([segments, width]), ids]);
  });
  // Ids of no segment, in the middle and past the end of the output.
  const outside = { shape: [6], data: Int32Array.of(0, -1, 2, 3, 1, 1000) };
  const sums = (t: tf.Tensor, i: tf.Tensor) => tf.unsortedSegmentSum(t, i as tf.Tensor1D, 3);
  await assertLikeCpu((t, i) => sums(t!, i!), [operand([6, 4]), outside], { gradients: [] });
});

Deno.test("conv2d and conv1d have the cpu backend's values and gradients, also where stock gives zeros", async () => {
  const arbitrary = fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 3, max: 8 }),
    width: fc.integer({ min: 3, max: 8 }),
    channels: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    filter: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom("same" as const, "valid" as const),
  });
  await holds(
    arbitrary,
    async ({ batch, height, width, channels: [inChannels, outChannels], filter, strides, pad }) => {
      const operands = [operand([batch, height, width, inChannels]), operand([...filter, inChannels, outChannels])];
      await assertLikeCpu((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad), operands);
    },
  );
  const sequence = [operand([2, 9, 3]), operand([3, 3, 5])];
  await assertLikeCpu((x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, "same"), sequence);
});

Deno.test("depthwiseConv2d has the cpu backend's values and gradients", async () => {
  const arbitrary = fc.record({
    side: fc.integer({ min: 5, max: 9 }),
    channels: fc.integer({ min: 1, max: 5 }),
    multiplier: fc.integer({ min: 1, max: 3 }),
    filter: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom("same" as const, "valid" as const),
  });
  await holds(arbitrary, async ({ side, channels, multiplier, filter, strides, pad }) => {
    const operands = [operand([2, side, side, channels]), operand([...filter, channels, multiplier])];
    await assertLikeCpu((x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad), operands);
  });
});

for (const isDepthwise of [false, true]) {
  const name = isDepthwise ? "fused.depthwiseConv2d" : "fused.conv2d";
  Deno.test(`${name} has the cpu backend's values and gradients, with bias and activation`, async () => {
    const arbitrary = fc.record({
      height: fc.integer({ min: 5, max: 9 }),
      width: fc.integer({ min: 5, max: 9 }),
      channels: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })),
      filter: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
      strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      pad: fc.constantFrom("same" as const, "same" as const, "valid" as const),
      activation: fc.constantFrom(...ACTIVATIONS),
      biasShape: fc.constantFrom("none", "channels", "channels", "scalar", "one"),
    });
    await holds(arbitrary, async ({ height, width, channels, filter, strides, pad, activation, biasShape }) => {
      const [inChannels, last] = channels, outChannels = isDepthwise ? inChannels * last : last;
      const shapes = { none: null, channels: [outChannels], scalar: [], one: [1] };
      const bias = shapes[biasShape as keyof typeof shapes];
      const compute: Compute = (x, w, ...optional) => {
        const run = isDepthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
        const operands = { x: x as tf.Tensor4D, filter: w as tf.Tensor4D };
        return run({ ...operands, strides, pad, ...fusion(activation, bias !== null, optional) });
      };
      const operands = [operand([2, height, width, inChannels]), operand([...filter, inChannels, last])];
      await assertLikeCpu(compute, [...operands, ...fusionOperands(activation, bias, [outChannels])]);
    }, 200);
  });
}

Deno.test("a convolution of tf.layers is the cpu backend's where its filter is narrower than the stride", async () => {
  const compute: Compute = (x) => {
    const layer = tfLayers.layers.conv2d({
      ...{ filters: 2, kernelSize: [3, 1], strides: [2, 2], padding: "same", activation: "relu" },
      kernelInitializer: tfLayers.initializers.constant({ value: 0.5 }),
      biasInitializer: tfLayers.initializers.constant({ value: 0.25 }),
    });
    const out = layer.apply(x!) as tf.Tensor;
    layer.dispose();
    return out;
  };
  for (const width of [5, 6]) await assertLikeCpu(compute, [operand([1, 6, width, 2])]);
});

Deno.test("maxPool has the cpu backend's gradient, also where a window's maximum is negative or there are two", async () => {
  const arbitrary = fc.tuple(
    fc.integer({ min: 3, max: 8 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom("same" as const, "valid" as const),
  );
  await holds(arbitrary, async ([side, channels, filter, stride, pad]) => {
    const { shape, data } = operand([2, side, side, channels]);
    const below = { shape, data: Float32Array.from(data, (value) => value - 3) };
    const tied = { shape, data: Float32Array.from(data, (value) => Math.round(value) - 3) };
    for (const values of [below, tied]) {
      await assertLikeCpu((x) => tf.maxPool(x as tf.Tensor4D, filter, stride, pad), [values]);
    }
  });
});

Deno.test("kernels read the heap anew after it has grown", async () => {
  await startWasmBackend(wasmFilePath());
  await tf.setBackend("wasm");
  // 64 MB a piece: each makes the heap grow, which detaches every view taken before.
  const grown = tf.tidy(() => {
    const x = tf.ones([4096, 4096]);
    const parts = tf.split(x, 2, 1), cut = tf.slice(x, [1, 0], [4000, 4096]);
    const sums = [tf.sum(parts[1]!), tf.sum(cut), tf.sum(tf.sum(tf.transpose(x), 0)), tf.sum(tf.tanh(tf.zerosLike(x)))];
    return sums.map((sum) => sum.dataSync()[0]);
  });
  assertEquals(grown, [4096 * 2048, 4000 * 4096, 4096 * 4096, 0]);
});

Deno.test("installWasmKernels() refuses another tfjs, naming both versions", async () => {
  await startWasmBackend(wasmFilePath());
  await tf.setBackend("wasm");
  installWasmKernels();
  assertEquals(Object.keys(TFJS_PARTS), ["core", "layers", "backend-wasm"]);
  for (const part of Object.keys(TFJS_PARTS)) {
    const error = assertThrows(() => installWasmKernels({ ...TFJS_PARTS, [part]: "4.23.0" }), Error, "4.23.0");
    assertStringIncludes(error.message, `tfjs-${part} 4.22.0`);
  }
});
