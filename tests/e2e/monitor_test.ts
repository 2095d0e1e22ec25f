import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHmac } from "node:crypto";
import { DAY_MS, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { modelFiles, registerModel } from "../api/model_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { logForecasts, type LogForecastsOptions } from "../monitoring/log_fixture.ts";
import { LIVE, liveSpec, WALK } from "../monitoring/monitor_fixture.ts";
import { capture } from "./capture.ts";
import { commandWords, openStores, putCandles, runCommand, startApi } from "./service_folder.ts";

const LOG = "mlruns/prediction_log", KEY = `${LOG}.key`, STATE = "reports/monitoring/state.json";

/** A folder in which a version forecast each live minute; returns its run. */
async function servedFolder(folder: string, options: Partial<LogForecastsOptions> = {}): Promise<string> {
  await putCandles(folder, WALK);
  await using stores = await openStores(folder);
  const { runId } = await registerModel(stores, modelFiles(liveSpec()));
  await logForecasts(`${folder}/${LOG}`, new SpecForecastModel(liveSpec()), WALK, { fromMs: LIVE, runId, ...options });
  await Deno.writeTextFile(`${folder}/${KEY}`, `${"0".repeat(64)}\n`);
  return runId;
}

const codesOf = (items: readonly { readonly code: string }[]) => items.map(({ code }) => code);

Deno.test("monitor says what to do while nothing is logged, and exits 0", async () => {
  await using tmp = await tmpDir();
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path);
  assertEquals([code, stdout.trim()], [0, "No forecast is logged in 'mlruns/prediction_log' yet"], stderr);
  assertStringIncludes(stderr, "task api");
  const { stdout: json } = await runCommand("monitor", tmp.path, ["--json"]);
  const { warnings, ...result } = JSON.parse(json);
  const nothing = { scored: 0, pending: 0, unjoinable: 0, skill: {}, aliases: {}, drift: [], alerts: [], report: null };
  assertEquals(result, { ...nothing, logged: null });
  assertEquals(codesOf(warnings), ["no-candles"]);
});

Deno.test("monitor says which times the log has where none is of those that were asked for", async () => {
  await using tmp = await tmpDir();
  const model = new SpecForecastModel(liveSpec());
  await logForecasts(`${tmp.path}/${LOG}`, model, sliceCandles(WALK, 0, WALK.length - 6 * 1440), { fromMs: LIVE });
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path, ["--since", "2030-01-01"]);
  assertEquals(code, 0, stderr);
  const expected = "No forecast from 2030-01-01T00:00:00Z on is logged in 'mlruns/prediction_log'; " +
    "it has 1441, of 2023-03-17T00:00:00Z to 2023-03-18T00:00:00Z";
  assertEquals(stdout.trim(), expected);
  assert(!stderr.includes("task api"), stderr);
  const json = JSON.parse((await runCommand("monitor", tmp.path, ["--json", "--until", "2020-01-01"])).stdout);
  assertEquals(json.logged, { forecasts: 1441, from: "2023-03-17T00:00:00Z", to: "2023-03-18T00:00:00Z" });
});

Deno.test("a forecast that the service gave is pending, then scored once its candles are in the store", async () => {
  await using tmp = await tmpDir();
  const served = WALK.length - 1440;
  await putCandles(tmp.path, sliceCandles(WALK, 0, served));
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(liveSpec()));
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
  assert(before.skill["bitcoin-model/1"].estimated.accuracy >= 0.5, "known before any outcome");
  await putCandles(tmp.path, sliceCandles(WALK, served, served + 15));
  const { code, stdout } = await runCommand("monitor", tmp.path, ["--json", "--alias", "production"]);
  const after = JSON.parse(stdout);
  assertEquals([code, after.scored, after.pending], [0, 1, 0]);
  const skill = after.skill["bitcoin-model/1"];
  assertEquals([skill.version, skill.verdict, skill.scored], ["1", "insufficient", 1]);
  assert(skill.metrics.log_loss > 0 && skill.metrics.baseline_har_x_qlike > 0);
  assertEquals(after.aliases["bitcoin-model@production"].metrics, skill.metrics);
  // The service's own log is proven; replayed candles make its forecasts late by its clock, which is said.
  assertEquals(codesOf(after.warnings), ["log-late"]);
  assertStringIncludes(
    await Deno.readTextFile(`${tmp.path}/${after.report.replace(".pdf", ".html")}`),
    "Monitoring report",
  );
  await using stores = await openStores(tmp.path);
  const { tags } = await stores.tracker.getRun(skill.runId);
  assertEquals(tags.find(({ key }) => key === "monitor.verdict")?.value, "insufficient");
});

Deno.test("a week of forecasts gives live metrics at the run, a report, a state, and alerts that fail nothing", async () => {
  await using tmp = await tmpDir();
  const runId = await servedFolder(tmp.path, { scale: 8 });
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "bitcoin-model/1");
  assertStringIncludes(stdout, "bitcoin-model@production");
  assertStringIncludes(stdout, "Volatility is worse than that of har_x");
  assertStringIncludes(stdout, "task track -- --horizon 15");
  await using stores = await openStores(tmp.path);
  const { items } = await stores.tracker.metricHistory(runId, "live.coverage_90");
  assertEquals(
    items.map(({ step }) => step),
    [0, 1, 2, 3, 4, 5].map((day) => LIVE / DAY_MS + day),
    "the last day waits",
  );
  assert(items.every(({ value }) => value > 0.98), "eight times too wide");
  const state = JSON.parse(await Deno.readTextFile(`${tmp.path}/${STATE}`));
  assertEquals(state.days.length, 6);
  const entries = await Array.fromAsync(Deno.readDir(`${tmp.path}/reports/monitoring`));
  const [folder] = entries.filter(({ isDirectory }) => isDirectory);
  const files = await Array.fromAsync(Deno.readDir(`${tmp.path}/reports/monitoring/${folder!.name}`));
  assertEquals(files.map(({ name }) => name).sort(), ["report.html", "report.json", "report.pdf"]);
  const report = JSON.parse(await Deno.readTextFile(`${tmp.path}/reports/monitoring/${folder!.name}/report.json`));
  assertEquals([report.kind, report.data.scored], ["monitoring", 7 * 1440 - 14]);
  const told = (await Deno.readTextFile(`${tmp.path}/reports/monitoring/alerts.jsonl`)).trim().split("\n");
  assertEquals(codesOf(told.map((line) => JSON.parse(line))).slice(0, 3), [
    "coverage-off",
    "volatility-worse",
    "quantiles-worse",
  ]);
  // Told once: a second look adds no line and no metric.
  assertEquals((await runCommand("monitor", tmp.path)).code, 0);
  assertEquals((await Deno.readTextFile(`${tmp.path}/reports/monitoring/alerts.jsonl`)).trim().split("\n"), told);
  assertEquals((await stores.tracker.metricHistory(runId, "live.coverage_90")).items.length, 6);
});

Deno.test("an edited log, a torn one and a deleted run are told, and the rest is done", async () => {
  await using tmp = await tmpDir();
  const runId = await servedFolder(tmp.path, { fromMs: LIVE + 6 * DAY_MS });
  const look = async () => {
    const { code, stdout, stderr } = await runCommand("monitor", tmp.path, ["--json"]);
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout);
  };
  assertEquals(codesOf((await look()).warnings), []);
  const files = (await Array.fromAsync(Deno.readDir(`${tmp.path}/${LOG}/one-1`))).map(({ name }) => name).sort();
  const path = `${tmp.path}/${LOG}/one-1/${files.at(-1)}`, text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, `${text}${text.slice(0, 200)}`);
  const torn = await look();
  assertEquals(codesOf(torn.warnings), ["log-unreadable"], "a kill leaves half a record; nobody altered anything");
  await Deno.writeTextFile(path, text.replace(/"probabilityUp":0\.\d+/, '"probabilityUp":0.9'));
  assertEquals(codesOf((await look()).warnings), ["log-altered"]);
  await Deno.rename(`${tmp.path}/${KEY}`, `${tmp.path}/away`);
  const keyless = await look();
  assertEquals(codesOf(keyless.warnings), ["log-not-proven"], "who takes the key away does not silence the proof");
  assertStringIncludes(keyless.warnings[0].message, KEY);
  await Deno.mkdir(`${tmp.path}/${KEY}`);
  const folder = await look();
  assertEquals(codesOf(folder.warnings), ["log-not-proven"], "a folder in its place, as a mount of nothing makes");
  assertEquals(folder.scored, torn.scored);
  await Deno.remove(`${tmp.path}/${KEY}`);
  await Deno.rename(`${tmp.path}/away`, `${tmp.path}/${KEY}`);
  {
    await using stores = await openStores(tmp.path);
    await stores.tracker.deleteRun(runId);
  }
  const gone = await look();
  assertEquals(codesOf(gone.warnings), ["run-not-noted", "log-altered"].toSorted());
  assertEquals([gone.scored, gone.skill["bitcoin-model/1"].verdict], [torn.scored, "insufficient"]);
  await Deno.rename(`${tmp.path}/mlruns/mlflow.db`, `${tmp.path}/away.db`);
  const alone = codesOf((await look()).warnings).filter((code) => code.startsWith("log-"));
  assertEquals(alone, ["log-altered", "log-not-proven"], "the key tells an edit, the registry the log's end");
  await Deno.rename(`${tmp.path}/away.db`, `${tmp.path}/mlruns/mlflow.db`);
});

Deno.test("a log that was taken away whole is told by its anchors, with its key and without", async () => {
  await using tmp = await tmpDir();
  await servedFolder(tmp.path, { fromMs: LIVE + 6 * DAY_MS });
  {
    await using stores = await openStores(tmp.path);
    await stores.registry.setModelVersionTag("bitcoin-model", "1", {
      key: "prediction_log.one-1",
      value: `1441 ${"a".repeat(64)}`,
    });
  }
  const look = async () => JSON.parse((await runCommand("monitor", tmp.path, ["--json"])).stdout).warnings;
  await Deno.remove(`${tmp.path}/${LOG}`, { recursive: true });
  const [altered, ...others] = await look();
  assertEquals([altered.code, others], ["log-altered", []]);
  assertStringIncludes(altered.message, "the folder is gone");
  await Deno.remove(`${tmp.path}/${KEY}`);
  const [keyless] = await look();
  assertEquals(keyless.code, "log-not-proven");
  assertStringIncludes(keyless.message, "the prediction log of one-1");
});

Deno.test("alerts go to a webhook that is granted, signed, once; what it does not take waits for the next look", async () => {
  await using tmp = await tmpDir();
  await servedFolder(tmp.path, { scale: 8 });
  const bodies: { readonly body: string; readonly signature: string | null }[] = [], statuses = [500, 503, 204, 204];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    bodies.push({ body: await request.text(), signature: request.headers.get("x-signature-256") });
    return new Response(null, { status: statuses.shift()! });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  await Deno.mkdir(`${tmp.path}/config`, { recursive: true });
  await Deno.writeTextFile(
    `${tmp.path}/config/monitor.json`,
    JSON.stringify({ alerts: { webhook: { url: `http://${host}/hook`, attempts: 2 } } }),
  );
  const look = async (isGranted: boolean) => {
    const words = commandWords("monitor", tmp.path, ["--json"]);
    if (isGranted) words.splice(1, 0, `--allow-net=${host}`);
    const { code, stdout, stderr } = await capture(words, tmp.path, { MONITOR_WEBHOOK_SECRET: "hush" });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const refused = await look(false);
  assertEquals([codesOf(refused.warnings).at(-1), bodies.length], ["webhook-failed", 0]);
  assertStringIncludes(refused.warnings.at(-1).message, `NET=${host}`);
  assertEquals(codesOf((await look(true)).warnings), ["webhook-failed"], "both attempts met a server in trouble");
  assertEquals(bodies.length, 2);
  assertEquals(codesOf((await look(true)).warnings), []);
  assertEquals(bodies.length, 3);
  assertEquals(codesOf((await look(true)).warnings), []);
  assertEquals(bodies.length, 3, "nothing is told again");
  const { body, signature } = bodies[2]!;
  assertEquals(signature, `sha256=${createHmac("sha256", "hush").update(body).digest("hex")}`);
  const { events } = JSON.parse(body);
  assertEquals(events[0].status, "raised");
  assertEquals(codesOf(events).slice(0, 3), ["coverage-off", "volatility-worse", "quantiles-worse"]);
  await server.shutdown();
});

Deno.test("a file that takes no alerts is a warning, and settings that make no sense are refused", async () => {
  await using tmp = await tmpDir();
  await servedFolder(tmp.path, { scale: 8 });
  await Deno.mkdir(`${tmp.path}/config`, { recursive: true });
  const configure = (settings: unknown) =>
    Deno.writeTextFile(`${tmp.path}/config/monitor.json`, JSON.stringify(settings));
  await configure({ alerts: { file: "reports" } });
  const { code, stdout, stderr } = await runCommand("monitor", tmp.path, ["--json"]);
  const result = JSON.parse(stdout);
  assertEquals([code, codesOf(result.warnings)], [0, ["alert-file"]], stderr);
  assert(result.alerts.length > 0 && result.report.endsWith("report.pdf"));
  assertEquals(JSON.parse(await Deno.readTextFile(`${tmp.path}/${STATE}`)).open.length, result.alerts.length);
  await configure({ alerts: { webhook: { url: "hooks.example.org" } } });
  const refused = await runCommand("monitor", tmp.path, ["--json"]);
  assertEquals([refused.code, JSON.parse(refused.stdout).error.code], [3, "config-invalid"]);
});

Deno.test("two monitors do not look at once", async () => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/reports/monitoring`, { recursive: true });
  using file = await Deno.open(`${tmp.path}/reports/monitoring/monitor.lock`, { create: true, write: true });
  await file.lock(true);
  const { code, stdout } = await runCommand("monitor", tmp.path, ["--json"]);
  assertEquals([code, JSON.parse(stdout).error.code], [8, "store-busy"]);
});

Deno.test("monitor ends with the code of what is wrong", async (t) => {
  await using tmp = await tmpDir();
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(liveSpec()));
  }
  const cases: readonly [args: readonly string[], code: number, name: string][] = [
    [["--alias", "champion"], 6, "not-found"],
    [["--since", "2023-02-30"], 2, "usage"],
    [["--since", "2023-02-02", "--until", "2023-02-01"], 2, "usage"],
    [["now"], 2, "usage"],
    [["--sicne", "P1D"], 2, "usage"],
    [["--follow", "--every", "0"], 2, "usage"],
    [["--every", "5"], 2, "usage"],
    [["--follow", "--since", "soon"], 2, "usage"],
  ];
  for (const [args, code, name] of cases) {
    await t.step(args.join(" "), async () => {
      const result = await runCommand("monitor", tmp.path, ["--json", ...args]);
      assertEquals([result.code, JSON.parse(result.stdout).error.code], [code, name], result.stderr);
    });
  }
});

/** A `monitor --follow`, and the lines that it writes to stderr. */
function startFollowing(folder: string, args: readonly string[]) {
  const child = new Deno.Command("deno", {
    args: commandWords("monitor", folder, ["--follow", ...args]),
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  return {
    child,
    /** Reads until the text was said; fails once the program ends without. */
    async until(text: string) {
      while (!said.includes(text)) {
        const { done, value } = await reader.read();
        assert(!done, `it ended without '${text}': ${said}`);
        said += value;
      }
      said = said.slice(said.indexOf(text) + text.length);
    },
    async stop() {
      child.kill("SIGTERM");
      const stdout = await new Response(child.stdout).text();
      const { code } = await child.status;
      await reader.cancel();
      return { code, stdout };
    },
  };
}

Deno.test("monitor --follow goes on until it is stopped, and then gives its last result", async () => {
  await using tmp = await tmpDir();
  const following = startFollowing(tmp.path, ["--json"]);
  await following.until("0 scored, 0 pending");
  const { code, stdout } = await following.stop();
  assertEquals([code, JSON.parse(stdout).scored], [143, 0]);
});

Deno.test("monitor --follow survives what a look runs into, and sees what comes in meanwhile", async () => {
  await using tmp = await tmpDir();
  await servedFolder(tmp.path, { scale: 8 });
  await Deno.mkdir(`${tmp.path}/reports/monitoring`, { recursive: true });
  await Deno.writeTextFile(`${tmp.path}/${STATE}`, "{");
  const following = startFollowing(tmp.path, ["--every", "0.02"]);
  await following.until("is damaged");
  await Deno.remove(`${tmp.path}/${STATE}`);
  const scored = 7 * 1440 - 14;
  await following.until(`${scored} scored, 15 pending`);
  const openTimeMs = WALK.openTimeMs.slice(0, 15).map((_, i) => WALK.openTimeMs.at(-1)! + (i + 1) * MINUTE_MS);
  const closeTimeMs = openTimeMs.map((ms) => ms + MINUTE_MS - 1);
  await putCandles(tmp.path, { ...sliceCandles(WALK, 0, 15), openTimeMs, closeTimeMs });
  await following.until(`${scored + 15} scored, 0 pending`);
  const { code, stdout } = await following.stop();
  assertEquals(code, 143);
  assertStringIncludes(stdout, "raised volatility-worse bitcoin-model/1");
  const reports = (await Array.fromAsync(Deno.readDir(`${tmp.path}/reports/monitoring`))).filter((each) =>
    each.isDirectory
  );
  // The first look, and the one in which the seventh day closed; looks without news write none.
  assertEquals(reports.length, 2);
});
