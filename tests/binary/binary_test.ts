import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandSets } from "../../src/cli/walls.ts";

const ROOT = Deno.cwd();
const TOOLCHAIN = `${ROOT}/.tools/denort`;
const SAMPLE = `${ROOT}/feature_store/sample`;
const PORT = 8000;
/** The runtime has 92 MB, DuckDB's library 71, the packages about 95, the sample 6; the test packages alone had 400. */
const MOST_BYTES = 300e6;

const present = await Deno.stat(`${TOOLCHAIN}/denort`).then(() => true, () => false);
const skipped = !present && Deno.env.get("CI") !== "true";
// deno-lint-ignore no-console -- a skipped test says why
if (skipped) console.log("skipped: no runtime for 'deno compile' in .tools/denort (CONTRIBUTING.md, Set up)");

/** Runs a program through `env`, with nothing but the variables given where `clear` holds: the test may start no other. */
function start(
  program: readonly string[],
  options: { readonly cwd: string; readonly variables?: readonly string[]; readonly clear?: boolean },
) {
  const args = [...(options.clear === true ? ["-i"] : []), ...(options.variables ?? []), ...program];
  return new Deno.Command("env", { args, cwd: options.cwd, stdout: "piped", stderr: "piped" });
}

async function run(program: readonly string[], options: Parameters<typeof start>[1]) {
  const { code, stdout, stderr } = await start(program, options).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Compiles in a clone that is then deleted, so that nothing of the source or its packages is there when the binary runs. */
async function compile(folder: string): Promise<void> {
  const clone = `${folder}/clone`, tools = `${folder}/bin`;
  await Deno.mkdir(tools);
  // A link, as `taskw` makes it: the grant to start `deno` must hold for that, too.
  await Deno.symlink(`${TOOLCHAIN}/deno`, `${tools}/deno`);
  const steps: [string[], string][] = [
    [["git", "clone", "-q", "--local", ROOT, clone], folder],
    [["deno", "install", "-q", "--frozen"], clone],
    [["deno", "task", "-q", "build", `READ=${SAMPLE}`], clone],
  ];
  const variables = [
    `DENORT_BIN=${TOOLCHAIN}/denort`,
    `PATH=${tools}:${Deno.env.get("PATH")}`,
    // Deno 2.6 trusts Mozilla's authorities alone; a registry behind a proxy is signed by one that the system knows.
    "DENO_TLS_CA_STORE=mozilla,system",
  ];
  for (const [program, cwd] of steps) {
    const { code, stderr, stdout } = await run(program, { cwd, variables });
    assertEquals(code, 0, `${program.join(" ")}: ${stderr}${stdout}`);
  }
  await Deno.rename(`${clone}/dist/bitcoin-ml`, `${folder}/bitcoin-ml`);
  await Deno.remove(clone, { recursive: true });
}

Deno.test({
  name: "the binary does the whole line from another folder, with an empty environment and no node_modules",
  ignore: skipped,
  async fn(t) {
    const folder = await Deno.makeTempDir();
    try {
      // No step of its own: each of those below would fail after it, and its reason be lost among theirs.
      await compile(folder);
      await t.step("carries no package that only tests use", async () => {
        const { size } = await Deno.stat(`${folder}/bitcoin-ml`);
        assert(size < MOST_BYTES, `${Math.round(size / 1e6)} MB`);
      });
      const cwd = `${folder}/elsewhere`;
      await Deno.mkdir(cwd);
      const binary = (...args: string[]) => run([`${folder}/bitcoin-ml`, ...args], { cwd, clear: true });
      await t.step("--help", async () => {
        const { code, stdout } = await binary("--help");
        assertEquals(code, 0);
        assertStringIncludes(stdout, "mlflow-ui");
      });
      for (const command of Object.keys(await commandSets())) {
        await t.step(`walls of ${command}`, async () => {
          const { code, stdout, stderr } = await binary("doctor", "--walls", command, "--json");
          assertEquals(code, 0, stdout + stderr);
          assert((JSON.parse(stdout) as { checks: unknown[] }).checks.length >= 6);
        });
      }
      await t.step("doctor", async () => {
        const { code, stdout, stderr } = await binary("doctor", "--json");
        assertEquals(code, 0, stdout + stderr);
        const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
        assert(checks.some(({ name }) => name === "duckdb"), stdout);
      });
      await t.step("demo, on the candles that it carries", async () => {
        const { code, stdout, stderr } = await binary("demo", "--json");
        assertEquals(code, 0, stdout + stderr);
        const { ingest, forecast } = JSON.parse(stdout) as {
          ingest: { report: string };
          forecast: { probabilityUp: number };
        };
        assert(ingest.report.startsWith("demo/reports/") && forecast.probabilityUp > 0, stdout);
        assert((await Deno.stat(`${cwd}/${ingest.report}`)).size > 10_000);
      });
      await t.step("a folder that was not granted: how to grant it in a binary", async () => {
        await Deno.mkdir(`${folder}/mirror`);
        const { code, stderr } = await binary("ingest", "--archive-dir", `${folder}/mirror`);
        assertEquals(code, 3);
        assertStringIncludes(stderr, `task build -- READ=${folder}/mirror`);
      });
      await t.step("ingest --archive-dir", async () => {
        const { code, stdout, stderr } = await binary("ingest", "--archive-dir", SAMPLE, "--json");
        assertEquals(code, 0, stdout + stderr);
        const result = JSON.parse(stdout) as { rows: { present: number }; report: string };
        assertEquals(result.rows.present, 90 * 1440 - 80);
        assert((await Deno.stat(`${cwd}/${result.report}`)).size > 10_000);
      });
      let runId = "";
      await t.step("track --quick", async () => {
        const { code, stdout, stderr } = await binary("track", "--quick", "--json");
        assertEquals(code, 0, stdout + stderr);
        runId = (JSON.parse(stdout) as { runId: string }).runId;
      });
      await t.step("track --model gbdt, whose trees grow in Workers of the binary", async () => {
        const { code, stdout, stderr } = await binary("track", "--quick", "--json", "--model", "gbdt");
        assertEquals(code, 0, stdout + stderr);
        const { metrics } = JSON.parse(stdout) as { metrics: Record<string, number> };
        assert(metrics["direction_trees"]! + metrics["volatility_trees"]! > 0, stdout);
      });
      await t.step("track --sweep, by jobs in Workers of its own", async () => {
        await Deno.mkdir(`${cwd}/config`, { recursive: true });
        const base = { "mlp.epochs": 1, "mlp.hidden": [8] };
        const sweep = { kind: "grid", base, space: { model: ["har", "mlp"], "mlp.engine": ["fused", "tensors"] } };
        await Deno.writeTextFile(`${cwd}/config/sweep.json`, JSON.stringify(sweep));
        const { code, stdout, stderr } = await binary("track", "--quick", "--json", "--sweep", "config/sweep.json");
        assertEquals(code, 0, stdout + stderr);
        assertEquals((JSON.parse(stdout) as { sweep: { counts: unknown } }).sweep.counts, {
          ...{ finished: 4, pruned: 0, failed: 0 },
        });
      });
      await t.step("register", async () => {
        const { code, stdout, stderr } = await binary("register", "--run-id", runId, "--json");
        assertEquals(code, 0, stdout + stderr);
        assertEquals((JSON.parse(stdout) as { version: string }).version, "1");
      });
      await t.step("api", async () => {
        const child = start([`${folder}/bitcoin-ml`, "api"], { cwd, clear: true }).spawn();
        try {
          const reader = child.stdout.getReader();
          const { value } = await reader.read();
          assertStringIncludes(new TextDecoder().decode(value), `http://127.0.0.1:${PORT}`);
          reader.releaseLock();
          const health = await (await fetch(`http://127.0.0.1:${PORT}/health`)).json() as {
            status: string;
            model: { runId: string };
          };
          assertEquals([health.status, health.model.runId], ["ok", runId]);
        } finally {
          child.kill("SIGTERM");
          await child.stdout.cancel();
          await child.stderr.cancel();
          assertEquals((await child.status).code, 143);
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
