import type { TimeRange } from "../../core/mod.ts";
import type { Forecasts, TestRows } from "./test_rows.ts";

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
  readonly baselines: Readonly<Record<Name, Forecasts>>;
}

/** The test rows of all folds one after the other, ascending in time, with what a model and the baselines said. */
export interface ScoredFolds<Name extends string = string> {
  readonly folds: readonly ScoredFold[];
  /** Place of each row's fold in `folds`. */
  readonly foldOf: Int32Array;
  readonly test: TestRows;
  readonly model: Required<Forecasts>;
  readonly baselines: Readonly<Record<Name, Forecasts>>;
}

/**
 * Puts folds one after the other.
 *
 * @param parts At least one, ascending in time, each with the same baselines.
 */
export function joinFolds<Name extends string>(parts: readonly FoldScored<Name>[]): ScoredFolds<Name> {
  const first = parts[0];
  if (first === undefined) throw new RangeError("Cannot join no folds");
  const length = parts.reduce((sum, { test }) => sum + test.length, 0);
  const foldOf = new Int32Array(length);
  let at = 0;
  parts.forEach(({ test }, place) => {
    foldOf.fill(place, at, at + test.length);
    at += test.length;
  });
  const names = Object.keys(first.baselines) as Name[];
  return {
    folds: parts.map(({ fold }) => fold),
    foldOf,
    test: {
      length,
      horizonMinutes: first.test.horizonMinutes,
      decisionTimeMs: joined(parts.map(({ test }) => test.decisionTimeMs), Float64Array),
      returnBps: joined(parts.map(({ test }) => test.returnBps), Float32Array),
      realizedVarianceBps2: joined(parts.map(({ test }) => test.realizedVarianceBps2), Float32Array),
    },
    model: joinForecasts(parts.map(({ model }) => model)) as Required<Forecasts>,
    baselines: Object.fromEntries(
      names.map((name) => [name, joinForecasts(parts.map(({ baselines }) => baselines[name]))]),
    ) as Record<Name, Forecasts>,
  };
}

/** An output is there where every part has it. */
function joinForecasts(parts: readonly Forecasts[]): Forecasts {
  const output = (name: keyof Forecasts) => {
    const columns = parts.flatMap((part) => part[name] === undefined ? [] : [part[name]]);
    return columns.length === parts.length ? { [name]: joined(columns, Float32Array) } : {};
  };
  return { ...output("probabilityUp"), ...output("volatilityBps"), ...output("quantilesBps") };
}

function joined<A extends Float32Array | Float64Array>(parts: readonly A[], kind: new (length: number) => A): A {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
