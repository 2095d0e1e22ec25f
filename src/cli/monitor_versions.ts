import { isDomainError, type ModelRegistry } from "../core/mod.ts";
import type { SpecForecastModel } from "../ml/models/spec_forecast_model.ts";
import type { AliasHolding, KnownVersion } from "../monitoring/mod.ts";
import { learntUntil } from "./registered_forecasts.ts";

/** What a registry tells of versions; of those that were deleted or damaged since, nothing. Each is read once. */
export interface RegisteredVersions {
  modelOf(name: string, version: string): Promise<SpecForecastModel | undefined>;
  version(name: string, version: string): Promise<KnownVersion | undefined>;
  holdings(name: string): Promise<readonly AliasHolding[]>;
}

/** Reads versions from a registry; without one nothing is known. */
export function registeredVersions(registry: ModelRegistry | undefined): RegisteredVersions {
  const models = new Map<string, Promise<SpecForecastModel | undefined>>();
  const holdings = new Map<string, Promise<readonly AliasHolding[]>>();
  const known = <T>(read: (registry: ModelRegistry) => Promise<T>, nothing: T) =>
    registry === undefined ? Promise.resolve(nothing) : unlessGone(() => read(registry), nothing);
  const modelOf = (name: string, version: string) =>
    once(models, `${name}/${version}`, () => known((own) => readModel(own, name, version), undefined));
  return {
    modelOf,
    async version(name, version) {
      const model = await modelOf(name, version);
      if (model === undefined) return undefined;
      const { featureNames, referenceHistograms, trainingRanges, horizonMinutes } = model.spec;
      return { learntUntilMs: learntUntil(trainingRanges, horizonMinutes), featureNames, shapes: referenceHistograms };
    },
    holdings: (name) => once(holdings, name, () => known((own) => readHoldings(own, name), [])),
  };
}

function once<T>(cache: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const found = cache.get(key) ?? read();
  cache.set(key, found);
  return found;
}

async function unlessGone<T>(read: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isDomainError(error, "not-found", "model-invalid")) return nothing;
    throw error;
  }
}

async function readModel(registry: ModelRegistry, name: string, version: string): Promise<SpecForecastModel> {
  const [{ loadSpecForecastModel }, { readModelFiles }] = await Promise.all([
    import("../ml/models/load_forecast_model.ts"),
    import("../api/model/resolve.ts"),
  ]);
  return loadSpecForecastModel(await readModelFiles(registry, { name, version }, "monitor"));
}

/**
 * Who held each alias when: by its history, or where another program moved it, the holder of now since the last move that
 * is known.
 */
async function readHoldings(registry: ModelRegistry, name: string): Promise<readonly AliasHolding[]> {
  const { readAliasMoves } = await import("../MLOps/promotion/mod.ts");
  const model = await registry.getRegisteredModel(name);
  return model.aliases.flatMap(({ alias, version: holder }) => {
    const moves = readAliasMoves(model, alias);
    const spans = moves.map(({ to, atMs }, i) => ({
      ...{ alias, version: to, fromMs: atMs },
      untilMs: moves[i + 1]?.atMs ?? Infinity,
    }));
    const last = spans.at(-1);
    if (last?.version === holder) return spans;
    if (last === undefined) return [{ alias, version: holder, fromMs: -Infinity, untilMs: Infinity }];
    return [...spans.slice(0, -1), { ...last, version: holder }];
  });
}
