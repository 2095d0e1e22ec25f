import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import {
  DAY_MS,
  type FeatureEngine,
  type ForecastColumns,
  type ForecastRecord,
  MINUTE_MS,
  QUANTILE_LEVELS,
  toIso,
} from "../../src/core/mod.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { buildDataset } from "../../src/ml/dataset.ts";
import { featureEngines } from "../../src/ml/features/mod.ts";
import { loadSpecForecastModel } from "../../src/ml/models/load_forecast_model.ts";
import { forecastRows } from "../../src/ml/window_dataset.ts";
import { encodeMlModel } from "../../src/MLOps/mod.ts";
import { encodeModelFiles } from "../../src/ml/models/model_files.ts";
import { randomNetworkModel, sampleDataset } from "../ml/models/sample_models.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { readLogRecords } from "./api_log_records.ts";
import { commandWords, openStores, putCandles, runCommand, SERIES, startApi } from "./service_folder.ts";

const START_MS = Date.UTC(2023, 2, 1), DAYS = 18;
/** Minutes that never came: one, a quarter of an hour, and two hours. */
const isMissing = (index: number) =>
  index === 22_000 || (index > 23_000 && index < 23_016) || (index > 24_000 && index < 24_120);
const FROM_MS = START_MS + 14 * DAY_MS, TO_MS = START_MS + 17 * DAY_MS;
const RANGE = "2023-03-15/2023-03-18";

async function folderWith(files: ReadonlyMap<string, Uint8Array> = modelFiles(harSpec())) {
  const tmp = await tmpDir();
  await putCandles(tmp.path, randomCandles(DAYS * 1440, { startMs: START_MS, missing: isMissing }));
  await using stores = await openStores(tmp.path);
  await registerModel(stores, files);
  return tmp;
}

/** Forecasts in one go, as `track` and `register` make them: rows of the store's candles by the bulk engine. */
async function batch(path: string, files: ReadonlyMap<string, Uint8Array>, engine: FeatureEngine) {
  await using store = await DuckDbFeatureStore.open(path, { mode: "read", clock: SYSTEM_CLOCK, waitMs: 20_000 });
  const range = { startMs: FROM_MS - (engine.lookbackMinutes + 1) * MINUTE_MS, endMs: TO_MS };
  const candles = await store.loadCandles({ ...SERIES, range });
  const model = loadSpecForecastModel(files);
  const dataset = buildDataset(candles, engine, { horizonMinutes: 15, sinceMs: FROM_MS });
  const { decisionTimeMs, columns } = dataset.features;
  const rows = Int32Array.from(decisionTimeMs.keys()).filter((row) =>
    decisionTimeMs[row]! < TO_MS && columns.every((column, j) => engine.nullable[j] || !Number.isNaN(column[row]!))
  );
  const forecasts = await forecastRows(model, dataset, rows, () => Promise.resolve());
  return new Map([...rows].map((row, i) => [decisionTimeMs[row]!, numbersOf(forecasts, i)]));
}

function numbersOf({ probabilityUp, volatilityBps, quantilesBps }: ForecastColumns, i: number): number[] {
  const levels = QUANTILE_LEVELS.length;
  return [probabilityUp[i]!, volatilityBps[i]!, ...quantilesBps.subarray(i * levels, (i + 1) * levels)];
}

const SAMPLE = sampleDataset(),
  [BASE, FLAGSHIP] = ["base", "flagship"].map(engineNamed) as [FeatureEngine, FeatureEngine];
const CASES: readonly {
  readonly name: string;
  readonly files: () => ReadonlyMap<string, Uint8Array>;
  /** Whose rows the model's features come from: windows follow from the base set. */
  readonly engine: FeatureEngine;
}[] = [
  { name: "a HAR model on the flagship set", files: () => modelFiles(harSpec({ engine: FLAGSHIP })), engine: FLAGSHIP },
  { name: "a network on the base set", files: () => networkFiles("mlp"), engine: BASE },
  { name: "a GRU on windows", files: () => networkFiles("gru"), engine: BASE },
];

function engineNamed(name: string): FeatureEngine {
  return featureEngines().find((engine) => engine.name === name)!;
}

function networkFiles(family: "mlp" | "gru"): ReadonlyMap<string, Uint8Array> {
  const model = family === "mlp" ? randomNetworkModel(SAMPLE) : randomNetworkModel(SAMPLE, { family });
  const golden = new Float32Array(model.info.featureNames.length).map((_, i) => 1 + (i % 7) / 3);
  const identity = { modelId: "m", runId: "r", artifactUri: "memory:/m", createdAtMs: 0, metadata: {} };
  return encodeModelFiles(model, golden, identity, encodeMlModel);
}

for (const { name, files, engine } of CASES) {
  Deno.test(`api --replay forecasts what ${name} gives in one go, to the bit`, async () => {
    const own = files();
    await using tmp = await folderWith(own);
    const { code, stdout, stderr } = await runCommand("api", tmp.path, ["--json", "--replay", RANGE]);
    assertEquals(code, 0, stdout + stderr);
    const summary = JSON.parse(stdout);
    const records = (await readLogRecords(tmp.path, "prediction_log_replay")) as ForecastRecord[];
    assert(records.every(({ kind }) => kind === "replay"), "a forecast of the past passes for a live one");
    const replayed = new Map(
      records.map(({ decisionTime, probabilityUp, volatilityBps, quantilesBps }) =>
        [Date.parse(decisionTime), [probabilityUp, volatilityBps, ...quantilesBps]] as [number, number[]]
      ),
    );
    const expected = await batch(`${tmp.path}/feature_store/bitcoin.duckdb`, own, engine);
    assertEquals([...replayed.keys()], [...expected.keys()]);
    for (const [ms, numbers] of expected) assertEquals(replayed.get(ms), numbers, toIso(ms));
    assert(
      new Set([...expected.values()].map(([, volatilityBps]) => volatilityBps)).size > 1000,
      "the rows must matter",
    );
    assert(expected.size > 3 * 1440 - 400 && expected.size < 3 * 1440 - 130, `${expected.size} decision times`);
    assertEquals(summary.forecasts, expected.size);
    assert(summary.scored > 3000 && summary.metrics.qlike > 0, stdout);
  });
}

Deno.test("a replay is no live forecast: monitor sees none of it, no anchor is noted, and the live log stays as it is", async () => {
  await using tmp = await folderWith();
  const { code, stdout } = await runCommand("api", tmp.path, ["--replay", "2023-03-15T00:00Z/2023-03-15T03:00Z"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "180 forecasts, 180 scored");
  assertStringIncludes(stdout, "under five days");
  assertStringIncludes(stdout, "QLIKE is of every 15th minute, its gain of all rows");
  const monitored = JSON.parse((await runCommand("monitor", tmp.path, ["--json"])).stdout);
  assertEquals([monitored.scored, monitored.pending, monitored.skill], [0, 0, {}]);
  const verified = JSON.parse((await runCommand("api", tmp.path, ["verify-log", "--json"])).stdout);
  assertEquals(verified.instances, []);
  await using stores = await openStores(tmp.path);
  assertEquals((await stores.registry.getModelVersion("bitcoin-model", "1")).tags, []);
});

Deno.test("api --replay scores what the version was not trained on, and calls the rest no evidence", async () => {
  for (
    const [trainedUntilMs, inSample, scored, isEvidence, warned] of [
      // The last decision of the training is a minute before; its label ends a horizon later.
      [Date.UTC(2023, 2, 15, 1), 74, 106, true, ["replay-in-sample"]],
      // Nothing precedes what it learnt from, so there is nothing to fit baselines on either.
      [Date.UTC(2023, 2, 16), 180, 180, false, ["replay-in-sample", "replay-not-measured"]],
    ] as const
  ) {
    const trainingRanges = { train: { startMs: START_MS, endMs: trainedUntilMs }, validation: null };
    await using tmp = await folderWith(modelFiles({ ...harSpec(), trainingRanges }));
    const args = ["--json", "--replay", "2023-03-15T00:00Z/2023-03-15T03:00Z"];
    const summary = JSON.parse((await runCommand("api", tmp.path, args)).stdout);
    assertEquals([summary.inSample, summary.scored, summary.isEvidence], [inSample, scored, isEvidence]);
    assertEquals(summary.warnings.map(({ code }: { code: string }) => code), warned);
    assertEquals("qlike_gain_har_x" in summary.metrics, isEvidence);
  }
});

Deno.test("api --replay --stay answers as of the end of the range", async () => {
  await using tmp = await folderWith();
  await using api = await startApi(tmp.path, ["--json", "--replay", "2023-03-15T00:00Z/2023-03-15T01:00Z", "--stay"]);
  const { url, forecasts } = JSON.parse(api.line);
  assertEquals(forecasts, 60);
  const answer = await (await fetch(`${url}/v1/forecast`)).json();
  assertEquals([answer.asOf, answer.data], ["2023-03-15T00:59:00Z", {
    asOf: "2023-03-15T00:59:00Z",
    ageSeconds: 0,
    stale: false,
  }]);
  api.child.kill("SIGTERM");
  assertEquals([(await api.child.status).code, await api.rest], [143, ""]);
});

Deno.test("api --replay --speed keeps its pace, and SIGTERM ends it with what it has", async () => {
  await using tmp = await folderWith();
  const child = new Deno.Command("deno", {
    args: commandWords("api", tmp.path, ["--port", "0", "--replay", RANGE, "--speed", "600"]),
    cwd: tmp.path,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  child.kill("SIGTERM");
  const { code, stderr } = await output;
  assertEquals(code, 143, new TextDecoder().decode(stderr));
  const records = await readLogRecords(tmp.path, "prediction_log_replay");
  // Ten minutes a second.
  assert(records.length > 5 && records.length <= 40, `${records.length} forecasts`);
});

Deno.test("api --replay plays as many minutes as were asked for, and says what the store lacks of them", async () => {
  await using tmp = await folderWith();
  const hour = JSON.parse((await runCommand("api", tmp.path, ["--json", "--replay", "PT1H"])).stdout);
  assertEquals([hour.from, hour.to, hour.forecasts], ["2023-03-18T23:00:00Z", "2023-03-19T00:00:00Z", 60]);
  const cutOf = (summary: { readonly warnings: readonly { readonly code: string; readonly message: string }[] }) =>
    summary.warnings.filter(({ code }) => code === "replay-cut").map(({ message }) => message);
  assertEquals(cutOf(hour), []);
  const args = ["--json", "--replay", "2023-03-18T23:30Z/2023-03-23"];
  const cut = JSON.parse((await runCommand("api", tmp.path, args)).stdout);
  assertEquals([cut.from, cut.to, cut.forecasts], ["2023-03-18T23:30:00Z", "2023-03-19T00:01:00Z", 31]);
  assertStringIncludes(cutOf(cut)[0] ?? "", "2023-03-23T00:00:00Z");
});

Deno.test("api --replay refuses what is no range before it looks for a store", async () => {
  await using tmp = await tmpDir();
  const { code, stdout } = await runCommand("api", tmp.path, ["--json", "--replay", "soon"]);
  assertEquals([code, JSON.parse(stdout).error.code], [2, "usage"]);
  assertStringIncludes(stdout, "soon");
});

Deno.test("api --replay names what is wrong with its options", async (t) => {
  await using tmp = await folderWith();
  const cases: readonly [args: readonly string[], code: number, part: string][] = [
    [["--replay", "soon"], 2, "soon"],
    [["--replay", "2023-03-02/2023-03-01"], 2, "START/END"],
    [["--replay", "2020-01-01/2020-01-02"], 6, "2023-03-01"],
    [["--replay", "P1D", "--speed", "0"], 2, "--speed"],
    [["--stay"], 2, "--replay"],
    [["--replay", "P1D", "--port", "9000"], 2, "'--port' does nothing"],
    [["--replay", "P1D", "--tls-key", "key.pem"], 2, "add --speed FACTOR or --stay"],
  ];
  for (const [args, code, part] of cases) {
    await t.step(args.join(" "), async () => {
      const result = await runCommand("api", tmp.path, ["--json", ...args]);
      const { error } = JSON.parse(result.stdout);
      assertEquals(result.code, code, result.stdout);
      assertStringIncludes(`${error.message} ${error.hint}`, part);
    });
  }
});
