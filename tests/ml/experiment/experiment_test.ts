import { encodeMlModel } from "../../../src/MLOps/mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type CandleColumns,
  DAY_MS,
  DomainError,
  MINUTE_MS,
  SILENT_PROGRESS,
  sliceCandles,
  toIso,
} from "../../../src/core/mod.ts";
import {
  datasetInput,
  epochMetrics,
  type ExperimentSettings,
  logExperiment,
  runExperiment,
  settingsParams,
  TrackedRun,
} from "../../../src/ml/experiment/mod.ts";
import { encodeGbdtJson } from "../../../src/ml/gbdt/gbdt_json.ts";
import type { HeadReport } from "../../../src/ml/training/fit_trees.ts";
import { buildDataset, givenFeatures } from "../../../src/ml/dataset.ts";
import { defaultFeatureEngine, windowFeatureEngine } from "../../../src/ml/features/mod.ts";
import { loadForecastModel } from "../../../src/ml/models/load_forecast_model.ts";
import { encodeModelFiles } from "../../../src/ml/models/model_files.ts";
import { SEQUENCE_FAMILIES } from "../../../src/ml/models/sequence_shapes.ts";
import { memberSeed } from "../../../src/ml/training/fit_network.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { MemoryTracker } from "../../fakes/memory_tracker.ts";
import { randomCandles } from "../candles.ts";
import { DAYS, SETTINGS, START_MS } from "./small_settings.ts";

const engine = defaultFeatureEngine();

let candles: CandleColumns | undefined;
const walk = () => candles ??= randomCandles(DAYS * 1440, { seed: 21 });
const run = (settings: Partial<ExperimentSettings> = {}, data = walk(), extra = {}) =>
  runExperiment(data, { ...SETTINGS, ...settings }, {
    engine,
    train: trainInWorker,
    progress: SILENT_PROGRESS,
    ...extra,
  });

Deno.test("runExperiment() scores later rows than it learns from, labels inside the range", async () => {
  const { split, evaluation, folds: [fold] } = await run();
  assertEquals(fold!.fold.train.startMs, START_MS + 61 * MINUTE_MS, "61 closes lie behind the first row");
  assertEquals(fold!.fold.train.endMs + 14 * MINUTE_MS, split.test.startMs);
  assertEquals(split.train.startMs, START_MS + 17 * DAY_MS, "the model to serve knows the days that were scored");
  assert(split.train.endMs + 14 * MINUTE_MS <= split.validation.startMs);
  assertEquals(split.validation.endMs, SETTINGS.range.endMs - 14 * MINUTE_MS);
  assertEquals(split.test.startMs, START_MS + 17 * DAY_MS);
  assertEquals(split.test.endMs, SETTINGS.range.endMs - 14 * MINUTE_MS);
  assertEquals(evaluation.rows, split.test.rows);
});

Deno.test("runExperiment() of any family refuses a value that is no number, wherever it would be read", async () => {
  const { features } = buildDataset(walk(), engine, { horizonMinutes: 15, sinceMs: START_MS });
  const families = ["mlp", "gbdt", "linear", "har", "contrarian", "climatology"] as const;
  for (const [i, family] of families.entries()) {
    for (const [day, value] of [[5, Infinity], [15, -Infinity], [25, NaN]] as const) {
      const row = features.decisionTimeMs.indexOf(START_MS + day * DAY_MS + i * MINUTE_MS);
      const column = features.columns[0]!.with(row, value);
      const bad = { ...features, columns: features.columns.with(0, column) };
      const error = await assertRejects(() => run({ family }, walk(), { features: givenFeatures(bad) }), DomainError);
      assertEquals(error.code, "input-invalid");
      const what = Number.isNaN(value) ? "is missing, which it never should be," : `is ${value}`;
      const at = toIso(START_MS + day * DAY_MS + i * MINUTE_MS);
      assertStringIncludes(error.message, `feature '${features.names[0]}' ${what} in row `);
      assertStringIncludes(error.message, `, at ${at}`);
      assertStringIncludes(error.hint!, "task ingest -- --verify");
    }
  }
});

Deno.test("runExperiment() learns nothing from candles after its training span", async () => {
  const spec = async (data: CandleColumns) => (await run({}, data)).folds[0]!.fitted.spec;
  const changed = { ...walk(), close: walk().close.slice(), volume: walk().volume.slice() };
  const testStart = 17 * 1440;
  for (let i = testStart; i < changed.length; i++) {
    changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
    changed.volume[i] = 7;
  }
  assertEquals(await spec(changed), await spec(walk()));
  changed.close[testStart - 1000]! *= 1.05;
  assert(JSON.stringify(await spec(changed)) !== JSON.stringify(await spec(walk())), "the test can fail");
});

Deno.test("runExperiment() of the network learns nothing from later candles either, down to the bytes", async () => {
  const weights = async (data: CandleColumns) => {
    const model = (await run({ family: "mlp" }, data)).folds[0]!.fitted;
    return JSON.stringify([model.spec, model.parts.networks![0]!.hidden.map(({ kernel }) => [...kernel])]);
  };
  const changed = { ...walk(), close: walk().close.slice() };
  for (let i = 17 * 1440; i < changed.length; i++) changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
  assertEquals(await weights(changed), await weights(walk()));
});

for (const family of ["gbdt", "linear"] as const) {
  Deno.test(`runExperiment() of ${family} learns nothing from later candles, down to the bytes`, async () => {
    const bytesOf = async (data: CandleColumns) => {
      const { spec, parts } = (await run({ family }, data)).folds[0]!.fitted;
      return JSON.stringify([spec, ...Object.values(parts.trees ?? {}).map(encodeGbdtJson)]);
    };
    const changed = { ...walk(), close: walk().close.slice() }, testStart = 17 * 1440;
    for (let i = testStart; i < changed.length; i++) changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
    const before = await bytesOf(walk());
    assertEquals(await bytesOf(changed), before);
    changed.close[testStart - 1000]! *= 1.05;
    assert(await bytesOf(changed) !== before, "the test can fail");
  });

  Deno.test(`runExperiment() of ${family} finds a drift by the hour of day, and none in a random walk`, async () => {
    const honest = await run({ family });
    const interval = honest.evaluation.intervals.auc!;
    assert(interval.low < 0.5 && interval.high > 0.485, JSON.stringify(interval));
    // The sign of the last move, which the plain line knows, says nothing of it.
    const driftBps = (i: number) => i % 1440 < 720 ? 0.7 : -0.7;
    const found = await run({ family }, randomCandles(DAYS * 1440, { seed: 21, driftBps }));
    const { auc } = found.evaluation.intervals, { auc: plain } = found.evaluation.baselines.contrarian!;
    assert(auc!.low > 0.55 && auc!.low > plain! + 0.03, `${JSON.stringify(auc)}, contrarian ${plain}`);
  });
}

Deno.test("runExperiment() of gbdt tells of its trees and which features they need", async () => {
  const points: HeadReport[] = [];
  const driftBps = (i: number) => i % 1440 < 720 ? 0.7 : -0.7;
  const { details } = await run({ family: "gbdt" }, randomCandles(DAYS * 1440, { seed: 21, driftBps }), {
    onTree: (report: HeadReport) => points.push(report),
  });
  const steps = (head: string) => points.filter((point) => point.head === head).map(({ trees }) => trees);
  for (const head of ["direction", "volatility"]) {
    assertEquals(steps(head), steps(head).map((_, i) => i + 1), "each tree, as there are fewer than 100");
    assert(details!.metrics[`${head}_trees`]! <= steps(head).length);
  }
  const { gain, permutation } = JSON.parse(details!.files.get("importance.json")!);
  assertEquals(gain.direction[0].feature, "day_sin");
  assertEquals(permutation.logLoss[0].feature, "day_sin");
  assertEquals(gain.volatility.length, engine.names.length);
});

Deno.test("runExperiment() of the network finds the feature that a drift rests on", async () => {
  const driftBps = (i: number) => i % 1440 < 720 ? 0.7 : -0.7;
  const mlp = { ...SETTINGS.mlp, epochs: 12, patience: 12, learningRate: 0.005 };
  const { details } = await run({ family: "mlp", mlp }, randomCandles(DAYS * 1440, { seed: 21, driftBps }));
  const { permutation } = JSON.parse(details!.files.get("importance.json")!);
  assertEquals(permutation.logLoss[0].feature, "day_sin");
  assertEquals(permutation.qlike.length, engine.names.length);
  assertStringIncludes(details!.sentence, "direction on day_sin");
});

Deno.test("runExperiment() of linear tells the coefficients with their errors", async () => {
  const { details } = await run({ family: "linear" });
  const { direction, volatility } = JSON.parse(details!.files.get("coefficients.json")!);
  for (const table of [direction, volatility]) {
    assertEquals(table[0].input, "intercept");
    for (const { value, standardError, t } of table) {
      if (standardError !== null) assertAlmostEquals(t, value / standardError, 1e-9);
      else assertEquals(value, 0);
    }
  }
});

Deno.test("runExperiment() of har tells the line that it serves with its errors", async () => {
  const { details, model } = await run({ family: "har" });
  const { volatility, smearing } = JSON.parse(details!.files.get("coefficients.json")!),
    head = model.spec.heads.volatility;
  assert(head.kind === "har");
  assertEquals(volatility.map(({ input }: { input: string }) => input), [
    "intercept",
    ...head.features.map((name) => `ln ${name}`),
  ]);
  const [level, ...slopes] = volatility;
  assertAlmostEquals(head.intercept, level.value + Math.log(smearing), 1e-9);
  slopes.forEach(
    ({ value, standardError, reason }: { value: number; standardError: number | null; reason?: string }, j: number) => {
      assertEquals(value, head.coefficients[j]);
      if (standardError === null) assertEquals([value, reason], [0, "constant, or made of columns before it"]);
      else assert(standardError > 0 && reason === undefined);
    },
  );
  assert(level.standardError > 0);
});

Deno.test("runExperiment() of an ensemble trains members from seeds of their own, and tells them apart", async () => {
  const seen: string[] = [];
  // Something to learn: of nothing learnt nothing is served, and calibration is of the lines alone.
  const drifting = randomCandles(DAYS * 1440, { seed: 21, driftBps: (i) => i % 1440 < 720 ? 0.7 : -0.7 });
  const fit = (members: number) =>
    run({ family: "mlp", mlp: { ...SETTINGS.mlp, epochs: 3, learningRate: 0.005, members } }, drifting, {
      onEpoch: (report: Parameters<typeof epochMetrics>[0], member: number) =>
        seen.push(...epochMetrics(report, 0, member).map(({ key, step }) => `${key} ${step}`)),
    });
  const { model, training } = await fit(3), again = await fit(3), alone = await fit(1);
  assertEquals(again.model.parts, model.parts, "equal seeds give equal bytes");
  const [first, second, third] = model.parts.networks!.map(({ hidden }) => [...hidden[0]!.kernel]);
  assertEquals(first, [...alone.model.parts.networks![0]!.hidden[0]!.kernel], "the first has the run's own seed");
  assert(`${first}` !== `${second}` && `${second}` !== `${third}` && `${first}` !== `${third}`);
  assertEquals(training.length, 3);
  assert(again.model.spec.calibration.logit.slope !== alone.model.spec.calibration.logit.slope, "of the mean's logit");
  assert(["", "member_2/", "member_3/"].every((prefix) => seen.includes(`${prefix}validation_loss 1`)), `${seen}`);
});

for (const family of SEQUENCE_FAMILIES) {
  Deno.test(`runExperiment() of ${family} scores each test row, learns nothing from later candles, and loads again`, async () => {
    const fit = (data: CandleColumns) => run({ family, sequence: { ...SETTINGS.sequence, epochs: 1 } }, data);
    const result = await fit(walk()), har = await run();
    assertEquals(result.split.test, har.split.test);
    assertEquals(result.evaluation.baselines, har.evaluation.baselines, "baselines learn from each minute as ever");
    const { model, goldenRows } = result, { volatility } = model.spec.heads;
    assertEquals(model.info.featureSetDigest, windowFeatureEngine().digest);
    assertEquals(model.spec.referenceHistograms.map(({ feature }) => feature), engine.names);
    assert(volatility.kind === "har-network");
    const identity = { modelId: "m", runId: "r", artifactUri: "file:///m", createdAtMs: 0, metadata: {} };
    const loaded = await loadForecastModel(encodeModelFiles(model, goldenRows, identity, encodeMlModel));
    const windows = windowFeatureEngine().compute(walk(), { fromMs: result.split.test.startMs });
    const row = Float32Array.from(windows.columns, (column) => column[500]!);
    assertEquals(loaded.predict(row, 1), model.predict(row, 1));

    const changed = { ...walk(), close: walk().close.slice(), volume: walk().volume.slice() };
    for (let i = 17 * 1440; i < changed.length; i++) changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
    changed.volume.fill(7, 17 * 1440);
    const again = await fit(changed);
    const scored = (of: typeof result) => [of.folds[0]!.fitted.spec, of.folds[0]!.fitted.parts];
    assertEquals(scored(again), scored(result), "down to the bytes");
  });
}

Deno.test("runExperiment() of a sequence family refuses one class, and a window that holds no news, by name", async () => {
  const family = "pyramid" as const;
  const rising = { ...walk(), close: walk().close.map((_, i) => 20_000 + i + (i % 7)) };
  rising.high = rising.close.map((close, i) => close * (1.001 + (i * i % 997) / 1e6));
  rising.low = rising.close.map((close) => close * 0.999);
  await assertRejects(() => run({ family, horizonMinutes: 60 }, rising), DomainError, "goes down in 60 minutes");
  const silent = { ...walk(), volume: walk().volume.map(() => 1), takerBuyBaseVolume: walk().volume.map(() => 0.25) };
  const error = await assertRejects(() => run({ family }, silent), DomainError, "in every row");
  assertEquals(error.code, "input-invalid");
});

Deno.test("memberSeed() stays in the range of seeds, and never repeats", { permissions: "none" }, () => {
  for (const seed of [1, 2, 2 ** 31 - 2, 2 ** 31 - 1]) {
    const seeds = Array.from({ length: 16 }, (_, i) => memberSeed(seed, i + 1));
    assertEquals(seeds[0], seed);
    assertEquals(new Set(seeds).size, 16);
    assert(seeds.every((value) => Number.isInteger(value) && value >= 1 && value < 2 ** 31));
  }
});

Deno.test("runExperiment() with features given is the same as with features computed", async () => {
  const features = engine.compute(walk(), { fromMs: START_MS });
  const given = await run({}, walk(), { features: givenFeatures(features) }), computed = await run();
  assertEquals(given.evaluation, computed.evaluation);
});

Deno.test("runExperiment() on a random walk finds no direction; with a planted drift it does", async () => {
  const honest = await run({ family: "mlp" });
  const interval = honest.evaluation.intervals.auc!;
  assert(interval.low < 0.5 && interval.high > 0.485, JSON.stringify(interval));
  assert(honest.evaluation.model["auc"]! < 0.53, `${honest.evaluation.model["auc"]}`);
  // Every hour's second half drifts the way its first half moved: past returns tell the next.
  const plain = randomCandles(DAYS * 1440, { seed: 21 });
  const planted = randomCandles(DAYS * 1440, {
    seed: 21,
    driftBps: (i) => {
      const hour = Math.floor(i / 60) * 60;
      if (i % 60 < 30) return 0;
      return 2.5 * Math.sign(plain.close[hour + 29]! - plain.open[hour]!);
    },
  });
  const found = await run(
    { family: "mlp", mlp: { ...SETTINGS.mlp, epochs: 12, learningRate: 0.005, patience: 6 } },
    planted,
  );
  assert(found.evaluation.intervals.auc!.low > 0.53, JSON.stringify(found.evaluation.intervals.auc));
});

Deno.test("runExperiment() refuses spans without rows, and stops when asked to", async () => {
  const holes = randomCandles(DAYS * 1440, { missing: (i) => i > 17 * 1440 && i % 30 === 0 });
  const error = await assertRejects(() => run({}, holes), DomainError, "the train span of the model to serve");
  assertEquals(error.code, "input-invalid");
  const controller = new AbortController();
  controller.abort(new DomainError("interrupted", "Stopped by SIGINT"));
  await assertRejects(() => run({}, walk(), { signal: controller.signal }), DomainError, "SIGINT");
});

Deno.test("logExperiment() records a run that register can promote: data, split, scores, files, a READY model", async () => {
  await using tracker = new MemoryTracker();
  const facts = { sha256: "c".repeat(64), ...SETTINGS.range, rows: walk().length, uri: "feature_store/bitcoin.duckdb" };
  const settings = { ...SETTINGS, family: "mlp" as const };
  let runId = "";
  {
    await using tracked = await TrackedRun.start(tracker, {
      experimentName: "test",
      runName: "mlp-15m",
      tags: [{ key: "dataset.sha256", value: facts.sha256 }],
      nowMs: Date.now,
    });
    runId = tracked.runId;
    await tracker.logInputs(runId, { datasets: [datasetInput(settings, facts)] });
    await tracked.log({ params: settingsParams(settings) });
    const result = await run({ family: "mlp" }, walk(), {
      onEpoch: (report: Parameters<typeof epochMetrics>[0]) =>
        tracked.queue({ metrics: epochMetrics(report, Date.now()) }),
    });
    const logged = await logExperiment(tracker, tracked, result, {
      settings,
      facts,
      featureSet: engine,
      nowMs: Date.now,
      encodeMlModel,
    });
    await tracked.finish();

    assertEquals(logged.modelUri, `models:/${logged.modelId}`);
    const stored = await tracker.getRun(runId);
    assertEquals(stored.info.status, "FINISHED");
    assertEquals(stored.modelOutputs, [{ modelId: logged.modelId, step: 0 }]);
    const [input] = stored.datasetInputs;
    assertEquals(input!.dataset.digest, "c".repeat(36));
    assertEquals(JSON.parse(input!.dataset.profile!).num_rows, walk().length);
    const metric = (key: string) => stored.metrics.find((entry) => entry.key === key)?.value;
    for (const [key, value] of Object.entries(logged.metrics)) assertEquals(metric(key), value, key);
    assertEquals(metric("verdict_passed"), result.verdict.passed ? 1 : 0);
    const epochs = await tracker.metricHistory(runId, "validation_loss");
    assertEquals(epochs.items.map(({ step }) => step), [0, 1, 2, 3]);

    const model = await tracker.getLoggedModel(logged.modelId);
    assertEquals([model.status, model.sourceRunId, model.modelType], ["READY", runId, "mlp"]);
    const listed = await tracker.listArtifacts({ modelId: logged.modelId });
    const files = new Map<string, Uint8Array>();
    for (const { path } of listed) files.set(path, await tracker.readArtifact({ modelId: logged.modelId }, path));
    const loaded = await loadForecastModel(files);
    assertEquals(loaded.info.horizonMinutes, 15);
    const evaluationFiles = await tracker.listArtifacts({ runId }, "evaluation");
    assertEquals(evaluationFiles.map(({ path }) => path).sort(), [
      "evaluation/ablation.json",
      "evaluation/baselines.parquet",
      "evaluation/predictions.parquet",
      "evaluation/refit.json",
      "evaluation/summary.json",
    ]);
    const summary = JSON.parse(
      new TextDecoder().decode(await tracker.readArtifact({ runId }, "evaluation/summary.json")),
    );
    assertAlmostEquals(summary.model.qlike, logged.metrics["qlike"]!, 1e-12);
  }
  assertEquals((await tracker.getRun(runId)).info.status, "FINISHED", "disposing changes nothing after finish()");
});

Deno.test("TrackedRun disposed before finish() is FAILED, and KILLED where it was stopped", async () => {
  await using tracker = new MemoryTracker();
  const options = { experimentName: "test", runName: "r", tags: [], nowMs: Date.now };
  const statusOf = async (signal?: AbortSignal) => {
    let runId = "";
    {
      await using tracked = await TrackedRun.start(tracker, {
        ...options,
        ...(signal === undefined ? {} : { signal }),
      });
      runId = tracked.runId;
      assertEquals((await tracker.getRun(runId)).info.status, "RUNNING");
    }
    const { status, endTime } = (await tracker.getRun(runId)).info;
    assert(endTime !== undefined);
    return status;
  };
  assertEquals(await statusOf(), "FAILED");
  assertEquals(await statusOf(AbortSignal.abort()), "KILLED");
});

Deno.test("TrackedRun.during() keeps what a failed run failed with", async () => {
  const tracker = new MemoryTracker();
  const failed = assertRejects(async () => {
    await using run = await TrackedRun.start(tracker, {
      experimentName: "bitcoin",
      runName: "mlp-15m",
      tags: [],
      nowMs: () => 5,
    });
    await run.during(() => Promise.reject(new DomainError("check-failed", "Training diverged in step 7")));
  }, DomainError);
  await failed;
  const experiment = await tracker.getExperimentByName("bitcoin");
  const { items: [run] } = await tracker.searchRuns({ experimentIds: [experiment!.experimentId] });
  assertEquals(run!.info.status, "FAILED");
  assertEquals(run!.tags.find(({ key }) => key === "failure")?.value, "Training diverged in step 7");
});

Deno.test("TrackedRun tells a logging failure at the next flush, and uses an experiment that is there", async () => {
  await using tracker = new MemoryTracker();
  const options = { experimentName: "test", runName: "r", tags: [], nowMs: Date.now };
  await using first = await TrackedRun.start(tracker, options);
  await using second = await TrackedRun.start(tracker, options);
  assertEquals(first.experimentId, second.experimentId);
  first.queue({ params: [{ key: "a", value: "1" }] });
  first.queue({ params: [{ key: "a", value: "2" }] }); // a parameter cannot change
  await assertRejects(() => first.finish());
  assertEquals((await tracker.getRun(first.runId)).info.status, "RUNNING");
  await tracker.deleteExperiment(first.experimentId);
  const error = await assertRejects(() => TrackedRun.start(tracker, options), DomainError, "is deleted");
  assertEquals(error.code, "input-invalid");
});

Deno.test("logExperiment() marks a model whose files cannot be written UPLOAD_FAILED", async () => {
  await using tracker = new MemoryTracker();
  const facts = { sha256: "c".repeat(64), ...SETTINGS.range, rows: 1, uri: "x" };
  const result = await run({}, sliceCandles(walk(), 0, walk().length));
  await using tracked = await TrackedRun.start(tracker, {
    experimentName: "t",
    runName: "r",
    tags: [],
    nowMs: Date.now,
  });
  const write = tracker.writeArtifact.bind(tracker);
  let modelId = "";
  tracker.writeArtifact = (owner, path, content) => {
    if (!("modelId" in owner) || path !== "model.onnx") return write(owner, path, content);
    modelId = owner.modelId;
    return Promise.reject(new Error("disk full"));
  };
  await assertRejects(
    () =>
      logExperiment(tracker, tracked, result, {
        settings: SETTINGS,
        facts,
        featureSet: engine,
        nowMs: Date.now,
        encodeMlModel,
      }),
    Error,
    "disk full",
  );
  assertEquals((await tracker.getLoggedModel(modelId)).status, "UPLOAD_FAILED");
  assertEquals((await tracker.getRun(tracked.runId)).modelOutputs, []);
});
