import { DomainError, type FeatureEngine, type ForecastModelInfo } from "../../core/mod.ts";

/** What of a feature engine decides whether a model's features can be computed here. */
export type FeatureIdentity = Pick<FeatureEngine, "name" | "names" | "nullable" | "digest">;

/**
 * Makes sure that this service computes exactly the features that the model was trained on.
 *
 * @param engines feature sets that are computed here.
 * @throws {DomainError} `model-invalid` naming the features in which the nearest set differs.
 */
export function checkFeatureSet(info: ForecastModelInfo, engines: readonly FeatureIdentity[]): void {
  const wanted = new Set(info.featureNames);
  const isSame = (engine: FeatureIdentity) => info.featureSetDigest === engine.digest && sameNames(info, engine);
  if (engines.some(isSame)) return;
  const differences = ({ names }: FeatureIdentity) =>
    names.filter((name) => !wanted.has(name)).length + [...wanted].filter((name) => !names.includes(name)).length;
  const nearest = engines.reduce((best, engine) => differences(engine) < differences(best) ? engine : best);
  throw new DomainError(
    "model-invalid",
    `Cannot serve the model as its feature set is not the one that this program computes ('${nearest.name}'): ${
      differenceFrom(info, nearest)
    }`,
    {
      hint: "Train and register again with this version of the program, or serve with the version it was trained with",
    },
  );
}

function sameNames(info: ForecastModelInfo, { names }: FeatureIdentity): boolean {
  return info.featureNames.length === names.length && info.featureNames.every((name, j) => names[j] === name);
}

function differenceFrom(info: ForecastModelInfo, engine: FeatureIdentity): string {
  const own = new Set(engine.names), wanted = new Set(info.featureNames);
  const parts = [
    list("unknown here", info.featureNames.filter((name) => !own.has(name))),
    list("not in the model", engine.names.filter((name) => !wanted.has(name))),
    list(
      "in another place",
      info.featureNames.filter((name, j) => own.has(name) && engine.names[j] !== name && own.size === wanted.size),
    ),
  ].filter((part) => part !== "");
  if (parts.length > 0) return parts.join("; ");
  return "the names are the same, so a parameter, look-back or definition version differs";
}

function list(label: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, 10).join(", ");
  return `${label}: ${shown}${names.length > 10 ? ` and ${names.length - 10} more` : ""}`;
}
