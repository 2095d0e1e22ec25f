import { DomainError, type FeatureEngine, type ForecastModelInfo } from "../../core/mod.ts";

/** What of a feature engine decides whether a model's features can be computed here. */
export type FeatureIdentity = Pick<FeatureEngine, "name" | "names" | "nullable" | "digest">;

/**
 * Makes sure that this service computes exactly the features that the model was trained on.
 *
 * @throws {DomainError} `model-invalid` naming the features that differ.
 */
export function checkFeatureSet(info: ForecastModelInfo, engine: FeatureIdentity): void {
  const sameNames = info.featureNames.length === engine.names.length &&
    info.featureNames.every((name, j) => engine.names[j] === name);
  if (info.featureSetDigest === engine.digest && sameNames) return;
  const own = new Set(engine.names), wanted = new Set(info.featureNames);
  const parts = [
    list("unknown here", info.featureNames.filter((name) => !own.has(name))),
    list("not in the model", engine.names.filter((name) => !wanted.has(name))),
    list(
      "in another place",
      info.featureNames.filter((name, j) => own.has(name) && engine.names[j] !== name && own.size === wanted.size),
    ),
  ].filter((part) => part !== "");
  const difference = parts.length > 0
    ? parts.join("; ")
    : "the names are the same, so a parameter, look-back or definition version differs";
  throw new DomainError(
    "model-invalid",
    `Cannot serve the model as its feature set is not the one that this program computes ('${engine.name}'): ${difference}`,
    {
      hint: "Train and register again with this version of the program, or serve with the version it was trained with",
    },
  );
}

function list(label: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, 10).join(", ");
  return `${label}: ${shown}${names.length > 10 ? ` and ${names.length - 10} more` : ""}`;
}
