import type { Dataset } from "../dataset.ts";
import { gainImportance } from "../gbdt/importance.ts";
import type { LinearFit } from "../linear/covariance.ts";
import type { HarRegression } from "../models/har.ts";
import type { FittedLinear } from "../training/fit_linear.ts";
import type { FittedTrees } from "../training/fit_trees.ts";
import type { Importance } from "../evaluation/permutation_importance.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { forecastImportance } from "./forecast_importance.ts";

/** What a family tells of its fit beside the model, in its own words. */
export interface FamilyDetails {
  /** For a person, in one line. */
  readonly sentence: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** Texts by path below the run. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * How many trees each head kept and trusts, and which features they split on.
 *
 * @param rows Rows that the trees were not grown on.
 */
export function treesDetails({ model, outcome }: FittedTrees, dataset: Dataset, rows: Int32Array): FamilyDetails {
  const { direction, volatility } = model.parts.trees!;
  const importance = {
    gain: { direction: gainImportance(direction!), volatility: gainImportance(volatility!) },
    permutation: forecastImportance(model, dataset, rows),
  };
  const part = (head: "direction" | "volatility") => {
    const { trees, grownTrees, shrink } = outcome[head];
    return `${head} ${trees} of ${grownTrees} trees, share ${shrink}`;
  };
  return {
    sentence: `${part("direction")}; ${part("volatility")}`,
    metrics: {
      direction_trees: outcome.direction.trees,
      volatility_trees: outcome.volatility.trees,
      direction_shrink: outcome.direction.shrink,
      volatility_shrink: outcome.volatility.shrink,
    },
    files: importanceFile(importance),
  };
}

/**
 * Which features a network's forecast rests on.
 *
 * @param rows Rows that the weights were not fitted on.
 */
export function networkDetails(model: SpecForecastModel, dataset: Dataset, rows: Int32Array): FamilyDetails {
  const permutation = forecastImportance(model, dataset, rows);
  const first = (importance: readonly Importance[]) => {
    const names = importance.filter(({ value }) => value > 0).slice(0, 3).map(({ feature }) => feature);
    return names.length === 0 ? "no feature" : names.join(", ");
  };
  return {
    sentence: `volatility rests most on ${first(permutation.qlike)}; direction on ${first(permutation.logLoss)}`,
    metrics: {},
    files: importanceFile({ permutation }),
  };
}

function importanceFile(importance: unknown): ReadonlyMap<string, string> {
  return new Map([["importance.json", `${JSON.stringify(importance, null, 1)}\n`]]);
}

/** Coefficients of both lines with their standard errors by days, and the shares that the validation rows bear out. */
export function linearDetails({ lines, inputNames, shrink }: FittedLinear): FamilyDetails {
  const table = {
    direction: lines.direction === undefined ? [] : coefficients(lines.direction, inputNames),
    volatility: coefficients(lines.volatility, inputNames),
  };
  return {
    sentence: `direction line, share ${shrink.direction}; volatility line, share ${shrink.volatility}`,
    metrics: { direction_shrink: shrink.direction, volatility_shrink: shrink.volatility },
    files: coefficientsFile(table),
  };
}

/** Coefficients of log-HAR with their standard errors by days, and the smearing that its level is moved by. */
export function harDetails({ line, fit, smearing }: HarRegression): FamilyDetails {
  const volatility = coefficients(fit, line.features.map((name) => `ln ${name}`));
  return {
    sentence: `log-HAR over ${line.features.length} look-backs, smearing ${smearing.toFixed(3)}`,
    metrics: {},
    files: coefficientsFile({ volatility, smearing }),
  };
}

function coefficientsFile(table: unknown): ReadonlyMap<string, string> {
  return new Map([["coefficients.json", `${JSON.stringify(table, null, 1)}\n`]]);
}

/** Intercept first; an error that cannot be told is null, with the reason. */
function coefficients({ intercept, coefficients, standardErrors }: LinearFit, names: readonly string[]) {
  const row = (input: string, value: number, error: number) => ({
    input,
    value,
    standardError: Number.isFinite(error) ? error : null,
    t: Number.isFinite(value / error) ? value / error : null,
    ...(Number.isFinite(error) ? {} : { reason: standardErrors.missing ?? "constant, or made of columns before it" }),
  });
  return [
    row("intercept", intercept, standardErrors.intercept),
    ...names.map((name, j) => row(name, coefficients[j]!, standardErrors.coefficients[j]!)),
  ];
}
