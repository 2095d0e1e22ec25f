import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MINUTE_MS, sliceCandles, toIso } from "../../src/core/mod.ts";
import { openRegistryAt, openTrackerAt } from "../../src/MLOps/open.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { plainRow, startService } from "../api/service_fixture.ts";
import { httpLoad, postBytes } from "../bench/http_load.ts";
import { randomCandles } from "../ml/candles.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { PredictionLog, verifyLog } from "../../src/api/mod.ts";
import type { ApiFault } from "./api_faults.ts";
import { faultFolder, freshCandles, getJson, metric, predictOnce, stopSoundly, until } from "./api_faults_setup.ts";
import { readLogRecords } from "./api_log_records.ts";
import { startMlflowUi } from "./mlflow_ui_server.ts";
import { type ApiProcess, openStores, putCandles, startApi } from "./service_folder.ts";

/** Largest file of the service under the fault, in bytes; its other files stay below. */
const FULL_AT = 3_000_000;
/** Becomes the command behind it, with no file past a size: what a full disk is to the one who writes. */
const LIMITED = ["python3", "-c"].concat(
  `
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execvp(sys.argv[2], sys.argv[2:])
`,
  String(FULL_AT),
);
const LIFT = "import resource, sys; resource.prlimit(int(sys.argv[1]), resource.RLIMIT_FSIZE, (-1, -1))";
const HOLD = `
import fcntl, sys
lock = open(sys.argv[1], "r+")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
`;
const MANY_ROWS = postBytes("/predict", { features: Array.from({ length: 256 }, () => plainRow()) });
const HELD_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Health {
  readonly model: { readonly version: string };
  readonly swap: { readonly version: string; readonly outcome: string; readonly reason: string | null };
}

async function health(api: ApiProcess): Promise<Health> {
  return (await getJson(`${api.url}/health`)).body;
}

function serves(api: ApiProcess, version: string): () => Promise<boolean> {
  return async () => (await health(api)).model.version === version;
}

async function logCheck(api: ApiProcess): Promise<{ readonly passed: boolean; readonly reason: string | null }> {
  const { body } = await getJson(`${api.url}/readyz`);
  return body.checks.find(({ name }: { name: string }) => name === "log");
}

/** What the machine under the service does wrong. */
export const DISK_FAULTS: readonly ApiFault[] = [
  {
    name: "a full disk under the prediction log",
    needsPython: true,
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path, [], {}, LIMITED);
      const loadUntil = (what: string, check: () => Promise<boolean>) =>
        until(what, async () => {
          const { failed } = await httpLoad(api.url, { connections: 2, seconds: 2, request: MANY_ROWS });
          assertEquals(failed, 0);
          return await check();
        }, 120_000);
      await loadUntil("the full disk", async () => !(await logCheck(api)).passed);
      assertStringIncludes((await logCheck(api)).reason!, "too large");
      // Further answers wait in memory, as far as there is room, and are counted past it.
      const lostRecords = () => metric(api.url, "bitcoin_ml_prediction_log_lost_records_total");
      await loadUntil("the room in memory to be used up", async () => await lostRecords() > 0);
      await new Deno.Command("python3", { args: ["-c", LIFT, String(api.child.pid)] }).output();
      await until("the log to be written again", async () => (await logCheck(api)).passed);
      assertEquals((await predictOnce(api.url)).status, 200);
      const lost = await lostRecords();
      await stopSoundly(api, tmp.path);
      const records = await readLogRecords(tmp.path);
      const told = records.reduce((sum, record) => sum + (record.kind === "lost" ? record.records : 0), 0);
      assertEquals(told, lost, "what was lost is in the log itself");
      return `answers go on, /readyz is 503 with the reason; 32 MB wait in memory, past it records are counted (${
        lost.toLocaleString("en")
      } here) and a record in the log says so; the log goes on once there is room, and its chain is sound`;
    },
  },
  {
    name: "the feature store held for a minute",
    needsPython: true,
    async run() {
      await using tmp = await faultFolder({}, 1500);
      await using api = await startApi(tmp.path);
      const before = (await getJson(`${api.url}/v1/forecast`)).body.asOf;
      const path = `${tmp.path}/feature_store/bitcoin.duckdb`;
      // A writer that is stuck: one that only waits would let readers in.
      const holder = new Deno.Command("python3", {
        args: ["-c", HOLD, `${path}.lock`],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const said = holder.stdout.pipeThrough(new TextDecoderStream()).getReader();
      // The line may come in pieces.
      for (let text = ""; text !== "held\n";) {
        const { value, done } = await said.read();
        assert(!done, `the lock is not held: '${text}'`);
        text += value;
      }
      // A touch makes the service look: what it is to see is behind the lock.
      await Deno.utime(path, new Date(), new Date());
      const fromMs = performance.now();
      let asked = 0, slowestMs = 0;
      while (performance.now() - fromMs < HELD_MS) {
        const askedMs = performance.now();
        const { status, body } = await getJson(`${api.url}/v1/forecast`);
        slowestMs = Math.max(slowestMs, performance.now() - askedMs);
        assertEquals([status, body.asOf], [200, before]);
        assertEquals((await predictOnce(api.url)).status, 200);
        asked++;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await holder.stdin.close();
      await holder.status;
      await said.cancel();
      const newer = freshCandles(1502);
      await putCandles(tmp.path, sliceCandles(newer, 1499, 1502));
      const end = toIso(newer.openTimeMs[1501]! + MINUTE_MS);
      const ms = await until("the new minute", async () => (await getJson(`${api.url}/v1/forecast`)).body.asOf === end);
      await stopSoundly(api, tmp.path);
      assert(slowestMs < 3000, `${slowestMs} ms`);
      return `${asked} forecasts, all 200 from the candles it had, the slowest after ${
        (slowestMs / 1000).toFixed(1)
      } s (\`data.waitMilliseconds\` is 1 s); new candles are seen within ${Math.ceil(ms / 1000)} s of their writing`;
    },
  },
  {
    name: "the local registry gone, then back",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      await Deno.rename(`${tmp.path}/mlruns/mlflow.db`, `${tmp.path}/mlruns/away.db`);
      const load = await httpLoad(api.url, {
        connections: 2,
        seconds: 5,
        request: postBytes("/predict", { features: plainRow() }),
      });
      assertEquals(load.failed, 0);
      await Deno.rename(`${tmp.path}/mlruns/away.db`, `${tmp.path}/mlruns/mlflow.db`);
      {
        await using stores = await openStores(tmp.path);
        await registerModel(stores, modelFiles(harSpec({ logit: 1 })));
      }
      const ms = await until("the swap", serves(api, "2"));
      await stopSoundly(api, tmp.path);
      return `the model it has serves on without a failed request; the alias is followed again ${
        (ms / 1000).toFixed(1)
      } s after it moves`;
    },
  },
  {
    name: "the remote registry gone, then back",
    async run() {
      await using tmp = await faultFolder();
      const folder = `${tmp.path}/server`;
      await Deno.mkdir(folder);
      const first = await startMlflowUi({ folder });
      const { url } = first;
      {
        await using tracker = await openTrackerAt(url);
        await using registry = await openRegistryAt(url);
        await registerModel({ tracker, registry }, modelFiles(harSpec()));
        await registerModel({ tracker, registry }, modelFiles(harSpec({ logit: 1 })), { alias: "next" });
      }
      await using api = await startApi(tmp.path, [], { MLFLOW_TRACKING_URI: url });
      await first.stop("SIGKILL");
      const reachable = async () => (await getJson(`${api.url}/v1/models`)).body.registry.reachable === true;
      const noticedMs = await until("that it is gone", async () => !await reachable(), 30_000);
      assertEquals((await predictOnce(api.url)).status, 200);
      await using second = await startMlflowUi({ folder, args: ["--port", new URL(url).port] });
      assertEquals(second.url, url);
      await until("that it is back", reachable, 30_000);
      await using registry = await openRegistryAt(url);
      await registry.setAlias("bitcoin-model", "production", "2");
      const ms = await until("the swap", serves(api, "2"));
      api.child.kill("SIGTERM");
      assertEquals((await api.child.status).code, 143);
      assertStringIncludes(await api.stderr, "The registry answers again");
      return `noticed after ${
        (noticedMs / 1000).toFixed(1)
      } s, told on /v1/models and in the log; the model it has serves on; back, the alias is followed within ${
        (ms / 1000).toFixed(1)
      } s`;
    },
  },
  {
    name: "the model's directory removed while it serves",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      await Deno.remove(`${tmp.path}/mlruns/artifacts`, { recursive: true });
      assertEquals((await predictOnce(api.url)).status, 200);
      {
        await using stores = await openStores(tmp.path);
        await registerModel(stores, modelFiles(harSpec({ logit: 1 })), { alias: "next" });
        await Deno.remove(`${tmp.path}/mlruns/artifacts`, { recursive: true });
        await stores.registry.setAlias("bitcoin-model", "production", "2");
      }
      await until("the refusal", async () => (await health(api)).swap.version === "2");
      const { model, swap } = await health(api);
      assertEquals([model.version, swap.outcome], ["1", "refused"]);
      assertEquals((await predictOnce(api.url)).status, 200);
      await stopSoundly(api, tmp.path);
      return `it serves on from memory; a version whose files are gone is refused, with the reason on /health ("${
        swap.reason!.split("'")[0]!.trim()
      } …")`;
    },
  },
  {
    name: "clock jumps: a day and an hour ahead, back again, and three days behind",
    async run() {
      await using tmp = await tmpDir();
      const clock = new ManualClock(0), key = new Uint8Array(32);
      await using log = await PredictionLog.open({ directory: tmp.path, key, clock, flushMs: 5, maxFileBytes: 1e6 });
      const candles = randomCandles(2 * 1440), known = candles.length - 5;
      const { service, ask, feed, failures } = await startService({
        log,
        clock,
        candles: sliceCandles(candles, 0, known),
      });
      const stop = new AbortController();
      const watching = service.watch(stop.signal);
      const seen: string[] = [];
      for (const [step, jumpMs] of [0, 25 * HOUR_MS, -25 * HOUR_MS, -72 * HOUR_MS, 72 * HOUR_MS].entries()) {
        clock.jump(jumpMs);
        feed.put(sliceCandles(candles, 0, known + step + 1));
        for (let second = 0; second < 60; second++) await clock.advance(1000);
        const { asOf, data } = await (await ask("/v1/forecast")).json();
        assertEquals(
          asOf,
          toIso(candles.openTimeMs[known + step]! + MINUTE_MS),
          "the newest minute is seen",
        );
        assert(data.ageSeconds >= 0);
        seen.push(`${(await ask("/readyz")).status}`);
        await log.flush();
      }
      stop.abort();
      await watching;
      assertEquals(failures, []);
      assertEquals(seen, ["200", "503", "200", "200", "200"]);
      const [verdict] = await verifyLog(tmp.path, { key, anchors: new Map() });
      const files = await Array.fromAsync(Deno.readDir(`${tmp.path}/${log.instance}`));
      // Of six minutes the service forecasts each by itself; five forecasts were asked for.
      assertEquals([verdict!.problem, verdict!.records], [null, 11]);
      assert(files.length >= 5, `${files.length} files`);
      return "each minute is seen and forecast once, no age is below zero; a clock ahead makes the data stale (/readyz 503) until it is set right; the log's files bear the dates of the clock and its chain is sound";
    },
  },
];
