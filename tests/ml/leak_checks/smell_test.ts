import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../../src/core/mod.ts";
import { givenFeatures } from "../../../src/ml/dataset.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/auc.ts";
import { outcomesOf } from "../../../src/ml/evaluation/test_rows.ts";
import { type LeakCheck, runLeakChecks } from "../../../src/ml/leak_checks/mod.ts";
import { randomCandles } from "../candles.ts";
import { datasetOf, honestPipeline, quickRun, scoredBy } from "./scored_pipeline.ts";

const CANDLES = randomCandles(31 * 1440, { seed: 8 });
const { settings: USUAL, folds: FOLDS } = quickRun(CANDLES, 60, 30);
const SETTINGS = { ...USUAL, family: "har" as const };
const PIPELINE = honestPipeline(SETTINGS), DATASET = datasetOf(CANDLES, PIPELINE, SETTINGS);
const SCORED = await scoredBy(PIPELINE, DATASET, FOLDS);

/** Checks a model that says what `probabilityAt` does of each decision time, with σ times `sigmaFactor`. */
function smell(
  probabilityAt: (ms: number, row: number) => number,
  { horizonMinutes = 60, volatilityBps = SCORED.model.volatilityBps } = {},
) {
  const probabilityUp = Float32Array.from(SCORED.test.decisionTimeMs, probabilityAt);
  const scored = { ...SCORED, model: { ...SCORED.model, probabilityUp, volatilityBps } };
  const settings = { ...SETTINGS, horizonMinutes: horizonMinutes as 60 };
  const features = givenFeatures(DATASET.features);
  return runLeakChecks(
    {
      ...{ candles: CANDLES, features, folds: FOLDS, settings },
      scored: Promise.resolve(scored),
    },
    PIPELINE,
    { only: ["smell"] },
  );
}

const firing = (checks: readonly LeakCheck[]) =>
  checks.filter(({ passed }) => !passed).map(({ figure }) => figure.slice(20));
const isUp = (row: number) => Number(SCORED.test.returnBps[row]! > 0);

Deno.test("the check 'smell' passes a forecast that knows nothing", async () => {
  const random = seededRandom(1), checks = await smell(() => random.uniform());
  assertEquals(firing(checks), []);
  assertEquals(checks.map(({ skipped }) => skipped), [false, false, false, false]);
});

Deno.test("the check 'smell' sees the first minute where the AUC an hour ahead is under its line", async () => {
  const { grid } = DATASET, { values } = grid.returns(), random = seededRandom(2);
  const probabilityAt = (ms: number) => 0.5 + 0.1 * Math.sign(values[grid.indexAt(ms)]!) + 0.1 * random.normal();
  const checks = await smell(probabilityAt);
  const auc = checks.find(({ figure }) => figure.endsWith("of AUC"))!;
  assert(auc.passed && auc.value! > 0.5, `lower bound ${auc.value}`);
  assertEquals(firing(checks), ["AUC against the first minute"]);
});

Deno.test("the check 'smell' fails an accuracy, an AUC and a gain that nobody has honestly", async () => {
  const random = seededRandom(3),
    knowing = (_: number, row: number) => 0.5 + 0.2 * (isUp(row) - 0.5) + 0.2 * random.normal();
  const probabilityUp = Float32Array.from(SCORED.test.decisionTimeMs, knowing);
  assert(areaUnderCurve({ scores: probabilityUp, outcomes: outcomesOf(SCORED.test) }) > 0.6);
  const volatilityBps = SCORED.test.realizedVarianceBps2.map(Math.sqrt);
  const names = firing(await smell((_, row) => probabilityUp[row]!, { volatilityBps }));
  for (const name of ["accuracy", "AUC", "QLIKE gain over har_x"]) assert(names.includes(name), names.join());
});

Deno.test("the check 'smell' accuses nobody by the interval of a day or two", async () => {
  const few = { ...SETTINGS, blockDays: Math.ceil(SCORED.test.length / 1440 / 9) };
  const probabilityUp = Float32Array.from(SCORED.test.decisionTimeMs, (_, row) => isUp(row));
  const scored = { ...SCORED, model: { ...SCORED.model, probabilityUp } };
  const checks = await runLeakChecks(
    {
      candles: CANDLES,
      features: givenFeatures(DATASET.features),
      folds: FOLDS,
      settings: few,
      scored: Promise.resolve(scored),
    },
    PIPELINE,
    {
      only: ["smell"],
    },
  );
  assertEquals(checks.map(({ skipped }) => skipped), [true, true, true, true]);
  assert(/^Not checked: \d blocks of days are scored, and 10 are needed$/.test(checks[0]!.reason), checks[0]!.reason);
});

Deno.test("the check 'smell' has no line a day ahead, and two of them a minute ahead", async () => {
  const skips = async (horizonMinutes: number) =>
    (await smell(() => 0.5, { horizonMinutes })).map(({ skipped }) => skipped);
  assertEquals(await skips(1440), [true, true, true, true]);
  assertEquals(await skips(1), [false, true, true, false]);
});
