import { assertEquals } from "@std/assert";
import { MODEL_FAMILIES, STORED_FEATURE_SETS } from "../../../src/core/mod.ts";
import { featureEngines, featureSetOf, storedFeatureSet, windowFeatureEngine } from "../../../src/ml/features/mod.ts";

const PURE = { permissions: "none" } as const;

Deno.test("featureSetOf() is the flagship for every family but those that read sequences", PURE, () => {
  const sets = Object.fromEntries(MODEL_FAMILIES.map((family) => [family, featureSetOf(family).name]));
  assertEquals(sets, {
    mlp: "flagship",
    gbdt: "flagship",
    linear: "flagship",
    pyramid: "base",
    tcn: "base",
    gru: "base",
    har: "flagship",
    contrarian: "flagship",
    climatology: "flagship",
  });
});

Deno.test("featureEngines() are the stored sets and the window, each once", PURE, () => {
  const stored = STORED_FEATURE_SETS.map(storedFeatureSet);
  assertEquals(stored.map(({ name }) => name), [...STORED_FEATURE_SETS]);
  assertEquals(featureEngines(), [...stored, windowFeatureEngine()]);
  assertEquals(new Set(featureEngines().map(({ digest }) => digest)).size, 3);
});
