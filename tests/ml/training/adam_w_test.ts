import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TrainModule } from "../../../src/ml/kernels/train_module.ts";
import { AdamW, type AdamWOptions } from "../../../src/ml/training/adam_w.ts";
import { learningRateAt } from "../../../src/ml/training/learning_rate.ts";

/** The papers' formulas, value by value in float64. */
function naiveAdamW(start: readonly number[], decays: readonly number[], options: AdamWOptions) {
  const { weightDecay = 0, clipNorm, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const weights = [...start], means = start.map(() => 0), squares = start.map(() => 0);
  let step = 0;
  return (gradient: readonly number[], learningRate: number) => {
    step++;
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0)),
      scale = Math.min(1, (clipNorm ?? Infinity) / norm);
    gradient.forEach((raw, i) => {
      const g = raw * scale;
      means[i] = beta1 * means[i]! + (1 - beta1) * g;
      squares[i] = beta2 * squares[i]! + (1 - beta2) * g * g;
      const mean = means[i]! / (1 - beta1 ** step), square = squares[i]! / (1 - beta2 ** step);
      weights[i]! -= learningRate * (mean / (Math.sqrt(square) + epsilon) + weightDecay * decays[i]! * weights[i]!);
    });
    return { weights, norm };
  };
}

const value = fc.integer({ min: -400, max: 400 }).map((tenths) => tenths / 100);

Deno.test(
  "AdamW.apply() takes the steps of the papers' formulas, with decay and clipping",
  { permissions: "none" },
  () => {
    const arbitrary = fc.integer({ min: 1, max: 19 }).chain((count) =>
      fc.record({
        start: fc.array(value, { minLength: count, maxLength: count }),
        gradients: fc.array(fc.array(value, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 8 }),
        weightDecay: fc.constantFrom(0, 0.1),
        clipNorm: fc.constantFrom(null, 1.5),
      })
    );
    fc.assert(fc.property(arbitrary, ({ start, gradients, ...options }) => {
      const decays = start.map((_, i) => i % 2);
      const adam = new AdamW(new TrainModule(), Uint8Array.from(decays), options);
      adam.weights.values.set(start);
      const naive = naiveAdamW(start, decays, options);
      for (const gradient of gradients) {
        adam.gradient.values.set(gradient);
        const norm = adam.apply(0.01), expected = naive(gradient, 0.01);
        assertAlmostEquals(norm, expected.norm, 1e-5);
        expected.weights.forEach((wanted, i) => assertAlmostEquals(adam.weights.values[i]!, wanted, 1e-5));
      }
    }));
  },
);

Deno.test("AdamW goes on from a state as if it had not stopped", { permissions: "none" }, () => {
  const fresh = () => new AdamW(new TrainModule(), new Uint8Array(6).fill(1), { weightDecay: 0.01 });
  const whole = fresh(), first = fresh(), second = fresh();
  const step = (adam: AdamW, n: number) => {
    adam.gradient.values.set([n, -1, 2 / n, 0.1, 0, n * n]);
    adam.apply(0.05);
  };
  for (let n = 1; n <= 6; n++) step(whole, n);
  for (let n = 1; n <= 3; n++) step(first, n);
  second.weights.values.set(first.weights.values);
  second.restore(first.state());
  for (let n = 4; n <= 6; n++) step(second, n);
  assertEquals(second.weights.values, whole.weights.values);
  assertEquals(second.state(), whole.state());
});

Deno.test("learningRateAt() warms up, halves on plateaus or falls along a cosine", { permissions: "none" }, () => {
  const at = (kind: "plateau" | "cosine" | "constant", steps: number, plateaus = 0) =>
    learningRateAt(1, { kind, warmUpSteps: 100 }, { steps, totalSteps: 1100, plateaus });
  for (const kind of ["plateau", "cosine", "constant"] as const) {
    assertEquals([at(kind, 0), at(kind, 49), at(kind, 99)], [0.01, 0.5, 1]);
  }
  assertEquals([at("plateau", 500, 1), at("plateau", 500, 3)], [0.5, 0.125]);
  assertAlmostEquals(at("cosine", 600), 0.5, 1e-12);
  assertAlmostEquals(at("cosine", 1100), 0, 1e-12);
  assertEquals(at("constant", 1099), 1);
});
