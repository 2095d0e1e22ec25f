import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  allocateForecasts,
  DAY_MS,
  DomainError,
  judgeLeakChecks,
  lowerBound,
  MINUTE_MS,
  type Progress,
  SILENT_PROGRESS,
  sliceCandles,
  type TimeRange,
} from "../../../src/core/mod.ts";
import { computedFeatures, type FeatureSource, givenFeatures } from "../../../src/ml/dataset.ts";
import { fitFamily } from "../../../src/ml/experiment/fit_family.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { computeLabels, walkForwardFolds } from "../../../src/ml/labels/mod.ts";
import {
  encodeLeakChecks,
  LEAK_CHECKS,
  type LeakCheck,
  type LeakCheckName,
  leakCheckSettings,
  leakError,
  type Pipeline,
  plainOutcomes,
  type RecomputeOutcomes,
  runLeakChecks,
} from "../../../src/ml/leak_checks/mod.ts";
import { shortFold } from "../../../src/ml/leak_checks/short_fold.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { randomCandles } from "../candles.ts";
import { PLANTED_BUGS } from "./planted_bugs.ts";
import { honestPipeline, quickRun } from "./scored_pipeline.ts";

const CANDLES = randomCandles(31 * 1440, { seed: 5, missing: (minute) => minute > 30_000 && minute < 30_040 });
const { settings: SETTINGS, folds: FOLDS } = quickRun(CANDLES, 15, 30);
const HONEST = honestPipeline(SETTINGS);

function inputOf(pipeline = HONEST, settings = SETTINGS) {
  const features = computedFeatures(CANDLES, pipeline.engine, settings.range.startMs);
  return { candles: CANDLES, features, folds: FOLDS, settings };
}

function check(pipeline = HONEST, only: readonly LeakCheckName[] = LEAK_CHECKS, settings = SETTINGS) {
  return runLeakChecks(inputOf(pipeline, settings), pipeline, { only });
}

const failed = (checks: readonly LeakCheck[]) => [
  ...new Set(checks.filter(({ passed }) => !passed).map(({ name }) => name)),
];

Deno.test("runLeakChecks() finds nothing in a clean run, and takes every figure that it can", async () => {
  const checks = await check();
  assertEquals(failed(checks), []);
  assertEquals([...new Set(checks.map(({ name }) => name))], [...LEAK_CHECKS]);
  assertEquals([...new Set(checks.filter(({ skipped }) => skipped).map(({ name }) => name))], ["smell"]);
  assertEquals(judgeLeakChecks(checks, { horizonMinutes: 15, blocks: null }), {
    ...{ found: [], doubts: [], taken: checks.filter(({ skipped }) => !skipped).length },
  });
});

Deno.test("a network passes, trained as for a run but for less time", async () => {
  const settings = { ...SETTINGS, family: "mlp" as const };
  const fitFold: Pipeline["fitFold"] = (dataset, split) =>
    fitFamily(dataset, split, leakCheckSettings(settings), { progress: SILENT_PROGRESS, train: trainInWorker });
  const checks = await check({ ...HONEST, fitFold }, ["mutation", "rotation"], settings);
  assertEquals(checks.map(({ passed, skipped }) => passed && !skipped), [true, true, true]);
});

Deno.test("the set 'flagship' passes, and a family without a direction skips what asks for one", async () => {
  const settings = { ...SETTINGS, family: "har" as const };
  const checks = await check(
    { ...honestPipeline(settings), engine: flagshipFeatureSet() },
    LEAK_CHECKS.slice(0, -1),
    settings,
  );
  assertEquals(failed(checks), []);
  const skipping = checks.filter(({ skipped }) => skipped).map(({ name, figure }) => `${name}: ${figure}`);
  assertEquals(skipping, [
    "rotation: distance of the family's AUC from .5 on rotated labels",
    "planted: t of a planted signal in the family's forecasts",
  ]);
});

Deno.test("leakCheckSettings() takes no more epochs and trees than are needed, and never more than there were", () => {
  const { mlp, sequence, gbdt } = leakCheckSettings({
    ...SETTINGS,
    mlp: { ...SETTINGS.mlp, epochs: 12, members: 4 },
    gbdt: { ...SETTINGS.gbdt, trees: 600 },
  });
  assertEquals([mlp.epochs, mlp.members, sequence.epochs, gbdt.trees], [3, 1, 2, 40]);
});

for (const { name, caughtBy, plant } of PLANTED_BUGS) {
  Deno.test(`the check '${caughtBy}' catches ${name}`, async () => {
    const [caught] = (await check(plant(HONEST), [caughtBy])).filter(({ passed }) => !passed);
    assert(caught !== undefined, "nothing was caught");
    assert(caught.value! > caught.limit!);
    assertMatch(caught.reason, /Look for/);
  });
}

Deno.test("the check 'truncation' catches stored features that stand a row too early, and names one", async () => {
  const honest = HONEST.engine.compute(CANDLES, { fromMs: SETTINGS.range.startMs });
  const columns = honest.columns.map((column) => new Float32Array([...column.subarray(1), NaN]));
  const features = givenFeatures({ ...honest, columns });
  const [check] = await runLeakChecks({ ...inputOf(), features }, HONEST, { only: ["truncation"] });
  assertEquals([check!.passed, check!.value], [false, honest.names.length]);
  assertMatch(check!.reason, /return_1 at 2023-03-\d\dT\d\d:\d\d:00Z is -?[\d.]+, and -?[\d.]+ on candles up to then/);
});

Deno.test("the check 'truncation' holds nothing against rows before the range, whose look-back a run does not read", async () => {
  const { engine } = HONEST, endMs = CANDLES.openTimeMs.at(-1)! + MINUTE_MS;
  // So short that each cut is within the hour after one before it, the first within that of the start.
  const startMs = endMs - 6 * 60 * MINUTE_MS, settings = { ...SETTINGS, range: { startMs, endMs } };
  const features = givenFeatures(engine.compute(CANDLES, { fromMs: startMs - 1440 * MINUTE_MS }));
  const from = lowerBound(CANDLES.openTimeMs, startMs - engine.lookbackMinutes * MINUTE_MS);
  const candles = sliceCandles(CANDLES, from, CANDLES.length);
  assert(from > 0);
  const asked: TimeRange[] = [];
  const source = { load: (range: TimeRange) => (asked.push(range), features.load(range)) };
  const run = (only: FeatureSource) =>
    runLeakChecks({ ...inputOf(), candles, features: only, settings }, HONEST, { only: ["truncation"] });
  assertEquals((await run(source)).map(({ passed, value }) => [passed, value]), [[true, 0]]);
  assert(asked.every((range) => range.startMs >= startMs && range.endMs - range.startMs > 59 * MINUTE_MS));
});

Deno.test("the check 'rotation' catches a shuffled split: overlapping labels are learnt by heart", async () => {
  const { plant } = PLANTED_BUGS.find(({ caughtBy }) => caughtBy === "split")!;
  const [line] = await check(plant(HONEST), ["rotation"]);
  assertEquals(line!.passed, false);
});

Deno.test("the check 'rotation' catches a fit that keeps labels of rows it is scored on", async () => {
  const [, family] = await check({
    ...HONEST,
    fitFold: async (dataset, split) => {
      const { model } = await HONEST.fitFold(dataset, split);
      model.predictColumns = (_columns, rows) => ({
        ...allocateForecasts(rows.length),
        probabilityUp: Float32Array.from(
          rows,
          (row) => 0.5 + 1e-4 * row % 0.3 + 0.1 * Math.sign(dataset.labels.returnBps[row]!),
        ),
      });
      return { model };
    },
  }, ["rotation"]);
  assertEquals(family!.passed, false);
});

Deno.test("the check 'planted' catches labels beside other rows, and inputs that do not reach the model", async () => {
  const displaced: Pipeline = {
    ...HONEST,
    labelsOf(grid, times, options) {
      const own = computeLabels(grid, times, options);
      const others = computeLabels(grid, times.map((ms) => ms - 7200 * MINUTE_MS), options);
      return { ...others, scorable: own.scorable.map((is, row) => is & others.scorable[row]!) };
    },
  };
  assertEquals((await check(displaced, ["planted"])).map(({ passed }) => passed), [false, false]);
  const blind: Pipeline = {
    ...HONEST,
    fitFold: async (dataset, split) => {
      const { spec, parts } = (await HONEST.fitFold(dataset, split)).model;
      const scaler = { ...spec.scaler!, scales: spec.scaler!.scales.map(() => Infinity) };
      return { model: new SpecForecastModel({ ...spec, scaler }, parts) };
    },
  };
  assertEquals((await check(blind, ["planted"])).map(({ passed }) => passed), [true, false]);
});

Deno.test("the check 'split' fails a split that is called shuffled, whatever its rows are", async () => {
  const settings = { ...SETTINGS, split: { ...SETTINGS.split, kind: "shuffled" as const } };
  assertEquals(failed(await check(HONEST, ["split"], settings)), ["split"]);
});

Deno.test("the check 'labels' believes the outcomes that it is given", async () => {
  const recompute: RecomputeOutcomes = (times, horizon) => {
    const { returnBps, realizedVarianceBps2 } = plainOutcomes(CANDLES, times, horizon);
    return Promise.resolve({
      returnBps: returnBps.map((move, i) => i === 3 ? move + 0.01 : move),
      realizedVarianceBps2,
    });
  };
  const checks = await runLeakChecks(inputOf(), { ...HONEST, recompute }, { only: ["labels"] });
  assertEquals(checks.map(({ passed, value }) => ({ passed, value })), [{ passed: false, value: 1 }, {
    passed: true,
    value: 0,
  }]);
});

Deno.test("runLeakChecks() tells how far it is, and stops at an abort", async () => {
  const seen: string[] = [], controller = new AbortController();
  const progress: Progress = {
    log() {},
    update({ done, total, note }) {
      seen.push(`${done} of ${total} ${note}`);
      if (done === 1) controller.abort();
    },
  };
  await assertRejects(() => runLeakChecks(inputOf(), { ...HONEST, progress, signal: controller.signal }), DOMException);
  assertEquals(seen, ["0 of 7 truncation", "1 of 7 truncation"], "the first that is not through is told");
});

const CLEAN: LeakCheck = {
  ...{ name: "labels", figure: "rows", passed: true, value: 0, limit: 0, skipped: false, reason: "All agree" },
};
const LEAKING: LeakCheck = {
  ...CLEAN,
  name: "smell",
  figure: "AUC",
  passed: false,
  value: 0.61234,
  limit: 0.58,
  reason: "Why",
};

Deno.test("the check 'planted' asks no trees that learnt no direction, and says why", async () => {
  const [, family] = await check({
    ...HONEST,
    fitFold: async (dataset, split) => {
      const { model: { spec, parts } } = await HONEST.fitFold(dataset, split);
      const scaler = { ...spec.scaler!, scales: spec.scaler!.scales.map(() => Infinity) };
      return { model: new SpecForecastModel({ ...spec, scaler }, { ...parts, trees: {} }) };
    },
  }, ["planted"]);
  assertEquals(family!.value, null);
  assertStringIncludes(family!.reason, "no direction");
});

Deno.test("leakError() names check, value, limit, what to look for, and the run that keeps all figures", () => {
  assertEquals(leakError([CLEAN]), undefined);
  const error = leakError([CLEAN, LEAKING])!;
  assertStringIncludes(error.message, "smell (AUC: 0.6123, limit 0.58)");
  assertEquals([error.traits.exit, error.hint], [7, "smell: Why"]);
  const kept = "all figures are kept in evaluation/leak_checks.json of run 'abc'";
  assertEquals(leakError([LEAKING], { runId: "abc" })!.hint, `smell: Why; ${kept}`);
});

Deno.test("encodeLeakChecks() keeps every figure", () => {
  assertEquals(JSON.parse(encodeLeakChecks([CLEAN, LEAKING])), { passed: false, checks: [CLEAN, LEAKING] });
});

Deno.test("shortFold() keeps 30000 minutes, or what a family can learn from where the fold has so many", () => {
  const days = (trainDays: number, horizonMinutes: 15 | 60 | 1440) => {
    const range = { startMs: 0, endMs: 400 * DAY_MS };
    const folds = walkForwardFolds(range, { horizonMinutes, trainDays, stepDays: 10, validationDays: 0 });
    const { train, trainingSpan, test, index } = shortFold(folds, horizonMinutes),
      whole = folds[index - folds[0]!.index]!;
    assertEquals([trainingSpan.startMs, train.endMs, test], [train.startMs, whole.train.endMs, whole.test]);
    return (train.endMs - train.startMs) / MINUTE_MS;
  };
  assertEquals(days(180, 15), 30_000);
  assertEquals(days(180, 60), 900 * 60);
  assertEquals([days(30, 60), days(180, 1440)], [30_000, 30_000], "too few labels either way");
  assertEquals(days(32, 60), 32 * 1440 - 59, "enough, if just");
  assertEquals(days(10, 15), 10 * 1440 - 14);
});

Deno.test("where a check cannot be made the fits of others are stopped, and none goes on behind the caller", async () => {
  let asked = 0, under = 0;
  const fitFold: Pipeline["fitFold"] = (_, __, { signal } = {}) => {
    asked++;
    under++;
    return new Promise((_, reject) =>
      signal!.addEventListener("abort", () => (under--, reject(signal!.reason)), { once: true })
    );
  };
  const recompute = async () => {
    while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 5)); // of mutation, rotation and planted
    throw new DomainError("store-busy", "Another process holds the store");
  };
  const checks = runLeakChecks(inputOf(), { ...HONEST, fitFold, recompute });
  const error = await assertRejects(() => checks, DomainError);
  assertEquals([error.code, asked, under], ["store-busy", 3, 0]);
});
