import {
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  lowerBound,
  MINUTE_MS,
  seededRandom,
} from "../../../src/core/mod.ts";
import { computeLabels, concatRows, type Split } from "../../../src/ml/labels/mod.ts";
import type { LeakCheckName, Pipeline } from "../../../src/ml/leak_checks/mod.ts";
import { fitScaler } from "../../../src/ml/models/scaler.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { fitCalibration } from "../../../src/ml/training/calibrated_model.ts";

/** A leak as it is made by mistake, and the check that is there for it. */
export interface PlantedBug {
  readonly name: string;
  readonly caughtBy: LeakCheckName;
  readonly plant: (honest: Pipeline) => Pipeline;
}

const BPS = 1e4;

/** Every leak of issue 7, point 7. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "a centred window",
    caughtBy: "truncation",
    plant: (honest) => ({
      ...honest,
      engine: withColumn(honest.engine, "return_5", ({ close }, last) => {
        const newest = Math.min(close.length - 1, last + 2), oldest = Math.max(0, last - 3);
        return BPS * Math.log(close[newest]! / close[oldest]!);
      }),
    }),
  },
  {
    name: "a candle that is not closed yet",
    caughtBy: "truncation",
    plant: (honest) => ({ ...honest, engine: withFormingCandle(honest.engine) }),
  },
  {
    name: "one feature a minute too new",
    caughtBy: "truncation",
    plant: (honest) => ({
      ...honest,
      engine: withColumn(honest.engine, "return_1", ({ close }, last) => {
        const newest = Math.min(close.length - 1, last + 1);
        return BPS * Math.log(close[newest]! / close[newest - 1]!);
      }),
    }),
  },
  {
    name: "labels a minute too early",
    caughtBy: "labels",
    plant: (honest) => ({
      ...honest,
      labelsOf: (grid, times, options) => computeLabels(grid, times.map((ms) => ms - MINUTE_MS), options),
    }),
  },
  {
    name: "labels a minute too late",
    caughtBy: "labels",
    plant: (honest) => ({
      ...honest,
      labelsOf: (grid, times, options) => computeLabels(grid, times.map((ms) => ms + MINUTE_MS), options),
    }),
  },
  {
    name: "a scaler fitted on all data",
    caughtBy: "mutation",
    plant: (honest) => ({
      ...honest,
      fitFold: async (dataset, split) => {
        const { model } = await honest.fitFold(dataset, split);
        if (model.spec.scaler === null) return { model }; // trees have none to get wrong
        const { means, scales } = fitScaler(dataset.features, allRows(split));
        const scaler = { ...model.spec.scaler, means, scales };
        return { model: new SpecForecastModel({ ...model.spec, scaler }, model.parts) };
      },
    }),
  },
  {
    name: "a calibration fitted on all data",
    caughtBy: "mutation",
    plant: (honest) => ({
      ...honest,
      fitFold: async (dataset, split) => {
        const { model } = await honest.fitFold(dataset, split), rows = allRows(split);
        const { probabilityUp, quantilesBps } = model.predictColumns(dataset.features.columns, rows);
        const logit = Float64Array.from(probabilityUp, (p) => Math.log(p / (1 - p)));
        const calibration = fitCalibration(dataset.labels, rows, { logit, quantilesBps, learntLabels: rows.length });
        return { model: new SpecForecastModel({ ...model.spec, calibration }, model.parts) };
      },
    }),
  },
  {
    name: "a shuffled split",
    caughtBy: "split",
    plant: (honest) => ({ ...honest, rowsOf: (rows, fold) => shuffled(honest.rowsOf(rows, fold)) }),
  },
];

function allRows({ trainingSpan, test }: Split): Int32Array {
  return concatRows(trainingSpan, test);
}

/** An engine with one column in another way, from the candles given and the place of the last closed one. */
function withColumn(
  engine: FeatureEngine,
  name: string,
  valueAt: (candles: CandleColumns, last: number) => number,
): FeatureEngine {
  return replaced(engine, (candles, options) => {
    const matrix = engine.compute(candles, options);
    const column = Float32Array.from(
      matrix.decisionTimeMs,
      (ms) => valueAt(candles, lowerBound(candles.openTimeMs, ms) - 1),
    );
    return { ...matrix, columns: matrix.columns.map((own, j) => matrix.names[j] === name ? column : own) };
  });
}

/** Takes the time at which a candle opens for the time at which it is known. */
function withFormingCandle(engine: FeatureEngine): FeatureEngine {
  return replaced(engine, (candles, { fromMs } = {}) => {
    const matrix = engine.compute(candles, fromMs === undefined ? {} : { fromMs: fromMs + MINUTE_MS });
    return { ...matrix, decisionTimeMs: matrix.decisionTimeMs.map((ms) => ms - MINUTE_MS) };
  });
}

function replaced(
  engine: FeatureEngine,
  compute: (candles: CandleColumns, options?: { readonly fromMs?: number }) => FeatureMatrix,
): FeatureEngine {
  const { name, names, nullable, digest, definition, lookbackMinutes } = engine;
  const incremental: FeatureEngine["incremental"] = (options) => engine.incremental(options);
  return { name, names, nullable, digest, definition, lookbackMinutes, compute, incremental };
}

/** The rows of a split dealt out anew, as many to each part as before. */
function shuffled({ train, validation, trainingSpan, test }: Split): Split {
  const random = seededRandom(1), all = concatRows(trainingSpan, test);
  for (let i = all.length - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  const part = (start: number, length: number) => all.slice(start, start + length).sort();
  const learnt = all.length - test.length;
  return {
    train: part(0, train.length),
    validation: part(train.length, validation.length),
    trainingSpan: part(0, learnt),
    test: part(learnt, test.length),
  };
}
