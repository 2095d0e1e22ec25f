import type { FeatureEngine, ModelFamily, StoredFeatureSet } from "../../core/mod.ts";
import { isSequenceFamily } from "../models/sequence_shapes.ts";
import { defaultFeatureEngine, windowFeatureEngine } from "./base.ts";
import { flagshipFeatureSet } from "./flagship.ts";

/** Every feature set that models may be trained on. */
export function featureEngines(): readonly FeatureEngine[] {
  return [flagshipFeatureSet(), defaultFeatureEngine(), windowFeatureEngine()];
}

/**
 * The feature set of the rows that a family is trained on: `flagship`, but for families that read the last hour minute
 * by minute. Those are given `base`, from which the wide set `window` follows a few thousand rows at a time.
 */
export function featureSetOf(family: ModelFamily): FeatureEngine {
  return storedFeatureSet(isSequenceFamily(family) ? "base" : "flagship");
}

/** The feature set that the store keeps under a name. */
export function storedFeatureSet(name: StoredFeatureSet): FeatureEngine {
  return name === "base" ? defaultFeatureEngine() : flagshipFeatureSet();
}
