/** Old file stores that the real MLflow made, imported: MLflow must read the same there as in the store itself. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { importFileStore } from "../../src/MLOps/file_store/mod.ts";
import { interopTest, MLFLOW_ENV, pythonPath, runPython } from "./python.ts";

// Absolute, as it runs in a folder of its own: the default store of MLflow is made where it runs.
const SCRIPT = { file: `${Deno.cwd()}/tests/interop/file_store.py` };
const LARGEST = "1.7976931348623157e+308";

/** What MLflow reads at a store. */
interface Read {
  readonly experiments: readonly { readonly name: string; readonly tags: Readonly<Record<string, string>> }[];
  readonly runs: Readonly<Record<string, ReadRun>>;
  readonly models: Readonly<Record<string, unknown>>;
  readonly registered: readonly ReadRegistered[];
}

type Observation = readonly [key: string, value: string, timestamp: number, step: number];

interface ReadRun {
  readonly latest: readonly Observation[];
  readonly history: Readonly<Record<string, readonly Observation[]>>;
  readonly params: Readonly<Record<string, string>>;
}

interface ReadRegistered {
  readonly aliases: Readonly<Record<string, string | number>>;
  readonly versions: readonly { readonly aliases: readonly string[] }[];
}

async function migrate(source: string, target: string): Promise<boolean> {
  const { success } = await new Deno.Command(pythonPath(), {
    args: ["-m", "mlflow", "migrate-filestore", "--source", source, "--target", target],
    env: MLFLOW_ENV,
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** What a file store says, as a database must say it: infinities are the largest doubles, repeats are one row. */
function asInDatabase(read: Read): Read {
  const stored = (
    [key, value, ...rest]: Observation,
  ): Observation => [key, value === "inf" ? LARGEST : value === "-inf" ? `-${LARGEST}` : value, ...rest];
  const once = (
    observations: readonly Observation[],
  ) => [...new Map(observations.map((one) => [JSON.stringify(one), stored(one)])).values()];
  return {
    ...read,
    runs: Object.fromEntries(
      Object.entries(read.runs).map(([id, run]) => [id, {
        ...run,
        latest: run.latest.map(stored),
        history: Object.fromEntries(Object.entries(run.history).map(([key, points]) => [key, once(points)])),
      }]),
    ),
  };
}

/** Without what MLflow's two stores say differently of one thing: versions of aliases as numbers, aliases of versions. */
function comparable(read: Read): Read {
  return {
    ...read,
    registered: read.registered.map((model) => ({
      ...model,
      aliases: Object.fromEntries(Object.entries(model.aliases).map(([alias, version]) => [alias, String(version)])),
      versions: model.versions.map((version) => ({ ...version, aliases: [] })),
    })),
  };
}

interopTest("import-mlruns brings what MLflow's file store says, and what MLflow's own migration brings", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mlflow-files-" }));
  const store = `${folder}/mlruns`;
  const python = <T>(...args: readonly string[]) =>
    runPython<T>(SCRIPT, args, { cwd: folder, env: { MLFLOW_ALLOW_FILE_STORE: "true" } });
  try {
    await python("make", store);

    await t.step("MLflow reads in our database what it reads in its store, every value of it", async () => {
      const summary = await importFileStore(store, `sqlite:///${folder}/ours.db`);
      const files = await python<Read>("read", `file://${store}`);
      const ours = await python<Read>("read", `sqlite:///${folder}/ours.db`);
      assertEquals(comparable(ours), comparable(asInDatabase(files)));
      const { experiments, runs, loggedModels, registeredModels, modelVersions } = summary.imported;
      assertEquals([experiments, runs, loggedModels, registeredModels, modelVersions], [4, 9, 4, 2, 5]);
      assert(summary.repeatedMetricLines > 0 && summary.skipped.length === 0);
    });

    await t.step("MLflow's own migration fails on repeated lines; without them it brings the same", async () => {
      assertEquals(await migrate(store, `sqlite:///${folder}/failed.db`), false);
      await python("unrepeat", store);
      assertEquals(await migrate(store, `sqlite:///${folder}/migrated.db`), true);
      await importFileStore(store, `sqlite:///${folder}/again.db`);
      const migrated = await python<Read>("read", `sqlite:///${folder}/migrated.db`);
      const ours = await python<Read>("read", `sqlite:///${folder}/again.db`);
      // It reads text files as Python does by default, which makes one line end of each `\r\n`.
      assertEquals(JSON.parse(JSON.stringify(ours).replaceAll("a\\nb\\r\\n", "a\\nb\\n")), migrated);
    });

    await t.step("what MLflow passes over is left out, with its place", async () => {
      const strays = await python<string[]>("age", store);
      const summary = await importFileStore(store, `sqlite:///${folder}/aged.db`);
      assertEquals(summary.skipped.map(({ path }) => path).sort(), strays);
      const files = await python<Read>("read", `file://${store}`);
      assertEquals(
        comparable(await python<Read>("read", `sqlite:///${folder}/aged.db`)),
        comparable(asInDatabase(files)),
      );
      assertEquals([summary.repeatedMetricLines, summary.incompleteRuns], [2, 1]);
    });

    await t.step("a second import of the same is refused", async () => {
      await assertRejects(() => importFileStore(store, `sqlite:///${folder}/aged.db`), Error, "already");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
