import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tmpDir } from "../fakes/tmp_dir.ts";

const ROOT = Deno.cwd();
const DAY = "BTCUSDT-1m-2023-02-01.zip";
const RANGE = { start: "2023-02-01T00:00:00Z", end: "2023-02-02T00:00:00Z" };

interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls `taskw`, through Task, or as where Task cannot be had. */
async function taskw(
  args: readonly string[],
  options: { readonly cwd?: string; readonly script?: string; readonly variables?: readonly string[] } = {},
): Promise<Called> {
  const { code, stdout, stderr } = await new Deno.Command("env", {
    args: [...(options.variables ?? []), options.script ?? `${ROOT}/taskw`, ...args],
    cwd: options.cwd ?? ROOT,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A mirror of one day below `folder`. */
async function mirror(folder: string): Promise<void> {
  const below = "spot/daily/klines/BTCUSDT/1m";
  await Deno.mkdir(`${folder}/${below}`, { recursive: true });
  await Deno.copyFile(`feature_store/sample/${below}/${DAY}`, `${folder}/${below}/${DAY}`);
}

/** What a checkout has beside its stores, which are of its own in a copy. */
const COPIED = ["main.ts", "src", "scripts", "deno.json", "deno.lock", "node_modules", "Taskfile.yml", "taskw"];

/** The variables under which Task cannot be found. */
const NO_TASK = ["PATH=/usr/bin:/bin"];

/**
 * Hard links, which are not made across file systems; then copies. Programs of other tests that start meanwhile put lock
 * files into node_modules and take them away again, which `cp` stumbles over: each try begins in an empty folder.
 */
async function copyOfRoot(folder: string): Promise<void> {
  const said: string[] = [];
  for (const how of ["-al", "-a", "-al", "-a", "-al", "-a"]) {
    await Deno.remove(folder, { recursive: true });
    await Deno.mkdir(folder);
    const { code, stderr } = await new Deno.Command("env", { args: ["cp", how, ...COPIED, folder], cwd: ROOT })
      .output();
    if (code === 0) return;
    said.push(`cp ${how}: ${new TextDecoder().decode(stderr).slice(0, 500)}`);
  }
  throw new Error(`Cannot copy the project's root: ${said.join("\n")}`);
}

/** A copy of the project's root, by hard links, that finds Deno but no Task; with stores and `.tools` of its own. */
async function withoutTask(folder: string): Promise<string> {
  await copyOfRoot(folder);
  for (const name of ["config", "feature_store", "mlruns", "reports"]) await Deno.mkdir(`${folder}/${name}`);
  await Deno.mkdir(`${folder}/.tools/bin`, { recursive: true });
  await Deno.symlink(Deno.execPath(), `${folder}/.tools/bin/deno`);
  await Deno.copyFile(`${ROOT}/deno.lock`, `${folder}/.tools/installed.lock`);
  const version = /TASK_VERSION=([\d.]+)/.exec(await Deno.readTextFile(`${ROOT}/taskw`))![1];
  await Deno.writeTextFile(`${folder}/.tools/no-task-${version}`, "");
  return `${folder}/taskw`;
}

const planned = ({ code, stdout, stderr }: Called) => {
  assertEquals(code, 0, stderr + stdout);
  return (JSON.parse(stdout) as { range: unknown }).range;
};

for (const hasTask of [true, false]) {
  const way = hasTask ? "with Task" : "without Task";

  Deno.test(`taskw ${way}: READ=DIR lets a command read a mirror outside, blanks and quotes and all`, async () => {
    await using tmp = await tmpDir();
    await Deno.mkdir(`${tmp.path}/root`);
    const script = hasTask ? undefined : await withoutTask(`${tmp.path}/root`);
    const options = script === undefined ? {} : { script, variables: NO_TASK };
    for (const name of ["plain", "my candles", `it's "here"`, "dollar $HOME"]) {
      const folder = `${tmp.path}/${name}`;
      await mirror(folder);
      const words = ["--archive-dir", folder, "--dry-run", "--json"];
      assertEquals(planned(await taskw(["ingest", `READ=${folder}`, "--", ...words], options)), RANGE);
      const refused = await taskw(["ingest", "--", ...words], options);
      assertEquals(refused.code, 3, refused.stderr);
      const { error } = JSON.parse(refused.stdout) as { error: { code: string; hint: string } };
      assertEquals(error.code, "permission-denied");
      assertStringIncludes(error.hint, name === "plain" ? `READ=${folder} --` : `READ='`);
    }
  });

  Deno.test(`taskw ${way}: paths are relative to where it is called from, through a link too`, async () => {
    await using tmp = await tmpDir();
    await Deno.mkdir(`${tmp.path}/root`);
    const script = hasTask ? `${ROOT}/taskw` : await withoutTask(`${tmp.path}/root`);
    await mirror(`${tmp.path}/here/my candles`);
    await Deno.mkdir(`${tmp.path}/bin`);
    await Deno.symlink(script, `${tmp.path}/bin/tw`);
    const words = ["ingest", "READ=my candles", "--", "--archive-dir", "my candles", "--dry-run", "--json"];
    const call = {
      cwd: `${tmp.path}/here`,
      script: `${tmp.path}/bin/tw`,
      variables: [`CDPATH=${tmp.path}`, ...hasTask ? [] : NO_TASK],
    };
    assertEquals(planned(await taskw(words, call)), RANGE);
  });

  Deno.test(`taskw ${way}: PORT=N reaches the command as grant and option, and exit codes come through`, async () => {
    await using tmp = await tmpDir();
    await Deno.mkdir(`${tmp.path}/root`);
    const options = hasTask ? {} : { script: await withoutTask(`${tmp.path}/root`), variables: NO_TASK };
    const { code, stdout } = await taskw(["api", "PORT=70000"], options);
    assertEquals([code === 0, stdout], [false, ""]);
    const unknown = await taskw(["mlflow-ui", "PORT=1", "--", "--hots", "x"], options);
    assertEquals(unknown.code, 2, unknown.stderr);
    assertStringIncludes(unknown.stderr, "Did you mean '--host'?");
    const misspelt = await taskw(["ingest", "REED=/data"], options);
    assertEquals(misspelt.code, 2, misspelt.stderr);
    assertStringIncludes(misspelt.stderr, "unknown variable 'REED'");
    for (const words of [["bogus", "--json"], ["bogus"], ["ingest", "--json"]]) {
      const refused = await taskw(words, options);
      assertEquals([refused.code, refused.stdout], [2, ""], refused.stderr);
      assertEquals(refused.stderr.trim().split("\n").length, 1, refused.stderr);
    }
  });
}

Deno.test("taskw works where HOME is no folder, and keeps what it fetches in .tools", async () => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/root`);
  const script = await withoutTask(`${tmp.path}/root`);
  for (const home of ["HOME=/dev/null", "HOME="]) {
    const { code, stderr } = await taskw(["doctor"], { script, variables: [home, ...NO_TASK] });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "caches go into .tools/home");
  }
  assert((await Deno.stat(`${tmp.path}/root/.tools/home`)).isDirectory);
});
