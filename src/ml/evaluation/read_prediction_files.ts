import { DomainError, MINUTE_MS, QUANTILE_KEYS } from "../../core/mod.ts";
import { type Baseline, BASELINES } from "./baselines.ts";
import { readNumericColumns } from "./parquet_columns.ts";
import type { ScoredFold, ScoredFolds } from "./scored_folds.ts";
import type { Forecasts, TestRows } from "./test_rows.ts";

/** What `evaluation/predictions.parquet` holds: the scored rows, their folds and the model's forecasts for them. */
export interface PredictionFile extends Omit<ScoredFolds, "model" | "baselines"> {
  readonly forecasts: Required<Forecasts>;
}

const QUANTILES = QUANTILE_KEYS.map((key) => `quantile_bps_${key}`);
const FORECASTS = ["probability_up", "volatility_bps", ...QUANTILES];

/**
 * Reads `evaluation/predictions.parquet`.
 *
 * @throws {DomainError} `model-invalid` for a file that is none, lacks a column, has no row, whose decision times are
 *   no ascending whole minutes, whose folds are no ascending numbers, or in which a fold is scored on rows that end before
 *   its own training labels do.
 */
export async function readPredictions(file: Uint8Array): Promise<PredictionFile> {
  const times = ["decision_time", "train_start", "train_end"];
  const outcomes = ["outcome_return_bps", "outcome_realized_variance_bps2"];
  const columns = await read(file, {
    float64: [...times, "horizon_minutes", "fold"],
    float32: ["probability_up", "volatility_bps", ...outcomes],
    rowMajor: { quantiles: QUANTILES },
    needed: [...times, "horizon_minutes", "fold", ...FORECASTS, ...outcomes],
  });
  const column = (name: string) => columns.float64.get(name)!, float32 = (name: string) => columns.float32.get(name)!;
  const decisionTimeMs = column("decision_time"), horizonMinutes = column("horizon_minutes")[0]!;
  if (decisionTimeMs.length === 0) throw unreadable("it has no row");
  checkTimes(decisionTimeMs);
  return {
    ...foldsOf(
      column("fold"),
      { decisionTimeMs, startMs: column("train_start"), endMs: column("train_end") },
      horizonMinutes,
    ),
    test: {
      length: decisionTimeMs.length,
      horizonMinutes,
      decisionTimeMs,
      returnBps: float32("outcome_return_bps"),
      realizedVarianceBps2: float32("outcome_realized_variance_bps2"),
    },
    forecasts: {
      probabilityUp: float32("probability_up"),
      volatilityBps: float32("volatility_bps"),
      quantilesBps: columns.rowMajor.get("quantiles")!,
    },
  };
}

/**
 * Reads `evaluation/baselines.parquet`; an output that a baseline does not claim is absent, and a baseline that the file
 * does not have has none.
 *
 * @param test the rows it must belong to.
 * @throws {DomainError} `model-invalid` as {@linkcode readPredictions}, and where its rows are others than the test's.
 */
export async function readBaselines(file: Uint8Array, test: TestRows): Promise<Record<Baseline, Forecasts>> {
  const { float64, float32, rowMajor } = await read(file, {
    float64: ["decision_time"],
    float32: BASELINES.flatMap((name) => [`baseline_${name}_probability_up`, `baseline_${name}_volatility_bps`]),
    rowMajor: Object.fromEntries(
      BASELINES.map((name) => [name, QUANTILES.map((quantile) => `baseline_${name}_${quantile}`)]),
    ),
    needed: ["decision_time"],
  });
  const times = float64.get("decision_time")!;
  if (times.length !== test.length || times.some((ms, row) => ms !== test.decisionTimeMs[row])) {
    throw unreadable("the baselines' rows are not those of the predictions");
  }
  return Object.fromEntries(BASELINES.map((name): [Baseline, Forecasts] => {
    const probabilityUp = float32.get(`baseline_${name}_probability_up`);
    const volatilityBps = float32.get(`baseline_${name}_volatility_bps`), quantilesBps = rowMajor.get(name);
    return [name, {
      ...(probabilityUp === undefined ? {} : { probabilityUp }),
      ...(volatilityBps === undefined ? {} : { volatilityBps }),
      ...(quantilesBps === undefined ? {} : { quantilesBps }),
    }];
  })) as Record<Baseline, Forecasts>;
}

/** Both files as the one table of scored rows. */
export function scoredFoldsOf(
  { forecasts, ...rows }: PredictionFile,
  baselines: Readonly<Record<Baseline, Forecasts>>,
): ScoredFolds<Baseline> {
  return { ...rows, model: forecasts, baselines };
}

/** Columns of the rows' folds. */
interface FoldTimes {
  readonly decisionTimeMs: Float64Array;
  readonly startMs: Float64Array;
  /** Last decision time of training. */
  readonly endMs: Float64Array;
}

function foldsOf(
  indexes: Float64Array,
  { decisionTimeMs, startMs, endMs }: FoldTimes,
  horizonMinutes: number,
): Pick<PredictionFile, "folds" | "foldOf"> {
  const folds: ScoredFold[] = [], foldOf = new Int32Array(indexes.length);
  for (let row = 0; row < indexes.length; row++) {
    const index = indexes[row]!, last = folds.at(-1)?.index ?? -1;
    if (index !== last) {
      if (!(Number.isInteger(index) && index > last)) {
        throw unreadable(`the fold of row ${row} is ${index} after ${last}`);
      }
      if (!(endMs[row]! + horizonMinutes * MINUTE_MS <= decisionTimeMs[row]!)) {
        throw unreadable(`a training label of fold ${index} ends after its first scored decision time, in row ${row}`);
      }
      folds.push({ index, train: { startMs: startMs[row]!, endMs: endMs[row]! + MINUTE_MS } });
    }
    foldOf[row] = folds.length - 1;
  }
  return { folds, foldOf };
}

async function read(file: Uint8Array, wanted: Parameters<typeof readNumericColumns>[1]) {
  try {
    const columns = await readNumericColumns(file, wanted);
    if (columns.absent.length > 0) throw unreadable(`it lacks ${columns.absent.map((name) => `'${name}'`).join(", ")}`);
    return columns;
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError("model-invalid", `Cannot read a run's predictions: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function checkTimes(times: Float64Array): void {
  const at = times.findIndex((ms, row) => !(ms % MINUTE_MS === 0) || (row > 0 && !(ms > times[row - 1]!)));
  if (at >= 0) throw unreadable(`the decision time of row ${at} is no later minute than the one before: ${times[at]}`);
}

function unreadable(reason: string): DomainError {
  return new DomainError("model-invalid", `Cannot read a run's predictions: ${reason}`, {
    hint: "Train it again with: task track",
  });
}
