import { sigmoid } from "../logistic_functions.ts";
import {
  allocateForecasts,
  type ForecastColumns,
  type ForecastModel,
  type ForecastModelInfo,
  QUANTILE_LEVELS,
} from "../../core/mod.ts";
import { cellLogit, type ForecastSpec, type HarLine, RV_FLOOR_BPS2, type VolatilityHead } from "./forecast_spec.ts";
import { type ForecastTrees, treeHeads, type TreeScores, TreesForward } from "./forecast_trees.ts";
import { INCREMENTS, INCREMENTS_TO_QUANTILES, type Network } from "./network.ts";
import { EnsembleForward } from "./network_forward.ts";
import { Scaler } from "./scaler.ts";

const LEVELS = QUANTILE_LEVELS.length;
const NO_OUTPUTS = { logit: 0, correction: 0 };

/** What a spec's heads may ask for beside numbers in the spec itself. */
export interface ModelParts {
  /** Networks of equal shape; the forecast is made from the means of their outputs. */
  readonly networks?: readonly Network[];
  /** Boosted trees of the direction and of the volatility. */
  readonly trees?: ForecastTrees;
}

/** The one forward pass of every family: plain arithmetic over a spec and the parts that its heads ask for. */
export class SpecForecastModel implements ForecastModel {
  readonly info: ForecastModelInfo;
  readonly spec: ForecastSpec;
  readonly parts: ModelParts;
  readonly #forward: EnsembleForward | undefined;
  readonly #trees: TreesForward | undefined;
  readonly #scaler: Scaler | undefined;
  readonly #inputs: Float64Array;
  readonly #increments = new Float64Array(INCREMENTS);
  readonly #standardized = new Float64Array(LEVELS);
  readonly #harColumns: readonly number[];
  readonly #harFallback: number;
  readonly #signColumn: number;

  /**
   * Binds a spec to its parts.
   *
   * @throws {RangeError} where the spec asks for a part that there is not, or names an unknown feature.
   */
  constructor(spec: ForecastSpec, parts: ModelParts = {}) {
    const { heads } = spec, { networks = [] } = parts;
    const needsNetwork = heads.direction.kind === "sign-network" || heads.volatility.kind === "har-network" ||
      heads.quantiles.kind === "network";
    if (needsNetwork && (networks.length === 0 || spec.scaler === null)) {
      throw new RangeError(`Cannot build a '${spec.family}' model without its network and scaler`);
    }
    this.spec = spec;
    this.parts = parts;
    this.info = {
      horizonMinutes: spec.horizonMinutes,
      featureNames: spec.featureNames,
      featureSetDigest: spec.featureSetDigest,
      nullable: spec.nullable,
      family: spec.family,
    };
    if (treeHeads(heads).length > 0) this.#trees = new TreesForward(spec, parts.trees ?? {});
    if (spec.scaler !== null) this.#scaler = new Scaler(spec.scaler, spec.nullable);
    if (networks.length > 0) {
      this.#forward = new EnsembleForward(networks);
      const width = this.#scaler?.width, { inputs } = this.#forward;
      if (inputs !== width) throw new RangeError(`Cannot feed ${width} inputs to a network of ${inputs} inputs`);
    }
    this.#inputs = new Float64Array(this.#scaler?.width ?? 0);
    for (const head of [heads.direction, heads.volatility]) {
      if (!("weights" in head) || head.weights.length === this.#scaler?.width) continue;
      throw new RangeError(`Cannot feed ${this.#scaler?.width} inputs to a line of ${head.weights.length} weights`);
    }
    const line = heads.volatility.kind === "constant" ? undefined : heads.volatility;
    this.#harColumns = line?.features.map((name) => this.#indexOf(name)) ?? [];
    this.#harFallback = line === undefined ? -1 : this.#indexOf(line.fallback);
    this.#signColumn = heads.direction.kind === "constant" ? -1 : this.#indexOf(heads.direction.feature);
  }

  predict(rows: Float32Array, count: number): ForecastColumns {
    const width = this.info.featureNames.length;
    if (rows.length !== count * width) {
      throw new RangeError(`Cannot read ${count} rows of ${width} features from ${rows.length} values`);
    }
    const out = allocateForecasts(count);
    const trees = this.#trees?.ofRows(rows, count);
    let offset = 0;
    const valueAt = (feature: number) => rows[offset + feature]!;
    for (let row = 0; row < count; row++, offset += width) this.#predictRow(valueAt, out, row, trees);
    return out;
  }

  /** Forecasts for the given rows of feature columns, without building rows first. */
  predictColumns(columns: readonly Float32Array[], rows: Int32Array): ForecastColumns {
    const out = allocateForecasts(rows.length);
    const trees = this.#trees?.ofColumns(columns, rows);
    let at = 0;
    const valueAt = (feature: number) => columns[feature]![at]!;
    for (let i = 0; i < rows.length; i++) {
      at = rows[i]!;
      this.#predictRow(valueAt, out, i, trees);
    }
    return out;
  }

  #predictRow(
    valueAt: (feature: number) => number,
    out: ForecastColumns,
    row: number,
    trees: TreeScores | undefined,
  ): void {
    const { heads, calibration } = this.spec;
    this.#scaler?.write(valueAt, this.#inputs, 0);
    const { logit: networkLogit, correction } = this.#runNetworks();
    const logit = this.#logit(valueAt, networkLogit, trees?.direction?.[row] ?? 0);
    const { slope, intercept } = calibration.logit;
    out.probabilityUp[row] = sigmoid(intercept + slope * logit);

    const { volatility } = heads;
    let logVariance: number;
    if (volatility.kind === "constant") logVariance = volatility.logVariance;
    else {
      const learnt = volatility.kind === "har-trees" ? trees!.volatility![row]! : correction;
      logVariance = this.#harLine(volatility, valueAt) + this.#correction(volatility, learnt);
    }
    const sigma = Math.exp(logVariance / 2);
    out.volatilityBps[row] = sigma;

    const standardized = this.#standardized;
    if (heads.quantiles.kind === "standardized") standardized.set(heads.quantiles.values);
    else incrementsToQuantiles(this.#increments, standardized);
    const at = row * LEVELS;
    for (let level = 0; level < LEVELS; level++) {
      out.quantilesBps[at + level] = sigma * calibration.quantileMultipliers[level]! * standardized[level]!;
    }
    sortInPlace(out.quantilesBps, at, LEVELS);
  }

  /** Means of the networks' outputs; zeros where there is none. */
  #runNetworks(): { logit: number; correction: number } {
    return this.#forward === undefined ? NO_OUTPUTS : this.#forward.run(this.#inputs, this.#increments);
  }

  #logit(valueAt: (feature: number) => number, networkLogit: number, treeScore: number): number {
    const { direction } = this.spec.heads;
    if (direction.kind === "constant") return direction.logit;
    const cell = cellLogit(direction, valueAt(this.#signColumn));
    switch (direction.kind) {
      case "sign":
        return cell;
      case "sign-network":
        return cell + networkLogit;
      case "sign-trees":
        return cell + direction.shrink * treeScore;
      case "sign-linear":
        return cell + direction.shrink * (direction.intercept + dot(direction.weights, this.#inputs));
    }
  }

  /** What a head adds to the HAR line; `learnt` comes from networks or trees. */
  #correction(head: Exclude<VolatilityHead, { readonly kind: "constant" }>, learnt: number): number {
    switch (head.kind) {
      case "har":
        return 0;
      case "har-network":
        return head.shrink * head.bound * learnt;
      case "har-trees":
        return head.shrink * within(head.bound, learnt);
      case "har-linear":
        return head.shrink * within(head.bound, dot(head.weights, this.#inputs));
    }
  }

  #harLine(line: HarLine, valueAt: (feature: number) => number): number {
    let sum = line.intercept, value = valueAt(this.#harFallback);
    for (let j = 0; j < this.#harColumns.length; j++) {
      const own = valueAt(this.#harColumns[j]!);
      if (!Number.isNaN(own)) value = own;
      sum += line.coefficients[j]! * Math.log(Math.max(value, RV_FLOOR_BPS2));
    }
    return sum;
  }

  #indexOf(name: string): number {
    const at = this.spec.featureNames.indexOf(name);
    if (at < 0) throw new RangeError(`Cannot find feature '${name}' that a '${this.spec.family}' model reads`);
    return at;
  }
}

function dot(weights: readonly number[], inputs: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < inputs.length; j++) sum += weights[j]! * inputs[j]!;
  return sum;
}

/** The value, kept within ± the bound. */
export function within(bound: number, value: number): number {
  return Math.min(bound, Math.max(-bound, value));
}

function incrementsToQuantiles(increments: Float64Array, out: Float64Array): void {
  for (let level = 0; level < LEVELS; level++) {
    let sum = 0;
    for (let step = 0; step < INCREMENTS; step++) {
      sum += increments[step]! * INCREMENTS_TO_QUANTILES[step * LEVELS + level]!;
    }
    out[level] = sum;
  }
}

/** Insertion sort: nine values, nearly always in order already. */
function sortInPlace(values: Float32Array, start: number, count: number): void {
  for (let i = start + 1; i < start + count; i++) {
    const value = values[i]!;
    let j = i;
    for (; j > start && values[j - 1]! > value; j--) values[j] = values[j - 1]!;
    values[j] = value;
  }
}
