import { assertEquals } from "@std/assert";
import { allocateForecasts } from "../../src/core/mod.ts";
import { PredictionTally } from "../../src/api/metrics/prediction_tally.ts";
import { RecentValues } from "../../src/api/metrics/recent_values.ts";

const INFO = {
  featureNames: ["a", "b"],
  featureSetDigest: "d",
  featureRanges: { min: Float32Array.of(0, NaN), max: Float32Array.of(1, NaN) },
};

function rows(a: readonly number[], source: "minutes" | "requests" = "requests") {
  const outputs = allocateForecasts(a.length);
  outputs.probabilityUp.set(a);
  return { source, info: INFO, features: Float32Array.from(a.flatMap((value) => [value, 1e9])), outputs };
}

Deno.test("PredictionTally counts what lies outside of a known range; bounds and missing values are inside", {
  permissions: "none",
}, () => {
  const tally = new PredictionTally();
  tally.note(rows([0, 1, 0.5, -0.001, 1.001, NaN, Infinity]));
  tally.note(rows([-1], "minutes"));
  assertEquals([...tally.outOfRange("requests")], [["a", { below: 1, above: 2 }], ["b", { below: 0, above: 0 }]]);
  assertEquals(tally.outOfRange("minutes").get("a"), { below: 1, above: 0 });
  tally.note({ ...rows([5]), info: { ...INFO, featureSetDigest: "other" } });
  assertEquals(tally.outOfRange("requests").get("a"), { below: 1, above: 3 }, "counts survive a change of the set");
});

Deno.test("PredictionTally looks at large batches in slices, at each row once, and counts what it skips", {
  permissions: "none",
}, () => {
  const tally = new PredictionTally();
  const batch = rows(Array.from({ length: 4096 }, (_, i) => i % 2 === 0 ? -1 : 0.5));
  for (let i = 0; i < 20; i++) tally.note(batch);
  assertEquals(tally.skipped, 4 * 4096);
  assertEquals(tally.outOfRange("requests").get("a"), { below: 16 * 2048, above: 0 });
  tally.note(batch);
  assertEquals(tally.skipped, 4 * 4096, "there is room again");
  assertEquals(tally.quantiles("requests", "probabilityUp", [0.5, 0.51]), [-1, 0.5]);
});

Deno.test("RecentValues gives the nearest rank of the newest values alone", { permissions: "none" }, () => {
  const recent = new RecentValues(4);
  assertEquals(recent.quantiles([0.5]), []);
  for (const value of [9, 9, 4, 1, 3, 2]) recent.add(value);
  assertEquals(recent.quantiles([0.01, 0.25, 0.26, 0.5, 0.75, 1]), [1, 1, 2, 2, 3, 4]);
});
