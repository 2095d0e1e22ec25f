import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readAnchors } from "../../src/api/mod.ts";
import { openRegistryAt } from "../../src/MLOps/open.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import type { ApiFault } from "./api_faults.ts";
import { faultFolder, getJson, metric, predictOnce, stopSoundly, until } from "./api_faults_setup.ts";
import { type ApiProcess, openStores, runCommand, startApi } from "./service_folder.ts";

/** A data check of `/readyz` or the like. */
interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly reason: string | null;
}

async function check(api: ApiProcess, name: string): Promise<Check> {
  const { body } = await getJson(`${api.url}/readyz`);
  return body.checks.find((each: Check) => each.name === name);
}

async function registryState(
  api: ApiProcess,
): Promise<{ readonly reachable: boolean; readonly reason: string | null }> {
  return (await getJson(`${api.url}/v1/models`)).body.registry;
}

async function logged(api: ApiProcess): Promise<number> {
  return await metric(api.url, "bitcoin_ml_prediction_log_records");
}

async function predictAndWait(api: ApiProcess): Promise<void> {
  const before = await logged(api);
  assertEquals((await predictOnce(api.url)).status, 200);
  await until("the record", async () => await logged(api) > before);
}

async function anchoredRecords(folder: string): Promise<readonly number[]> {
  await using registry = await openRegistryAt(`sqlite:///${folder}/mlruns/mlflow.db`);
  return [...(await readAnchors(registry)).values()].flat().map(({ n }) => n);
}

/** Starts a service, lets it log a record, and stops it. */
async function logOnce(folder: string): Promise<void> {
  await using api = await startApi(folder);
  await predictAndWait(api);
  await stopSoundly(api, folder);
}

/** What is taken from under the service, or put in another's place. */
export const AWAY_FAULTS: readonly ApiFault[] = [
  {
    name: "the prediction log's folder moved away while it is written, then its files put back",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      const log = `${tmp.path}/mlruns/prediction_log`, away = `${tmp.path}/mlruns/away`;
      await predictAndWait(api);
      await Deno.rename(log, away);
      const lost = () => metric(api.url, "bitcoin_ml_prediction_log_lost_records_total");
      const ms = await until("that it is noticed", async () => {
        assertEquals((await predictOnce(api.url)).status, 200);
        return await lost() > 0;
      });
      const { passed } = await check(api, "log");
      assert(passed, "it was made anew");
      await predictAndWait(api);
      const { code, stdout } = await runCommand("api", tmp.path, ["verify-log", "--json"]);
      assertEquals(code, 1);
      assertStringIncludes(JSON.parse(stdout).instances[0].problem, "record 1 belongs here, but this is");
      const [instance] = await Array.fromAsync(Deno.readDir(away));
      for await (const { name } of Deno.readDir(`${away}/${instance!.name}`)) {
        await Deno.rename(`${away}/${instance!.name}/${name}`, `${log}/${instance!.name}/${name}`);
      }
      await stopSoundly(api, tmp.path);
      assertStringIncludes(await api.stderr, "records of the prediction log are lost");
      return `noticed after ${
        (ms / 1000).toFixed(1)
      } s of answers: an event and lost_records_total say how many records were there, the log goes on in a new folder ` +
        "(/readyz is 503 where that cannot be made), and verify-log names the hole; once the files are back the chain is whole";
    },
  },
  {
    name: "the local registry replaced by an older copy, in which the alias names another version",
    async run() {
      await using tmp = await faultFolder({ predictionLog: { anchorSeconds: 1 } });
      const path = `${tmp.path}/mlruns/mlflow.db`, copy = `${tmp.path}/copy.db`;
      await Deno.copyFile(path, copy);
      {
        await using stores = await openStores(tmp.path);
        await registerModel(stores, modelFiles(harSpec({ logit: 1 })));
      }
      await using api = await startApi(tmp.path);
      const version = async () => (await getJson(`${api.url}/health`)).body.model.version;
      assertEquals(await version(), "2");
      await predictAndWait(api);
      await until("the anchor", async () => (await anchoredRecords(tmp.path)).length > 0);
      for (const file of [path, `${path}-wal`, `${path}-shm`]) await Deno.remove(file).catch(() => undefined);
      const goneMs = await until("that it is gone", async () => !(await registryState(api)).reachable);
      assertStringIncludes((await registryState(api)).reason!, "was removed or moved away");
      assertEquals((await predictOnce(api.url)).status, 200);
      await Deno.rename(copy, path);
      const ms = await until("the copy's version", async () => await version() === "1");
      assert((await registryState(api)).reachable);
      const anchorMs = await until("the anchor in the copy", async () => (await anchoredRecords(tmp.path)).length > 0);
      const records = await stopSoundly(api, tmp.path);
      assertEquals(await anchoredRecords(tmp.path), [records], "all is anchored in the copy");
      assertStringIncludes(await api.stderr, "database was replaced");
      return `gone: registry.reachable is false with the reason after ${
        (goneMs / 1000).toFixed(1)
      } s; the copy is opened, its version serves after ${
        (ms / 1000).toFixed(1)
      } s, and the log's head is noted in it ${
        (anchorMs / 1000).toFixed(1)
      } s later (every anchorSeconds, 1 here); the log verifies against it`;
    },
  },
  {
    name: "the feature store removed while it serves",
    async run() {
      await using tmp = await faultFolder({}, 1500);
      await using api = await startApi(tmp.path);
      const store = `${tmp.path}/feature_store`;
      assertEquals(await check(api, "data"), { name: "data", passed: true, reason: null });
      await Deno.rename(store, `${tmp.path}/away`);
      const ms = await until("the reason", async () => (await check(api, "data")).reason !== null);
      const forecast = await getJson(`${api.url}/v1/forecast`);
      assertEquals(forecast.status, 200, "from the candles it had");
      assertEquals((await getJson(`${api.url}/health`)).body.data.reason, (await check(api, "data")).reason);
      assertEquals(await metric(api.url, "bitcoin_ml_data_readable"), 0);
      await Deno.remove(store, { recursive: true }).catch(() => undefined);
      await Deno.rename(`${tmp.path}/away`, store);
      await until("that it is back", async () => (await check(api, "data")).reason === null);
      assertEquals(await metric(api.url, "bitcoin_ml_data_readable"), 1);
      await stopSoundly(api, tmp.path);
      const told = (await api.stderr).split("\n").filter((line) => line.includes("feature store gives"));
      assertEquals(told.length, 2, told.join("\n"));
      return `after ${
        (ms / 1000).toFixed(1)
      } s the reason is on /readyz and /health, in an event and in data_readable; answers come from the candles it had, and /readyz is 503 once these are old; an event tells when it is back`;
    },
  },
  {
    name: "the log's key lost, then the service started again",
    async run() {
      await using tmp = await faultFolder();
      await logOnce(tmp.path);
      const key = `${tmp.path}/mlruns/prediction_log.key`;
      await Deno.rename(key, `${tmp.path}/key`);
      for (const args of [["--port", "0"], ["verify-log"]]) {
        const { code, stderr } = await runCommand("api", tmp.path, args);
        assertEquals(code, 3, stderr);
        assertStringIncludes(stderr, "Put it back from your backup");
      }
      // A service whose key was made anew, as another machine's may be, is told apart from an edited log.
      await Deno.writeTextFile(key, "0".repeat(64));
      const { code, stdout } = await runCommand("api", tmp.path, ["verify-log"]);
      assertEquals(code, 1);
      assertStringIncludes(stdout, "another key");
      await Deno.rename(`${tmp.path}/key`, key);
      await logOnce(tmp.path);
      return "it does not start (exit 3) and says to put the key back, as does verify-log; with the key back all of the log verifies";
    },
  },
  {
    name: "a file where the prediction log's folder should be, at the start",
    async run() {
      await using tmp = await faultFolder();
      await Deno.writeTextFile(`${tmp.path}/mlruns/prediction_log`, "");
      const { code, stderr } = await runCommand("api", tmp.path, ["--port", "0"]);
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, "See predictionLog.directory in config/api.json");
      await Deno.writeTextFile(
        `${tmp.path}/config/api.json`,
        JSON.stringify({ predictionLog: { directory: "/etc/prediction_log" } }),
      );
      const outside = await runCommand("api", tmp.path, ["--port", "0"]);
      assertEquals(outside.code, 3, outside.stderr);
      assertStringIncludes(outside.stderr, "WRITE=/etc/prediction_log");
      return "it does not start (exit 3) and names the setting; for a folder that is not granted it says how to grant it";
    },
  },
];
