import type { TimeRange } from "../../core/mod.ts";
import {
  type Forecasts,
  type RemadeForecasts,
  type ScaledForecasts,
  scaledQuantiles,
  type TestRows,
} from "./test_rows.ts";

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
  readonly baselines: Readonly<Record<Name, RemadeForecasts>>;
  /** Of baselines whose quantiles are σ × constants, the nine of each of `folds`. @default none are known */
  readonly standardizedQuantiles?: FoldConstants<Name>;
}

/** Quantiles of r/σ of baselines, a row a fold. */
export type FoldConstants<Name extends string> = Readonly<Partial<Record<Name, readonly (readonly number[])[]>>>;

/**
 * Puts folds one after the other.
 *
 * @param parts At least one, ascending in time, each with the same baselines.
 */
export function joinFolds<Name extends string>(parts: readonly FoldScored<Name>[]): ScoredFolds<Name> {
  const [first] = parts;
  if (first === undefined) throw new RangeError("Cannot join no folds");
  const lengths = parts.map(({ test }) => test.length), foldOf = new Int32Array(lengths.reduce((sum, n) => sum + n, 0));
  let end = 0;
  lengths.forEach((length, place) => foldOf.fill(place, end, end += length));
  const names = Object.keys(first.baselines) as Name[];
  return {
    folds: parts.map(({ fold }) => fold),
    foldOf,
    test: {
      length: foldOf.length,
      horizonMinutes: first.test.horizonMinutes,
      decisionTimeMs: joined(parts.map(({ test }) => test.decisionTimeMs), Float64Array),
      returnBps: joined(parts.map(({ test }) => test.returnBps), Float32Array),
      realizedVarianceBps2: joined(parts.map(({ test }) => test.realizedVarianceBps2), Float32Array),
    },
    model: joinForecasts(parts.map(({ model }) => model)) as Required<Forecasts>,
    baselines: Object.fromEntries(
      names.map((name) => [name, joinBaseline(parts.map(({ baselines }) => baselines[name]), foldOf)]),
    ) as Record<Name, RemadeForecasts>,
    ...foldConstants(parts, names),
  };
}

/** The constants of baselines that have them in every fold; nothing where none has. */
function foldConstants<Name extends string>(
  parts: readonly FoldScored<Name>[],
  names: readonly Name[],
): { readonly standardizedQuantiles?: FoldConstants<Name> } {
  const constants: Partial<Record<Name, readonly (readonly number[])[]>> = {};
  for (const name of names) {
    const nines = parts.flatMap(({ baselines: { [name]: own } }) =>
      "standardizedQuantiles" in own ? [own.standardizedQuantiles] : []
    );
    if (nines.length === parts.length) constants[name] = nines;
  }
  return Object.keys(constants).length === 0 ? {} : { standardizedQuantiles: constants };
}

function joinBaseline(parts: readonly (Forecasts | ScaledForecasts)[], foldOf: Int32Array): RemadeForecasts {
  const scaled = parts.flatMap((part) => "standardizedQuantiles" in part ? [part] : []);
  if (scaled.length < parts.length) return joinForecasts(parts);
  const columns = joinForecasts(scaled.map(({ standardizedQuantiles: _, ...rest }) => rest));
  const quantilesWithin = (start: number, end: number) =>
    scaledQuantiles(
      columns.volatilityBps!.subarray(start, end),
      (row) => scaled[foldOf[start + row]!]!.standardizedQuantiles,
    );
  return {
    ...columns,
    quantilesWithin,
    get quantilesBps() {
      return quantilesWithin(0, foldOf.length);
    },
  };
}

/** Forecasts one after the other: an output is there where every part has it. */
export function joinForecasts(parts: readonly Forecasts[]): Forecasts {
  const output = (name: keyof Forecasts) => {
    const columns = parts.flatMap((part) => part[name] === undefined ? [] : [part[name]]);
    return columns.length === parts.length ? { [name]: joined(columns, Float32Array) } : {};
  };
  return { ...output("probabilityUp"), ...output("volatilityBps"), ...output("quantilesBps") };
}

/** Columns one after the other. */
export function joined<A extends Float32Array | Float64Array>(parts: readonly A[], kind: new (length: number) => A): A {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
