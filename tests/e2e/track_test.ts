import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import type { Tracker } from "../../src/core/mod.ts";
import { DuckDbSession } from "../../src/feature_store/duckdb_session.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { openTrackerAt } from "../../src/MLOps/open.ts";
import { loadForecastModel } from "../../src/ml/models/load_forecast_model.ts";
import {
  folderWithSample,
  interruptTrack,
  killedRun,
  modelFiles,
  runIn,
  runUntil,
  SAMPLE,
  wordsFor,
} from "./program_folder.ts";

Deno.test("track --quick on the sample logs a judged run in seconds; the same again gives the same bytes", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  const started = performance.now();
  const first = await runIn(folder.path, "track", ["--quick", "--json", "--quiet", "--tag", "note=a=b"], {
    env: { USER: "ada" },
  });
  const seconds = (performance.now() - started) / 1000;
  assertEquals([first.code, first.stderr], [0, ""], first.stderr + first.stdout);
  // Beside other tests; alone it is held to 30 s by: task bench -- track.
  assert(seconds < 120, `${seconds} s`);
  const { json } = first;
  assertEquals(Object.keys(json), [
    "runId",
    "experimentId",
    "experimentName",
    "modelUri",
    "metrics",
    "baselines",
    "verdict",
    "weakSpots",
    "leakChecks",
    "ablation",
    "datasetDigest",
    "seconds",
    "warnings",
  ]);
  assertEquals([json.experimentName, json.verdict, json.warnings], ["bitcoin", { passed: true, reasons: [] }, []]);
  for (const name of ["qlike", "log_loss", "auc", "pinball", "coverage_90", "qlike_gain_ewma_low"]) {
    assert(Number.isFinite(json.metrics[name]), name);
  }
  assertEquals(json.metrics.baseline_har_qlike, json.baselines.har.qlike);
  assertMatch(json.modelUri, /^models:\/m-[0-9a-f]{32}$/);

  const loaded = await loadForecastModel(await modelFiles(folder.path, json.modelUri));
  assertEquals([loaded.info.family, loaded.info.horizonMinutes], ["mlp", 15]);
  {
    await using tracker = await openTrackerAt(`sqlite:///${folder.path}/mlruns/mlflow.db`, { readOnly: true });
    const { info, tags, params, datasetInputs, metrics } = await tracker.getRun(json.runId);
    assertEquals([info.status, info.userId, info.runName], ["FINISHED", "ada", "mlp-15m"]);
    const tag = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
    assertEquals([tag["note"], tag["evidence"], tag["mlflow.user"]], ["a=b", "quick", "ada"]);
    assertEquals(tag["dataset.sha256"], json.datasetDigest);
    assertEquals(datasetInputs[0]!.dataset.digest, json.datasetDigest.slice(0, 36));
    assertMatch(tag["mlflow.source.git.commit"]!, /^[0-9a-f]{40}$/);
    assertMatch(tag["lockfile.sha256"]!, /^[0-9a-f]{64}$/);
    assert(params.some(({ key, value }) => key === "quick" && value === "true"));
    assert(metrics.some(({ key }) => key === "train_loss"));
  }

  // Now with the features that ingest keeps, which must be those that were computed here.
  const ingest = await runIn(folder.path, "ingest", ["--archive-dir", SAMPLE, "--no-report", "--quiet"], {
    read: [SAMPLE],
  });
  assertEquals(ingest.code, 0, ingest.stderr);
  const second = await runIn(folder.path, "track", ["--quick", "--json", "--quiet"]);
  // The first of its kind, and the second, as good as it: what the best of two equals shows by luck is nothing.
  const { deflated_sharpe: deflated, ...metrics } = second.json.metrics;
  assertEquals([metrics, deflated], [json.metrics, json.metrics.probabilistic_sharpe]);
  assertEquals(second.json.datasetDigest, json.datasetDigest);
  const a = await modelFiles(folder.path, json.modelUri), b = await modelFiles(folder.path, second.json.modelUri);
  for (const path of ["forecast.json", "weights.bin", "model.json", "model.onnx"]) {
    assertEquals(b.get(path), a.get(path));
  }
});

Deno.test("track tells a person the scores beside the baselines, the verdict and what to do next", async () => {
  await using folder = await folderWithSample();
  const { code, stdout, stderr } = await runIn(folder.path, "track", [
    ...["--quick", "--model", "har", "--horizon", "60", "--experiment", "lines", "--run-name", "plain"],
    ...["--since", "2022-01-01", "--until", "2023-04-20"],
  ]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "har, 60 minutes ahead, BTC/USDT");
  assertMatch(stdout, /^model +QLIKE +QLIKE gain over it/m);
  for (const name of ["har_x", "har_diurnal", "har", "ewma", "contrarian", "climatology"]) {
    assertMatch(stdout, new RegExp(`^  ${name} `, "m"));
  }
  assertMatch(stdout, /^ {2}har_x +[\d.]+\*?< /m);
  assertMatch(stdout, /^accuracy +[\d.]+ \[[\d.]+, [\d.]+\] +[\d.]+ (contrarian|climatology) /m);
  assertMatch(stdout, /^inside 50\/80\/90\/98 %: /m);
  assertMatch(stdout, /^Sharpe ratio a year( +-?[\d.]+){7}$/m);
  assertMatch(stdout, /^worse than the best baseline: /m);
  assertMatch(stdout, /^leak checks: all \d+ figures hold \(truncation, mutation, /m);
  const result = stdout.split("\n").filter((line) => !line.startsWith("run "));
  assertEquals(result.filter((line) => line.length > 100), [], "it is read at 100 columns");
  assertMatch(stdout, /^Verdict: (passed\.|not passed, as )/m);
  assertStringIncludes(stdout, "in 'lines'");
  assertStringIncludes(stderr, "The range is cut to the stored candles: 2023-02-01T00:00:00Z to 2023-04-20T00:00:00Z");
  const passed = stdout.includes("Verdict: passed");
  assertEquals(/task register -- --run-id [0-9a-f]{32}/.test(stderr), passed, "nobody is sent to a gate that refuses");
  assertMatch(stderr, /task report -- model [0-9a-f]{32}/);
});

Deno.test("track says what is wrong with its options, its range, its store, and leaves no run behind", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  const refused = async (args: readonly string[], code: number, errorCode: string, part: string) => {
    const { code: actual, json } = await runIn(folder.path, "track", ["--json", ...args]);
    assertEquals([actual, json.error.code], [code, errorCode], args.join(" "));
    assertStringIncludes(`${json.error.message} ${json.error.hint}`, part);
  };
  await refused(["--horizon", "7"], 2, "usage", "7");
  await refused(["--model", "lstm"], 2, "usage", "lstm");
  await refused(["--seed", "0"], 2, "usage", "current value is 0");
  await refused(["--tag", "novalue"], 2, "usage", "novalue");
  await refused(["--since", "2023-02-30"], 2, "usage", "2023-02-30");
  await refused(["--since", "2023-04-01", "--until", "2023-03-01"], 2, "usage", "--until");
  await refused(["--since", "2023-04-20"], 3, "input-invalid", "at least 30 are needed");
  await refused(["--horizon", "7"], 2, "usage", "--help");
  await refused([], 3, "input-invalid", "Take or ingest a longer range, or a first look with: task track -- --quick");
  await refused(["--quick", "--folds", "9"], 3, "input-invalid", "Ask for at most 5 folds");
  await refused(["--since", "2030-01-01"], 6, "not-found", "Cannot train from 2030-01-01T00:00:00Z on as candles are");
  await refused(["--until", "2020-01-01"], 6, "not-found", "Cannot train on candles before 2020-01-01T00:00:00Z");
  await refused(
    ["--until", "2022-01-01", "--since", "2021-01-01"],
    6,
    "not-found",
    "task ingest -- --since 2021-01-01",
  );
  await Deno.writeTextFile(`${folder.path}/mlruns.json`, `{"mlp": {"epoch": 1}}`);
  await Deno.mkdir(`${folder.path}/config`);
  await Deno.rename(`${folder.path}/mlruns.json`, `${folder.path}/config/mine.json`);
  await refused(["--config", "config/mine.json"], 3, "config-invalid", "Did you mean 'epochs'?");
  await Deno.writeTextFile(`${folder.path}/config/mine.json`, `{"horizonMinutes": 7}`);
  await refused(["--config", "config/mine.json"], 3, "config-invalid", "one of 1, 5, 15, 60, 1440: current value is 7");
  await Deno.writeTextFile(`${folder.path}/config/mine.json`, `{"symbol": "ETH/USDT"}`);
  await refused(["--config", "config/mine.json"], 6, "not-found", "ETH/USDT");
  await Deno.remove(`${folder.path}/feature_store`, { recursive: true });
  await refused([], 6, "not-found", "task ingest");
  assertEquals(await Deno.stat(`${folder.path}/mlruns/mlflow.db`).then(() => true, () => false), false);
});

Deno.test("track stopped by Ctrl-C ends with 130 and a KILLED run that keeps its metrics", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  await Deno.mkdir(`${folder.path}/config`);
  await Deno.writeTextFile(
    `${folder.path}/config/long.json`,
    JSON.stringify({ mlp: { epochs: 5000, patience: 5000 } }),
  );
  const args = ["--quick", "--events", "--json", "--config", "config/long.json"];
  // Some epochs in, by the progress that the training tells of.
  await interruptTrack(folder.path, args, /"stage":"train","done":([2-9]|\d\d)/);
  await using tracker = await openTrackerAt(`sqlite:///${folder.path}/mlruns/mlflow.db`, { readOnly: true });
  const run = await killedRun(tracker);
  const history = await tracker.metricHistory(run.info.runId, "validation_loss");
  assert(history.items.length >= 2);
});

/**
 * Kills a `track` once each of so many networks has replaced its state some times: what is said of epochs may come much
 * later, as leak checks hold up the thread that says it.
 */
async function killedWithStates(
  folder: string,
  args: readonly string[],
  networks: number,
): Promise<Deno.CommandStatus> {
  const words = await wordsFor("track", folder, args), states = `${folder}/mlruns/checkpoints`;
  const child = new Deno.Command("deno", { args: words, cwd: folder, stdout: "null", stderr: "null" }).spawn();
  const seen = new Map<string, { readonly file: string; readonly changes: number }>();
  const look = async () => {
    for (const { name } of await Array.fromAsync(Deno.readDir(states)).catch(() => [])) {
      const stat = name.endsWith(".checkpoint") ? await Deno.stat(`${states}/${name}`).catch(() => null) : null;
      if (stat === null) continue;
      const file = `${stat.ino} ${stat.mtime?.getTime()}`, known = seen.get(name) ?? { file: "", changes: 0 };
      if (known.file !== file) seen.set(name, { file, changes: known.changes + 1 });
    }
    return [...seen.values()].filter(({ changes }) => changes >= 5).length >= networks;
  };
  let hasEnded = false;
  const ended = child.status.finally(() => hasEnded = true);
  while (!hasEnded && !await look()) await new Promise((resolve) => setTimeout(resolve, 5));
  if (!hasEnded) child.kill("SIGKILL");
  return await ended;
}

Deno.test("track killed in mid-training goes on from its last epoch, to the bytes of a run in one go", async () => {
  // Two networks, which are trained side by side where there are two cores.
  const config = JSON.stringify({ mlp: { members: 2, hidden: [16], epochs: 100, patience: 100 } });
  const args = ["--quick", "--folds", "1", "--since", "2023-04-02", "--events", "--json"].concat(
    ["--config", "config/long.json"],
  );
  const isAside = navigator.hardwareConcurrency > 1;
  const prepared = async () => {
    const folder = await folderWithSample(["--no-features"]);
    await Deno.mkdir(`${folder.path}/config`);
    await Deno.writeTextFile(`${folder.path}/config/long.json`, config);
    return folder;
  };
  await using whole = await prepared();
  await using broken = await prepared();
  const status = await killedWithStates(broken.path, args, isAside ? 2 : 1);
  assertEquals(status.signal, "SIGKILL");
  const resumed = await runIn(broken.path, "track", args), straight = await runIn(whole.path, "track", args);
  assertEquals([resumed.code, straight.code], [0, 0], resumed.stderr + straight.stderr);
  const firstDone = Number(/"stage":"train","done":([\d.]+)/.exec(resumed.stderr)?.[1]);
  assert(firstDone >= 3, `it went on at ${firstDone}`);
  assertEquals(
    resumed.json.warnings.map(({ code }: { code: string }) => code),
    Array(isAside ? 2 : 1).fill("training-resumed"),
  );
  {
    await using tracker = await openTrackerAt(`sqlite:///${broken.path}/mlruns/mlflow.db`, { readOnly: true });
    const run = await tracker.getRun(resumed.json.runId);
    const tag = (key: string) => run.tags.find((one) => one.key === key)?.value ?? "";
    // Side by side one may be far ahead of the other; progress is of both.
    const from = ["", ...(isAside ? ["member_2/"] : [])].map((of) => Number(tag(`${of}resumed_from_epoch`)));
    assert(from.every((epoch) => epoch >= 3) && Math.min(...from) <= firstDone, `${from} ${firstDone}`);
    const killed = await tracker.getRun(tag("resumed_from_run"));
    assertEquals([killed.info.status, killed.tags.find(({ key }) => key === "resumed_by")?.value], [
      "KILLED",
      run.info.runId,
    ]);
    await using other = await openTrackerAt(`sqlite:///${whole.path}/mlruns/mlflow.db`, { readOnly: true });
    for (const key of ["validation_loss", "learning_rate", "step_loss", "member_2/validation_loss"]) {
      const points = async (of: Tracker, runId: string) =>
        (await of.metricHistory(runId, key)).items.map(({ step, value }) => [step, value]);
      assertEquals(await points(tracker, run.info.runId), await points(other, straight.json.runId), key);
    }
  }
  const weights = async (folder: string, { json }: typeof resumed) =>
    (await modelFiles(folder, json.modelUri)).get("weights.bin") ?? [];
  assertEquals(await weights(broken.path, resumed), await weights(whole.path, straight));
  assertEquals(resumed.json.metrics, straight.json.metrics);
  const left = await Array.fromAsync(Deno.readDir(`${broken.path}/mlruns/checkpoints`), ({ name }) => name)
    .catch(() => []);
  // A kill may leave the draft that it fell on, which a later training removes once it is an hour old.
  assertEquals(left.filter((name) => !name.endsWith(".draft")), []);
});

Deno.test("track refuses what it has trained on candles that an ingest changed meanwhile, and leaves no model", async () => {
  await using folder = await folderWithSample();
  const series = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" } as const;
  const startMs = Date.UTC(2023, 2, 1), range = { startMs, endMs: startMs + 60_000 };
  const revise = async () => {
    await using store = await DuckDbFeatureStore.open(`${folder.path}/feature_store/bitcoin.duckdb`, {
      mode: "write",
      clock: SYSTEM_CLOCK,
      command: "ingest",
      waitMs: 60_000,
    });
    const columns = await store.loadCandles({ ...series, range });
    columns.volume[0]! += 1;
    const { revised } = await store.writeCandles(series, [{ source: "rest", columns }], { wins: () => true });
    assertEquals(revised, 1);
  };
  const args = ["--quick", "--json", "--events", "--model", "linear"];
  const { status, stdout, stderr } = await runUntil(folder.path, "track", args, {
    seen: /"note":"steps"/,
    first: revise,
  });
  const { error } = JSON.parse(stdout);
  assertEquals([status.code, error.code], [5, "dataset-changed"], stderr.slice(-800));
  assertStringIncludes(error.message, "as they were changed in the feature store meanwhile");
  assertEquals(error.hint, "Let the ingest end, then track again");
  await using tracker = await openTrackerAt(`sqlite:///${folder.path}/mlruns/mlflow.db`, { readOnly: true });
  const { items: [run] } = await tracker.searchRuns({ experimentIds: ["1"] });
  assertEquals([run!.info.status, run!.modelOutputs], ["FAILED", []]);
  assertEquals(run!.tags.find(({ key }) => key === "failure")!.value, error.message);
});

Deno.test("track refuses stored features whose columns other hands have changed", async () => {
  await using folder = await folderWithSample();
  for (
    const [change, part] of [
      ["ADD COLUMN mine FLOAT", "it has others, or in another order"],
      ["DROP COLUMN rv_60", "it lacks rv_60"],
    ]
  ) {
    {
      const path = `${folder.path}/feature_store/bitcoin.duckdb`;
      using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
      await session.run(`ALTER TABLE features_flagship ${change}`);
    }
    const { code, json } = await runIn(folder.path, "track", ["--quick", "--json", "--model", "har"]);
    assertEquals([code, json.error.code], [5, "store-damaged"], JSON.stringify(json));
    assertStringIncludes(json.error.message, `'flagship' by their columns: ${part}`);
  }
});
