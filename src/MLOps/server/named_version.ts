import type { ModelRegistry, ModelVersion } from "../../core/mod.ts";
import { invalidParameter } from "./fields.ts";

/** The version behind an alias. @throws {TrackingError} 400 for an unknown alias, 404 for an unknown model. */
export async function versionOfAlias(registry: ModelRegistry, name: string, alias: string): Promise<ModelVersion> {
  const version = await registry.getVersionByAlias(name, alias);
  if (version !== undefined) return version;
  await registry.getRegisteredModel(name); // an unknown model is 404
  throw invalidParameter(`Registered model alias ${alias} not found.`);
}

/** The version of the highest number; undefined of none. */
export function newestOf(versions: readonly ModelVersion[]): ModelVersion | undefined {
  return versions.toSorted((a, b) => Number(b.version) - Number(a.version))[0];
}
