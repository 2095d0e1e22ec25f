import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DAY_MS, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { logForecasts } from "../monitoring/log_fixture.ts";
import { openStores, putCandles, runCommand, startApi } from "./service_folder.ts";

const START = Date.UTC(2023, 2, 1);
const WALK = randomCandles(9 * 1440, { startMs: START });

Deno.test("monitor says what to do while nothing is logged, and exits 0", async () => {
  await using tmp = await tmpDir();
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path);
  assertEquals([code, stdout.trim()], [0, "No forecast is logged in 'mlruns/prediction_log' yet"], stderr);
  assertStringIncludes(stderr, "task api");
  const { stdout: json } = await runCommand("monitor", tmp.path, ["--json"]);
  const { warnings, ...result } = JSON.parse(json);
  assertEquals(result, { scored: 0, pending: 0, unjoinable: 0, skill: {}, drift: [], alerts: [], report: null });
  assertEquals(warnings.map(({ code }: { code: string }) => code), ["no-candles"]);
});

Deno.test("a forecast that the service gave is pending, then scored once its candles are in the store", async () => {
  await using tmp = await tmpDir();
  await putCandles(tmp.path, sliceCandles(WALK, 0, 3000));
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(harSpec()));
  }
  {
    await using api = await startApi(tmp.path);
    const response = await fetch(`${api.url}/v1/forecast`);
    assertEquals((await response.json()).model.version, "1");
    api.child.kill("SIGTERM");
    await api.child.status;
  }
  const before = JSON.parse((await runCommand("monitor", tmp.path, ["--json"])).stdout);
  assertEquals([before.scored, before.pending], [0, 1]);
  await putCandles(tmp.path, sliceCandles(WALK, 3000, 3015));
  const { code, stdout } = await runCommand("monitor", tmp.path, ["--json", "--alias", "production"]);
  const after = JSON.parse(stdout);
  assertEquals([code, after.scored, after.pending], [0, 1, 0]);
  const skill = after.skill["bitcoin-model/1"];
  assertEquals([skill.version, skill.verdict, skill.scored], ["1", "insufficient", 1]);
  assert(skill.metrics.log_loss > 0 && Number.isFinite(skill.metrics.pinball));
  const page = await Deno.readTextFile(`${tmp.path}/${after.report}`);
  assertStringIncludes(page, "Monitoring report");
  await using stores = await openStores(tmp.path);
  const { tags } = await stores.tracker.getRun(skill.runId);
  assertEquals(tags.find(({ key }) => key === "monitor.verdict")?.value, "insufficient");
});

Deno.test("a week of forecasts gives live metrics at the run, a report, a state, and alerts that fail nothing", async () => {
  await using tmp = await tmpDir();
  await putCandles(tmp.path, WALK);
  await using stores = await openStores(tmp.path);
  const { runId } = await registerModel(stores, modelFiles(harSpec()));
  await logForecasts(`${tmp.path}/mlruns/prediction_log`, new SpecForecastModel(harSpec()), WALK, {
    fromMs: START + 2 * DAY_MS,
    runId,
    scale: 8,
  });
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "bitcoin-model/1");
  assertStringIncludes(stdout, "alert");
  assertStringIncludes(stdout, "task register -- --name bitcoin-model");
  const { items } = await stores.tracker.metricHistory(runId, "live.coverage_90");
  assertEquals(items.length, 6, "the last day waits for its last labels");
  assert(items.every(({ value }) => value > 0.98), "eight times too wide");
  const state = JSON.parse(await Deno.readTextFile(`${tmp.path}/reports/monitoring/state.json`));
  assertEquals(state.days.length, 6);
  const folders = (await Array.fromAsync(Deno.readDir(`${tmp.path}/reports/monitoring`))).filter(({ isDirectory }) =>
    isDirectory
  );
  const report = JSON.parse(await Deno.readTextFile(`${tmp.path}/reports/monitoring/${folders[0]!.name}/report.json`));
  assertEquals([report.kind, report.data.scored], ["monitoring", 7 * 1440 - 14]);
  assertEquals(WALK.openTimeMs[WALK.length - 1]! + MINUTE_MS, START + 9 * DAY_MS);
});

Deno.test("monitor ends with the code of what is wrong", async (t) => {
  await using tmp = await tmpDir();
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(harSpec()));
  }
  const cases: readonly [args: readonly string[], code: number, name: string][] = [
    [["--alias", "champion"], 6, "not-found"],
    [["--since", "2023-02-30"], 2, "usage"],
    [["--since", "2023-02-02", "--until", "2023-02-01"], 2, "usage"],
    [["now"], 2, "usage"],
    [["--sicne", "P1D"], 2, "usage"],
  ];
  for (const [args, code, name] of cases) {
    await t.step(args.join(" "), async () => {
      const result = await runCommand("monitor", tmp.path, ["--json", ...args]);
      assertEquals([result.code, JSON.parse(result.stdout).error.code], [code, name], result.stderr);
    });
  }
});

Deno.test("monitor --follow goes on until it is stopped, and then gives its last result", async () => {
  await using tmp = await tmpDir();
  const { commandWords } = await import("./service_folder.ts");
  const child = new Deno.Command("deno", {
    args: commandWords("monitor", tmp.path, ["--follow", "--json"]),
    cwd: tmp.path,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  assertStringIncludes((await reader.read()).value ?? "", "0 scored, 0 pending");
  child.kill("SIGTERM");
  const stdout = await new Response(child.stdout).text();
  assertEquals((await child.status).code, 143);
  assertEquals(JSON.parse(stdout).scored, 0);
  await reader.cancel();
});
