import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { inputsOf, startNetwork, tensorsOf, withTensors } from "../../../src/ml/models/network.ts";
import { NetworkForward } from "../../../src/ml/models/network_forward.ts";
import { trunkForward } from "../../../src/ml/models/sequence_forward.ts";
import { SEQUENCE_FAMILIES, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import {
  type ConvolutionLayer,
  neededPositions,
  type SequenceShape,
  type SequenceTrunk,
  startTrunk,
  trunkTensors,
  trunkUnits,
  withTrunkTensors,
} from "../../../src/ml/models/sequence_trunk.ts";
import { forwardRow } from "./forward_row.ts";

const PURE = { permissions: "none" } as const;

function randomTrunk(shape: SequenceShape, window: SequenceTrunk["window"], seed: number): SequenceTrunk {
  const random = seededRandom(seed), start = startTrunk(random, shape, window);
  return withTrunkTensors(
    start,
    trunkTensors(start).map(({ values }) => values.map((value) => value + 0.2 * random.normal())),
  );
}

const rowsOf = (inputs: ArrayLike<number>, { start, steps, channels }: SequenceTrunk["window"]) =>
  Array.from(
    { length: steps },
    (_, t) => Array.from({ length: channels }, (_, c) => inputs[start + t * channels + c]!),
  );

/** A layer at all its positions, straight from the definition. */
function wholeLayer(layer: ConvolutionLayer, x: readonly number[][]): number[][] {
  const { kernelSize, dilation, stride, inputs, units, kernel, bias, residual } = layer, out: number[][] = [];
  for (let p = 0; p * stride + (kernelSize - 1) * dilation < x.length; p++) {
    out.push(Array.from({ length: units }, (_, j) => {
      let sum = bias[j]!;
      for (let tap = 0; tap < kernelSize; tap++) {
        for (let c = 0; c < inputs; c++) {
          sum += x[p * stride + tap * dilation]![c]! * kernel[(tap * inputs + c) * units + j]!;
        }
      }
      return Math.max(0, sum) + (residual ? x[p + (kernelSize - 1) * dilation]![j]! : 0);
    }));
  }
  return out;
}

Deno.test("trunkForward() of convolutions is the last position of all of them", PURE, () => {
  const layer = fc.record({
    units: fc.integer({ min: 1, max: 6 }),
    kernelSize: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    residual: fc.boolean(),
  });
  const arbitrary = fc.record({
    layers: fc.array(layer, { minLength: 1, maxLength: 4 }),
    channels: fc.integer({ min: 1, max: 5 }),
    start: fc.integer({ min: 0, max: 3 }),
    seed: fc.nat(1000),
  });
  let compared = 0;
  fc.assert(fc.property(arbitrary, ({ layers, channels, start, seed }) => {
    const allowed = layers.map((each, i) => {
      const before = i === 0 ? channels : layers[i - 1]!.units;
      return { ...each, residual: each.residual && each.stride === 1 && before === each.units };
    });
    const window = { start, steps: 24, channels };
    let trunk: SequenceTrunk;
    try {
      trunk = randomTrunk({ kind: "convolutions", layers: allowed }, window, seed + 1);
    } catch (error) {
      assert(error instanceof RangeError);
      return;
    }
    assert(trunk.kind === "convolutions");
    const random = seededRandom(seed + 7);
    const inputs = Float64Array.from({ length: start + 24 * channels + 2 }, () => random.normal());
    const expected = trunk.layers.reduce((x, each) => wholeLayer(each, x), rowsOf(inputs, window)).at(-1)!;
    const out = new Float64Array(trunkUnits(trunk));
    trunkForward(trunk)(inputs, out);
    out.forEach((value, j) => assertAlmostEquals(value, expected[j]!, 1e-9));
    compared++;
  }));
  assert(compared > 30, `${compared}`);
});

Deno.test("trunkForward() of the gated recurrent unit follows its equations", PURE, () => {
  const window = { start: 2, steps: 9, channels: 3 }, trunk = randomTrunk({ kind: "gru", units: 5 }, window, 4);
  assert(trunk.kind === "gru");
  const { kernel, recurrentKernel, bias } = trunk.layer;
  const random = seededRandom(3), inputs = Float64Array.from({ length: 30 }, () => random.normal());
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  let h = new Array<number>(5).fill(0);
  for (const x of rowsOf(inputs, window)) {
    const own = (gate: number, j: number) =>
      x.reduce((sum, value, c) => sum + value * kernel[c * 15 + gate * 5 + j]!, bias[gate * 5 + j]!);
    const back = (state: readonly number[], gate: number, j: number) =>
      state.reduce((sum, value, i) => sum + value * recurrentKernel[i * 15 + gate * 5 + j]!, 0);
    const before = h, r = before.map((_, j) => sigmoid(own(1, j) + back(before, 1, j)));
    const kept = before.map((value, j) => r[j]! * value);
    h = before.map((value, j) => {
      const z = sigmoid(own(0, j) + back(before, 0, j));
      return z * value + (1 - z) * Math.tanh(own(2, j) + back(kept, 2, j));
    });
  }
  const out = new Float64Array(5);
  trunkForward(trunk)(inputs, out);
  out.forEach((value, j) => assertAlmostEquals(value, h[j]!, 1e-12));
});

Deno.test("sequenceShape() sees nearly the whole hour, and each family hears its first minute but one", PURE, () => {
  const window = { start: 1, steps: 60, channels: 2 };
  for (const family of SEQUENCE_FAMILIES) {
    const trunk = randomTrunk(sequenceShape(family, 8), window, 2), forward = trunkForward(trunk);
    const random = seededRandom(5), inputs = Float64Array.from({ length: 122 }, () => random.normal());
    const read = (changed?: number) => {
      const out = new Float64Array(8), own = inputs.slice();
      if (changed !== undefined) own[changed]! += 0.5;
      forward(own, out);
      return out;
    };
    for (const [minute, heard] of [[0, family !== "tcn"], [1, true], [30, true], [59, true]] as const) {
      assertEquals(`${read(1 + 2 * minute)}` !== `${read()}`, heard, `${family} minute ${minute}`);
    }
    assertEquals(read(0), read(), "what lies before the window is not read");
    assertEquals(read(121), read(), "nor what lies behind it");
  }
});

Deno.test("neededPositions() of dilated convolutions are a third of all", PURE, () => {
  const shape = sequenceShape("tcn", 4);
  assert(shape.kind === "convolutions");
  const layers = shape.layers.map((layer, i) => ({ ...layer, name: `l${i}`, inputs: i === 0 ? 2 : 4 }));
  assertEquals(neededPositions(layers, { steps: 60 }).map(({ outputs }) => outputs.length), [29, 21, 9, 3, 1]);
});

Deno.test("startTrunk() refuses what does not fit, by the layer's name", PURE, () => {
  const start = (layer: Record<string, unknown>) =>
    startTrunk(seededRandom(1), {
      kind: "convolutions",
      layers: [{ units: 3, kernelSize: 3, dilation: 2, stride: 1, residual: false, ...layer }],
    }, { start: 0, steps: 5, channels: 2 });
  assertEquals(trunkUnits(start({})), 3);
  assertThrows(() => start({ dilation: 3 }), RangeError, "'convolution_1' of 7 positions over 5");
  assertThrows(() => start({ residual: true }), RangeError, "'convolution_1'");
  assertThrows(() => start({ residual: true, units: 2, stride: 2 }), RangeError, "stride 1");
});

Deno.test("a network joins the trunk's output with the inputs outside of the window, flags last", PURE, () => {
  const window = { start: 2, steps: 3, channels: 2 };
  const network = startNetwork({
    inputs: 11,
    sequence: { shape: { kind: "gru", units: 4 }, window },
    hidden: [6],
    flags: 2,
    quantiles: [-4, -3, -2, -1, 0, 1, 2, 3, 4],
    seed: 1,
  });
  assertEquals([inputsOf(network), network.hidden[0]!.inputs], [11, 4 + 2 + 3]);
  assert(network.hidden[0]!.kernel.slice(7 * 6).every((value) => value === 0), "a flag starts mute");
  assert(network.hidden[0]!.kernel.slice(0, 7 * 6).every((value) => value !== 0));
  const random = seededRandom(2);
  const moved = withTensors(network, tensorsOf(network).map((values) => values.map((v) => v + random.normal())));
  const forward = new NetworkForward(moved), increments = new Float64Array(9);
  const row = Float64Array.from({ length: 11 }, () => random.normal());
  const logit = (change?: number) =>
    forwardRow(forward, row.map((value, i) => i === change ? value + 1 : value), increments).logit;
  for (let i = 0; i < 11; i++) assert(logit(i) !== logit(), `input ${i} is read`);
  assertThrows(() => withTensors(network, tensorsOf(network).slice(1)), RangeError, "'gru/kernel'");
});
