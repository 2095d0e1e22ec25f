import { QUANTILE_LEVELS, type TimeRange } from "../../core/mod.ts";
import { type Forecasts, type ScaledForecasts, scaledQuantiles, type TestRows } from "./test_rows.ts";

const OUTPUTS = ["probabilityUp", "volatilityBps", "quantilesBps"] as const;

/** One step of a walk-forward as the scored rows name it. */
export interface ScoredFold {
  /** Place on the whole grid, from 0, whichever folds were scored. */
  readonly index: number;
  /** Decision times that its models were fitted on; half-open. */
  readonly train: TimeRange;
}

/** What was said on one fold's test rows, and what happened. */
export interface FoldScored<Name extends string> {
  readonly fold: ScoredFold;
  readonly test: TestRows;
  readonly model: Required<Forecasts>;
  readonly baselines: Readonly<Record<Name, Forecasts | ScaledForecasts>>;
}

/** The test rows of all folds one after the other, ascending in time, with what a model and the baselines said. */
export interface ScoredFolds<Name extends string = string> {
  readonly folds: readonly ScoredFold[];
  /** Place of each row's fold in `folds`. */
  readonly foldOf: Int32Array;
  readonly test: TestRows;
  readonly model: Required<Forecasts>;
  /** Quantiles that are σ × constants are multiplied out anew whenever they are asked for: held, they are most of it all. */
  readonly baselines: Readonly<Record<Name, Forecasts>>;
}

/**
 * Puts folds one after the other.
 *
 * @param parts At least one, ascending in time, each with the same baselines.
 */
export function joinFolds<Name extends string>(parts: readonly FoldScored<Name>[]): ScoredFolds<Name> {
  const table = new FoldTable<Name>(parts.map(({ test }) => test.length));
  parts.forEach((part, place) => table.put(place, part));
  return table.joined();
}

/** Columns for the rows of all folds, filled fold by fold in any order, so that no fold's own need to be kept. */
export class FoldTable<Name extends string> {
  readonly #ends: readonly number[];
  readonly #folds: ScoredFold[] = [];
  readonly #columns = new Map<string, Float32Array | Float64Array>();
  /** Outputs that every fold so far has had, by the name of what said them. */
  readonly #outputs = new Map<string, Set<keyof Forecasts>>();
  /** By the name of what said them and the fold's place. */
  readonly #standardized = new Map<string, (readonly number[])[]>();
  readonly #foldOf: Int32Array;
  #horizonMinutes = NaN;

  /** @param rows Test rows of each fold, ascending in time. */
  constructor(rows: readonly number[]) {
    let end = 0;
    this.#ends = rows.map((length) => end += length);
    this.#foldOf = new Int32Array(end);
    this.#ends.forEach((until, place) => this.#foldOf.fill(place, this.#startOf(place), until));
  }

  /** Takes a fold's columns over. @throws {RangeError} for a fold with other rows than were announced. */
  put(place: number, { fold, test, model, baselines }: FoldScored<Name>): void {
    const from = this.#startOf(place);
    if (test.length !== this.#ends[place]! - from) {
      throw new RangeError(`Cannot put ${test.length} rows where fold ${place} has ${this.#ends[place]! - from}`);
    }
    this.#folds[place] = fold;
    this.#horizonMinutes = test.horizonMinutes;
    this.#copy("decisionTimeMs", test.decisionTimeMs, from);
    this.#copy("returnBps", test.returnBps, from);
    this.#copy("realizedVarianceBps2", test.realizedVarianceBps2, from);
    this.#take("model", model, from);
    for (const [name, forecasts] of Object.entries<Forecasts | ScaledForecasts>(baselines)) {
      if (!("standardizedQuantiles" in forecasts)) {
        this.#take(name, forecasts, from);
        continue;
      }
      const { standardizedQuantiles, ...columns } = forecasts;
      this.#take(name, columns, from);
      const nine = this.#standardized.get(name) ?? [];
      nine[place] = standardizedQuantiles;
      this.#standardized.set(name, nine);
    }
  }

  /** The whole table, once every fold is in. @throws {RangeError} where one is not. */
  joined(): ScoredFolds<Name> {
    const count = this.#ends.length, missing = this.#ends.findIndex((_, place) => this.#folds[place] === undefined);
    if (count === 0 || missing >= 0) throw new RangeError("Cannot join no folds, or some that are not there");
    const foldOf = this.#foldOf;
    const column = <C extends Float32Array | Float64Array>(name: string) => this.#columns.get(name) as C;
    return {
      folds: this.#folds,
      foldOf,
      test: {
        length: foldOf.length,
        horizonMinutes: this.#horizonMinutes,
        decisionTimeMs: column<Float64Array>("decisionTimeMs"),
        returnBps: column<Float32Array>("returnBps"),
        realizedVarianceBps2: column<Float32Array>("realizedVarianceBps2"),
      },
      model: this.#forecastsOf("model") as Required<Forecasts>,
      baselines: Object.fromEntries(
        [...this.#outputs.keys()].filter((name) => name !== "model").map((name) => [name, this.#forecastsOf(name)]),
      ) as Record<Name, Forecasts>,
    };
  }

  #startOf(place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]!;
  }

  #take(name: string, forecasts: Forecasts, from: number): void {
    const has = new Set(OUTPUTS.filter((output) => forecasts[output] !== undefined));
    this.#outputs.set(name, this.#outputs.get(name)?.intersection(has) ?? has);
    for (const output of has) {
      const values = forecasts[output]!, width = output === "quantilesBps" ? QUANTILE_LEVELS.length : 1;
      this.#copy(`${name} ${output}`, values, from, width);
    }
  }

  #copy(name: string, values: Float32Array | Float64Array, from: number, width = 1): void {
    let column = this.#columns.get(name);
    if (column === undefined) {
      const kind = values.constructor as new (length: number) => Float32Array | Float64Array;
      this.#columns.set(name, column = new kind(this.#ends.at(-1)! * width));
    }
    column.set(values, from * width);
  }

  #forecastsOf(name: string): Forecasts {
    const outputs = [...this.#outputs.get(name)!];
    const columns: Forecasts = Object.fromEntries(
      outputs.map((output) => [output, this.#columns.get(`${name} ${output}`)]),
    );
    const { volatilityBps } = columns, nine = this.#standardized.get(name), foldOf = this.#foldOf;
    if (nine === undefined || volatilityBps === undefined) return columns;
    return {
      ...columns,
      get quantilesBps() {
        return scaledQuantiles(volatilityBps, (row) => nine[foldOf[row]!]!);
      },
    };
  }
}
