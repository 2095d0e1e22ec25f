/** Never worse than the plain lines where nothing can be learnt, better where something can: on labels made for it. */
import { assert, assertEquals } from "@std/assert";
import { MODEL_CONFIG_SCHEMA } from "../../../src/config/model_config.ts";
import { DAY_MS, seededRandom } from "../../../src/core/mod.ts";
import type { Dataset } from "../../../src/ml/dataset.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/auc.ts";
import { rowLosses } from "../../../src/ml/evaluation/scores.ts";
import { outcomesOf, type ScaledForecasts, testRowsOf } from "../../../src/ml/evaluation/test_rows.ts";
import { foldBaselines } from "../../../src/ml/experiment/fold_baselines.ts";
import { fitFamily } from "../../../src/ml/experiment/fit_family.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { fitGbdtHere } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { foldRows, walkForwardFolds } from "../../../src/ml/labels/mod.ts";
import { ablations } from "../../../src/ml/models/ablations.ts";
import { fitVarianceLine, harXDesign, lineLogVariance } from "../../../src/ml/models/variance_line.ts";
import { trainHere } from "../../../src/ml/training/train_here.ts";
import { SETTINGS } from "../experiment/small_settings.ts";
import { sampleDataset } from "../models/sample_models.ts";

const FAMILIES = ["mlp", "gbdt", "linear"] as const;
const DAYS = 40, HORIZON = 15;
const { dataset: walk } = sampleDataset({ minutes: DAYS * 1440, engine: flagshipFeatureSet(), seed: 3 });
const startMs = walk.features.decisionTimeMs[0]!;
const [fold] = walkForwardFolds({ startMs, endMs: startMs + DAYS * DAY_MS }, {
  ...{ horizonMinutes: HORIZON, trainDays: 30, stepDays: 10, validationDays: 6 },
});
const split = foldRows({ decisionTimeMs: walk.features.decisionTimeMs, scorable: walk.labels.scorable }, fold!);
const { mlp, gbdt } = MODEL_CONFIG_SCHEMA.parse({});
const settings = {
  ...SETTINGS,
  horizonMinutes: HORIZON,
  mlp: { ...mlp, hidden: [32], members: 1, epochs: 20, patience: 20, learningRate: 0.003 },
  gbdt: { ...gbdt, trees: 100, patience: 20 },
} as const;

/** A feature in standard deviations of its own; 0 where missing. */
function standardized(name: string): Float64Array {
  const column = walk.features.columns[walk.features.names.indexOf(name)]!,
    known = column.filter((x) => !Number.isNaN(x));
  const mean = known.reduce((sum, x) => sum + x, 0) / known.length;
  const sd = Math.sqrt(known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / known.length);
  return Float64Array.from(column, (x) => Number.isNaN(x) ? 0 : (x - mean) / sd);
}

/**
 * The walk's features with other outcomes: RV is a HAR-X line's times independent noise, returns are independent of all
 * but σ; `variance` and `direction` move ln σ² and the logit of up.
 */
function labelled(
  planted: { readonly variance?: (row: number) => number; readonly direction?: (row: number) => number } = {},
): Dataset {
  const { features, labels } = walk, random = seededRandom(12);
  const { train } = split, line = fitVarianceLine(features, labels, train, harXDesign(HORIZON));
  const rows = Int32Array.from({ length: labels.length }, (_, row) => row).filter((row) => labels.scorable[row] === 1);
  const known = lineLogVariance(line, features, rows);
  const returnBps = new Float32Array(labels.length).fill(NaN), realizedVarianceBps2 = returnBps.slice();
  rows.forEach((row, i) => {
    const variance = Math.exp(known[i]! + (planted.variance?.(row) ?? 0)), noise = 0.4 * random.normal();
    const up = random.uniform() < 1 / (1 + Math.exp(-(planted.direction?.(row) ?? 0)));
    realizedVarianceBps2[row] = variance * Math.exp(noise - 0.08);
    returnBps[row] = (up ? 1 : -1) * Math.sqrt(variance) * Math.abs(random.normal());
  });
  return { ...walk, labels: { ...labels, returnBps, realizedVarianceBps2 } };
}

const fit = (dataset: Dataset, family: typeof FAMILIES[number]) =>
  fitFamily(dataset, split, { ...settings, family }, {
    train: trainHere(""),
    grow: (task) => Promise.resolve(fitGbdtHere(task)),
    progress: { update() {}, log() {} },
  });

const noise = labelled();
for (const family of FAMILIES) {
  Deno.test(`fitFamily() of ${family} is the baseline HAR-X to the bit where nothing else can be learnt`, async () => {
    const { model } = await fit(noise, family), { columns } = noise.features;
    const { volatility } = model.spec.heads;
    assert("shrink" in volatility);
    assertEquals([volatility.shrink, volatility.level], [0, 0]);
    const { test } = split, forecasts = model.predictColumns(columns, test);
    assertEquals(
      forecasts.volatilityBps,
      (foldBaselines(noise, fold!).baselines.har_x as ScaledForecasts).volatilityBps,
    );
    // A tail cannot tell a logit of noise from one of .0005, but what noise makes of it costs no more: even odds lose ln 2.
    const losses = rowLosses(testRowsOf(noise, test), forecasts).logLoss!;
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    assert(mean < Math.LN2 + 0.001, `${mean}`);
  });
}

const imbalance = standardized("taker_imbalance_60"), place = standardized("range_position_240");
const found = labelled({
  variance: (row) => 0.4 * imbalance[row]!,
  // Of a product no line knows anything.
  direction: (row) => 0.6 * Math.sign(imbalance[row]! * place[row]!),
});
for (const family of FAMILIES) {
  Deno.test(`fitFamily() of ${family} finds what is planted beside the plain lines`, async () => {
    const { model } = await fit(found, family), { test } = split, rows = testRowsOf(found, test);
    const forecasts = model.predictColumns(found.features.columns, test);
    const mean = (losses: Float64Array) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const harX = mean(rowLosses(rows, foldBaselines(found, fold!).baselines.har_x).qlike!);
    const gain = harX - mean(rowLosses(rows, forecasts).qlike!);
    assert(gain > 0.03, `QLIKE gain ${gain}`);
    if (family === "linear") return;
    const auc = (scores: Float32Array) => areaUnderCurve({ scores, outcomes: outcomesOf(rows) });
    const line = ablations(model).get("direction_learner")!.predictColumns(found.features.columns, test);
    assert(auc(line.probabilityUp) < 0.52, "the line knows nothing");
    assert(auc(forecasts.probabilityUp) > 0.56, `AUC ${auc(forecasts.probabilityUp)}`);
  });
}
