import { sigmoid } from "../logistic_functions.ts";
import {
  allocateForecasts,
  type ForecastColumns,
  type ForecastModel,
  type ForecastModelInfo,
  QUANTILE_LEVELS,
} from "../../core/mod.ts";
import { featureRanges, type ForecastSpec, type HeadsSpec, type VolatilityHead } from "./forecast_spec.ts";
import { type ForecastTrees, treeHeads, type TreeScores, TreesForward } from "./forecast_trees.ts";
import { INCREMENTS, INCREMENTS_TO_QUANTILES, type Network } from "./network.ts";
import { allocateOutputs, EnsembleForward, FORWARD_ROWS } from "./network_forward.ts";
import { dot, harForward, plainDirectionForward, type ValueAt } from "./plain_forward.ts";
import { SCALED_ROWS, Scaler } from "./scaler.ts";

const LEVELS = QUANTILE_LEVELS.length;

/** What a spec's heads may ask for beside numbers in the spec itself. */
export interface ModelParts {
  /** Networks of equal shape; the forecast is made from the means of their outputs. */
  readonly networks?: readonly Network[];
  /** Boosted trees of the direction and of the volatility. */
  readonly trees?: ForecastTrees;
}

/** The rows of a call. */
interface RowSource {
  readonly valueAt: ValueAt;
  /** Makes `valueAt` give the features of a row. */
  readonly moveTo: (row: number) => void;
  /** Scales the features of rows that follow one another, up to those of a forward pass. */
  readonly scale: (first: number, rows: number) => void;
}

/** The one forward pass of every family: plain arithmetic over a spec and the parts that its heads ask for. */
export class SpecForecastModel implements ForecastModel {
  readonly info: ForecastModelInfo;
  readonly spec: ForecastSpec;
  readonly parts: ModelParts;
  readonly #forward: EnsembleForward | undefined;
  readonly #trees: TreesForward | undefined;
  readonly #scaler: Scaler | undefined;
  /** Of the rows of one forward pass, together and each. */
  readonly #inputs: Float64Array;
  readonly #inputsOf: readonly Float64Array[];
  /** Zeros where there is no network. */
  readonly #outputs = allocateOutputs();
  readonly #standardized = new Float64Array(LEVELS);
  readonly #harLine: ((valueAt: ValueAt) => number) | undefined;
  readonly #plainLogit: ((valueAt: ValueAt, inputs: Float64Array) => number) | undefined;

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
      featureRanges: featureRanges(spec),
    };
    if (treeHeads(heads).length > 0) this.#trees = new TreesForward(spec, parts.trees ?? {});
    if (spec.scaler !== null) this.#scaler = new Scaler(spec.scaler, spec.nullable);
    if (networks.length > 0) {
      this.#forward = new EnsembleForward(networks);
      const width = this.#scaler?.width, { inputs } = this.#forward;
      if (inputs !== width) throw new RangeError(`Cannot feed ${width} inputs to a network of ${inputs} inputs`);
    }
    const width = this.#scaler?.width ?? 0;
    this.#inputs = new Float64Array(FORWARD_ROWS * width);
    this.#inputsOf = Array.from(
      { length: FORWARD_ROWS },
      (_, i) => this.#inputs.subarray(i * width, (i + 1) * width),
    );
    const { direction, volatility } = heads;
    for (const { weights } of linesOf(heads)) {
      if (weights.length === this.#scaler?.width) continue;
      throw new RangeError(`Cannot feed ${this.#scaler?.width} inputs to a line of ${weights.length} weights`);
    }
    if (volatility.kind !== "constant") this.#harLine = harForward(spec, volatility);
    if (direction.kind !== "constant") this.#plainLogit = plainDirectionForward(spec, direction);
  }

  predict(rows: Float32Array, count: number): ForecastColumns {
    const width = this.info.featureNames.length;
    if (rows.length !== count * width) {
      throw new RangeError(`Cannot read ${count} rows of ${width} features from ${rows.length} values`);
    }
    let offset = 0;
    const valueAt = (feature: number) => rows[offset + feature]!;
    const moveTo = (row: number) => offset = row * width;
    const scale = (first: number, rows: number) => {
      for (let i = 0; i < rows; i++) {
        moveTo(first + i);
        this.#scaler?.write(valueAt, this.#inputs, i * this.#scaler.width);
      }
    };
    return this.#predict(count, { valueAt, moveTo, scale }, this.#trees?.ofRows(rows, count));
  }

  /** Forecasts for the given rows of feature columns, without building rows first. */
  predictColumns(columns: readonly Float32Array[], rows: Int32Array): ForecastColumns {
    let at = 0;
    const width = this.#scaler?.width ?? 0, scaled = new Float64Array(Math.min(SCALED_ROWS, rows.length) * width);
    return this.#predict(rows.length, {
      valueAt: (feature) => columns[feature]![at]!,
      moveTo: (i) => at = rows[i]!,
      scale: (first, count) => {
        const place = first % SCALED_ROWS;
        if (place === 0) this.#scaler?.writeRows(columns, rows.subarray(first, first + SCALED_ROWS), scaled);
        this.#inputs.set(scaled.subarray(place * width, (place + count) * width));
      },
    }, this.#trees?.ofColumns(columns, rows));
  }

  #predict(count: number, source: RowSource, trees: TreeScores | undefined): ForecastColumns {
    const out = allocateForecasts(count);
    for (let first = 0; first < count; first += FORWARD_ROWS) {
      const rows = Math.min(FORWARD_ROWS, count - first);
      source.scale(first, rows);
      this.#forward?.run(this.#inputs, rows, this.#outputs);
      for (let i = 0; i < rows; i++) {
        source.moveTo(first + i);
        this.#predictRow(source.valueAt, i, out, first + i, trees);
      }
    }
    return out;
  }

  /** Writes the forecast of a row, whose place in the forward pass is `place`. */
  #predictRow(
    valueAt: ValueAt,
    place: number,
    out: ForecastColumns,
    row: number,
    trees: TreeScores | undefined,
  ): void {
    const { heads, calibration } = this.spec, inputs = this.#inputsOf[place]!;
    const logit = this.#logit(valueAt, inputs, this.#outputs.logit[place]!, trees?.direction?.[row] ?? 0);
    const { slope, intercept } = calibration.logit;
    out.probabilityUp[row] = sigmoid(intercept + slope * logit);

    const { volatility } = heads;
    let logVariance: number;
    if (volatility.kind === "constant") logVariance = volatility.logVariance;
    else {
      const learnt = volatility.kind === "har-trees" ? trees!.volatility![row]! : this.#outputs.correction[place]!;
      logVariance = this.#harLine!(valueAt) + this.#correction(volatility, inputs, learnt);
    }
    const sigma = Math.exp(logVariance / 2);
    out.volatilityBps[row] = sigma;

    const standardized = this.#standardized;
    if (heads.quantiles.kind === "standardized") standardized.set(heads.quantiles.values);
    else incrementsToQuantiles(this.#outputs.increments, place * INCREMENTS, standardized);
    const at = row * LEVELS;
    for (let level = 0; level < LEVELS; level++) {
      out.quantilesBps[at + level] = sigma * calibration.quantileMultipliers[level]! * standardized[level]!;
    }
    sortInPlace(out.quantilesBps, at, LEVELS);
  }

  #logit(valueAt: ValueAt, inputs: Float64Array, networkLogit: number, treeScore: number): number {
    const { direction } = this.spec.heads;
    if (direction.kind === "constant") return direction.logit;
    const plain = this.#plainLogit!(valueAt, inputs);
    switch (direction.kind) {
      case "sign":
      case "line":
        return plain;
      case "sign-network":
        return plain + (direction.shrink ?? 1) * networkLogit;
      case "sign-trees":
        return plain + direction.shrink * treeScore;
      case "sign-linear":
        return plain + direction.shrink * (direction.intercept + dot(direction.weights, inputs));
    }
  }

  /** What a head adds to the HAR line; `learnt` comes from networks or trees. */
  #correction(
    head: Exclude<VolatilityHead, { readonly kind: "constant" }>,
    inputs: Float64Array,
    learnt: number,
  ): number {
    if (head.kind === "har") return 0;
    const { level = 0, shrink, bound } = head;
    switch (head.kind) {
      case "har-network":
        return level + shrink * bound * learnt;
      case "har-trees":
        return level + shrink * within(bound, learnt);
      case "har-linear":
        return level + shrink * within(bound, dot(head.weights, inputs));
    }
  }
}

/** Lines over scaled inputs. */
function linesOf({ direction, volatility }: HeadsSpec): { readonly weights: readonly number[] }[] {
  const plain = "line" in direction ? direction.line : undefined;
  return [direction, volatility, plain].flatMap((part) => part !== undefined && "weights" in part ? [part] : []);
}

/** The value, kept within ± the bound. */
export function within(bound: number, value: number): number {
  return Math.min(bound, Math.max(-bound, value));
}

function incrementsToQuantiles(increments: Float64Array, at: number, out: Float64Array): void {
  for (let level = 0; level < LEVELS; level++) {
    let sum = 0;
    for (let step = 0; step < INCREMENTS; step++) {
      sum += increments[at + step]! * INCREMENTS_TO_QUANTILES[step * LEVELS + level]!;
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
