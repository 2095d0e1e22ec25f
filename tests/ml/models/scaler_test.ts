import { assert, assertEquals } from "@std/assert";
import { allocateFeatures } from "../../../src/core/mod.ts";
import { fitScaler, Scaler } from "../../../src/ml/models/scaler.ts";

Deno.test("a feature that never moved in training stays 0, whatever it does later", { permissions: "none" }, () => {
  const features = allocateFeatures(4, ["moves", "missing_minutes_1440"]);
  features.columns[0]!.set([1, 2, 3, 4]);
  const spec = fitScaler(features, Int32Array.of(0, 1, 2, 3));
  const inputs = new Float32Array(2);
  for (const missing of [0, 1, 80, 1440]) {
    new Scaler(spec, [false, false]).write((j) => j === 0 ? 2.5 : missing, inputs, 0);
    assertEquals(inputs[0], 0);
    assert(Math.abs(inputs[1]!) < 1e-30, `${missing} minutes: ${inputs[1]}`);
  }
});
