import { type FeatureEngine, seededRandom } from "../../../src/core/mod.ts";
import { buildDataset, type Dataset, trainingRangesOf } from "../../../src/ml/dataset.ts";
import { defaultFeatureEngine, windowOf } from "../../../src/ml/features/mod.ts";
import { type GbdtLoss, withFloat32Leaves } from "../../../src/ml/gbdt/gbdt_model.ts";
import { fitGbdtHere } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import type { Split } from "../../../src/ml/labels/mod.ts";
import { chronologicalSplit } from "../chronological_split.ts";
import type { CalibrationSpec, ForecastSpec } from "../../../src/ml/models/forecast_spec.ts";
import { startNetwork, tensorsOf, withTensors } from "../../../src/ml/models/network.ts";
import { describeInputs, fitPlainModel, fitSignCells, type PlainFamily } from "../../../src/ml/models/plain_models.ts";
import { referenceHistograms } from "../../../src/ml/models/reference_histograms.ts";
import { fitScaler, Scaler } from "../../../src/ml/models/scaler.ts";
import { fitVarianceLine, harXDesign } from "../../../src/ml/models/variance_line.ts";
import { isSequenceFamily, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { featuresFor, windowDataset } from "../../../src/ml/window_dataset.ts";
import type { NetworkFamily } from "../../../src/ml/training/fit_network.ts";
import { type RandomCandleOptions, randomCandles } from "../candles.ts";

/** Changes everything, so that nothing that is left out goes unseen. */
const CALIBRATION: CalibrationSpec = {
  logit: { slope: 0.8, intercept: 0.05 },
  quantileMultipliers: [1.1, 1.05, 1.02, 0.9, 1, 1.1, 0.95, 1.2, 1.3],
};

/** A small dataset with its split, for tests: ten days by default, the last three of them test. */
export function sampleDataset(
  options: RandomCandleOptions & {
    readonly minutes?: number;
    readonly horizonMinutes?: number;
    /** @default the set `base` */
    readonly engine?: FeatureEngine;
  } = {},
): { dataset: Dataset; split: Split } {
  const { minutes = 14_400, horizonMinutes = 15, engine = defaultFeatureEngine() } = options;
  const candles = randomCandles(minutes, options);
  const startMs = candles.openTimeMs[0]!, share = (part: number) => startMs + Math.floor(minutes * part) * 60_000;
  const dataset = buildDataset(candles, engine, { horizonMinutes, sinceMs: startMs });
  const split = chronologicalSplit(
    { decisionTimeMs: dataset.features.decisionTimeMs, scorable: dataset.labels.scorable },
    { horizonMinutes, validationStartMs: share(0.6), testStartMs: share(0.7) },
  );
  return { dataset, split };
}

/** A plain model's spec, its histograms as those of one that is kept. */
function fitPlainSpec(...[family, dataset, rows, ranges]: Parameters<typeof fitPlainModel>): ForecastSpec {
  const spec = fitPlainModel(family, dataset, rows, ranges);
  return { ...spec, referenceHistograms: referenceHistograms(dataset.features, rows) };
}

/** A fitted plain model. */
export function plainModel(
  family: PlainFamily,
  { dataset, split }: ReturnType<typeof sampleDataset>,
): SpecForecastModel {
  const ranges = { ...trainingRangesOf(dataset, split), validation: null };
  return new SpecForecastModel(fitPlainSpec(family, dataset, split.trainingSpan, ranges));
}

/** A network model with random weights everywhere and a calibration that changes everything: nothing cancels out. */
export function randomNetworkModel(
  { dataset, split }: ReturnType<typeof sampleDataset>,
  options: { readonly seed?: number; readonly members?: number; readonly family?: NetworkFamily } = {},
): SpecForecastModel {
  const { seed = 1, members = 1, family = "mlp" } = options;
  const random = seededRandom(seed);
  const har = fitPlainSpec("har", dataset, split.train, trainingRangesOf(dataset, split));
  if (har.heads.volatility.kind !== "har") throw new Error("expected a HAR line");
  const windows = isSequenceFamily(family) ? windowDataset(dataset, split.train.subarray(0, 2000)) : undefined;
  const read = windows ?? dataset,
    rows = windows === undefined ? split.train : Int32Array.from({ length: 2000 }, (_, i) => i);
  const scalerSpec = fitScaler(read.features, rows), scaler = new Scaler(scalerSpec, read.nullable);
  const start = startNetwork({
    inputs: scaler.width,
    ...(isSequenceFamily(family)
      ? { sequence: { shape: sequenceShape(family, 8), window: windowOf(read.features.names)! } }
      : {}),
    hidden: [24, 16],
    flags: scaler.flags,
    quantiles: [-2.3, -1.6, -1.3, -0.7, 0, 0.7, 1.3, 1.6, 2.3],
    seed,
  });
  const networks = Array.from(
    { length: members },
    () => withTensors(start, tensorsOf(start).map((values) => values.map((v) => v + 0.2 * random.normal()))),
  );
  const spec: ForecastSpec = {
    ...har,
    ...describeInputs(read),
    family,
    scaler: scalerSpec,
    heads: {
      direction: { kind: "sign-network", ...fitSignCells(dataset, split.train) },
      volatility: { ...har.heads.volatility, kind: "har-network", bound: 1, shrink: 0.7 },
      quantiles: { kind: "network" },
    },
    calibration: CALIBRATION,
  };
  return new SpecForecastModel(spec, { networks });
}

/**
 * Raw rows of the test span, row-major, in the features of a model; in every fourth one all that may be missing is.
 *
 * @param model whose rows they are. @default one of the set `base`
 */
export function sampleRows(
  { dataset, split }: ReturnType<typeof sampleDataset>,
  count: number,
  model?: SpecForecastModel,
): Float32Array {
  const picked = Int32Array.from({ length: count }, (_, i) => split.test[Math.floor(i * split.test.length / count)]!);
  const { features, nullable, rows } = featuresFor(model?.info ?? dataset, dataset, picked),
    width = features.names.length;
  const values = new Float32Array(count * width);
  rows.forEach((row, i) => {
    for (let j = 0; j < width; j++) {
      values[i * width + j] = i % 4 === 3 && nullable[j] ? NaN : features.columns[j]![row]!;
    }
  });
  return values;
}

/** A model of many trees grown on labels with a pattern, shrunk and calibrated so that nothing cancels out. */
export function treesModel(sample: ReturnType<typeof sampleDataset>, trees = 200): SpecForecastModel {
  const { dataset, split } = sample, { names, columns } = dataset.features;
  const random = seededRandom(3), rows = split.train;
  const gathered = columns.map((column) => Float32Array.from(rows, (row) => column[row]!));
  const grow = (loss: GbdtLoss, labelOf: (i: number) => number) =>
    withFloat32Leaves({
      ...fitGbdtHere({
        featureNames: names,
        train: { columns: gathered, labels: Float32Array.from(rows, (_, i) => labelOf(i)) },
        options: { loss, trees, learningRate: 0.1, maxLeaves: 15 },
      }).model,
      baseScore: 0,
    });
  const har = fitPlainSpec("har", dataset, split.train, trainingRangesOf(dataset, split));
  if (har.heads.volatility.kind !== "har") throw new Error("expected a HAR line");
  const spec: ForecastSpec = {
    ...har,
    family: "gbdt",
    heads: {
      ...har.heads,
      direction: { kind: "sign-trees", shrink: 0.9, ...fitSignCells(dataset, split.train) },
      volatility: { ...har.heads.volatility, kind: "har-trees", bound: 0.5, shrink: 0.8 },
    },
    calibration: CALIBRATION,
  };
  const direction = grow({ kind: "logistic" }, (i) => Number(gathered[0]![i]! + 3 * random.normal() > 0));
  const volatility = grow({ kind: "squared" }, () => random.normal());
  return new SpecForecastModel(spec, { trees: { direction, volatility } });
}

/** A model of two lines with random weights over scaled inputs. */
export function linearModel({ dataset, split }: ReturnType<typeof sampleDataset>): SpecForecastModel {
  const random = seededRandom(4), scaler = fitScaler(dataset.features, split.train);
  const weights = () => Array.from({ length: new Scaler(scaler, dataset.nullable).width }, () => 0.1 * random.normal());
  const har = fitPlainSpec("har", dataset, split.train, trainingRangesOf(dataset, split));
  if (har.heads.volatility.kind !== "har") throw new Error("expected a HAR line");
  const cells = fitSignCells(dataset, split.train);
  return new SpecForecastModel({
    ...har,
    family: "linear",
    scaler,
    heads: {
      ...har.heads,
      direction: { kind: "sign-linear", shrink: 0.9, intercept: 0.02, weights: weights(), ...cells },
      volatility: { ...har.heads.volatility, kind: "har-linear", bound: 0.3, shrink: 0.8, weights: weights() },
    },
    calibration: CALIBRATION,
  });
}

/**
 * A model of the set `flagship` on the plain lines of that: HAR-X with levels by the clock, and a logistic line of random
 * weights that half takes the place of the cells. Of a linear model nothing is left beside the logistic line.
 */
export function onPlainLines(
  { spec, parts }: SpecForecastModel,
  { dataset, split }: ReturnType<typeof sampleDataset>,
): SpecForecastModel {
  const random = seededRandom(5), { direction, volatility } = spec.heads;
  if (direction.kind === "constant" || volatility.kind === "constant") throw new Error("expected lines");
  const flagged = dataset.nullable.flatMap((may, j) => may ? [j] : []).slice(0, 3);
  const scaler = spec.scaler ?? { ...fitScaler(dataset.features, split.train), flagged };
  const weights = Array.from({ length: new Scaler(scaler, dataset.nullable).width }, () => 0.1 * random.normal());
  const line = { share: 0.5, intercept: 0.02, weights }, cells = fitSignCells(dataset, split.train);
  const harX = fitVarianceLine(dataset.features, dataset.labels, split.train, harXDesign(spec.horizonMinutes));
  return new SpecForecastModel({
    ...spec,
    scaler,
    heads: {
      ...spec.heads,
      direction: direction.kind === "sign-network" || direction.kind === "sign-trees"
        ? { ...direction, line, shrink: 0.6 }
        : { kind: "line", line, ...cells },
      volatility: { ...volatility, ...harX, ...(volatility.kind === "har" ? {} : { level: 0.1 }) },
    },
  }, parts);
}
