import type { IngestConfig } from "../config/ingest_config.ts";
import type { CallOptions, FeatureStore, Progress, SeriesId } from "../core/mod.ts";
import { storedFeatureSets } from "./runtime.ts";
import { VERSION } from "./version.ts";

/** Brings the feature sets that the configuration names up to date with the candles of a series of minutes. */
export async function updateFeatures(
  store: FeatureStore,
  series: SeriesId,
  { features }: Pick<IngestConfig, "features">,
  options: CallOptions & { readonly progress: Progress },
): Promise<void> {
  const { materializeFeatures } = await import("../feature_store/mod.ts");
  for (const engine of await storedFeatureSets(features)) {
    await materializeFeatures(store, series, engine, { ...options, codeVersion: VERSION });
  }
}
