/**
 * The only place where adapters are built. Every import of an adapter is dynamic, so that a command loads no more
 * than it uses.
 *
 * @module
 */
import type { FeatureEngine } from "../core/mod.ts";

/** The feature engine that training, store and service share. */
export async function featureEngine(): Promise<FeatureEngine> {
  const { defaultFeatureEngine } = await import("../ml/features/mod.ts");
  return defaultFeatureEngine();
}
