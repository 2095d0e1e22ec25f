import { seededRandom } from "../../../src/core/mod.ts";
import { buildDataset, type Dataset } from "../../../src/ml/dataset.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { chronologicalSplit, type Split } from "../../../src/ml/labels/mod.ts";
import type { ForecastSpec } from "../../../src/ml/models/forecast_spec.ts";
import { startNetwork, tensorsOf, withTensors } from "../../../src/ml/models/network.ts";
import { fitPlainModel, fitSignCells, type PlainFamily } from "../../../src/ml/models/plain_models.ts";
import { fitScaler, Scaler } from "../../../src/ml/models/scaler.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { trainingRangesOf } from "../../../src/ml/training/fit_mlp.ts";
import { type RandomCandleOptions, randomCandles } from "../candles.ts";

/** A small dataset with its split, for tests: ten days by default, the last three of them test. */
export function sampleDataset(
  options: RandomCandleOptions & { readonly minutes?: number; readonly horizonMinutes?: number } = {},
): { dataset: Dataset; split: Split } {
  const { minutes = 14_400, horizonMinutes = 15 } = options;
  const candles = randomCandles(minutes, options);
  const startMs = candles.openTimeMs[0]!, share = (part: number) => startMs + Math.floor(minutes * part) * 60_000;
  const dataset = buildDataset(candles, defaultFeatureEngine(), { horizonMinutes, sinceMs: startMs });
  const split = chronologicalSplit(
    { decisionTimeMs: dataset.features.decisionTimeMs, scorable: dataset.labels.scorable },
    { horizonMinutes, validationStartMs: share(0.6), testStartMs: share(0.7) },
  );
  return { dataset, split };
}

/** A fitted plain model. */
export function plainModel(
  family: PlainFamily,
  { dataset, split }: ReturnType<typeof sampleDataset>,
): SpecForecastModel {
  return new SpecForecastModel(
    fitPlainModel(family, dataset, split.trainingSpan, { ...trainingRangesOf(dataset, split), validation: null }),
  );
}

/** A network model with random weights everywhere and a calibration that changes everything: nothing cancels out. */
export function randomNetworkModel({ dataset, split }: ReturnType<typeof sampleDataset>, seed = 1): SpecForecastModel {
  const random = seededRandom(seed);
  const har = fitPlainModel("har", dataset, split.train, trainingRangesOf(dataset, split));
  if (har.heads.volatility.kind !== "har") throw new Error("expected a HAR line");
  const scaler = new Scaler(fitScaler(dataset.features, split.train), dataset.nullable);
  const start = startNetwork({
    inputs: scaler.width,
    hidden: [24, 16],
    flags: scaler.flags,
    quantiles: [-2.3, -1.6, -1.3, -0.7, 0, 0.7, 1.3, 1.6, 2.3],
    seed,
  });
  const network = withTensors(start, tensorsOf(start).map((values) => values.map((v) => v + 0.2 * random.normal())));
  const spec: ForecastSpec = {
    ...har,
    family: "mlp",
    scaler: fitScaler(dataset.features, split.train),
    heads: {
      direction: { kind: "sign-network", ...fitSignCells(dataset, split.train) },
      volatility: { ...har.heads.volatility, kind: "har-network", bound: 1, shrink: 0.7 },
      quantiles: { kind: "network" },
    },
    calibration: {
      logit: { slope: 0.8, intercept: 0.05 },
      quantileMultipliers: [1.1, 1.05, 1.02, 0.9, 1, 1.1, 0.95, 1.2, 1.3],
    },
  };
  return new SpecForecastModel(spec, { networks: [network] });
}

/** Raw rows of the test span, row-major; in every fourth one all that may be missing is. */
export function sampleRows({ dataset, split }: ReturnType<typeof sampleDataset>, count: number): Float32Array {
  const { features, nullable } = dataset, width = features.names.length;
  const rows = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = split.test[Math.floor(i * split.test.length / count)]!;
    for (let j = 0; j < width; j++) {
      rows[i * width + j] = i % 4 === 3 && nullable[j] ? NaN : features.columns[j]![row]!;
    }
  }
  return rows;
}
