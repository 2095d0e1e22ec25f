/**
 * Compiles the program to `dist/bitcoin-ml`: the union of the commands' permission sets as flags, the commit inside.
 * `READ=DIR`, `WRITE=DIR` and `NET=HOST:PORT` bake further grants in, for an archive mirror or another port.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { BUILD_INFO_PATH, buildInfo } from "../src/cli/build_info.ts";
import { ENGINE_FLAGS } from "../src/cli/engine_flags.ts";
import { unionFlags } from "../src/cli/permission_sets.ts";
import { commandSets } from "../src/cli/walls.ts";

/** Imports of `deno.json` that only tests and the build of the kernels use. */
const TEST_IMPORTS = [
  "assemblyscript",
  "axe-core",
  "fast-check",
  "playwright-core",
  "onnxruntime-node",
  "@prometheus-io/lezer-promql",
  "@tensorflow/tfjs-backend-cpu",
];
/** Packages that an install brings in but the binary, whose runtime is the one of glibc, cannot load. */
const LEFT_OUT = ["@duckdb+node-bindings-linux-x64-musl@"];
/** Files of packages that nothing loads at run time, as the program takes the ES modules of each. */
const DEAD_WEIGHT = [
  /\.map$/,
  /\.d\.[cm]?ts$/,
  /\.min\.js$/,
  /\/dist\/miniprogram\//,
  /\/ccxt\/dist\/cjs\//,
  /\/test\/perf\//,
];
/** What the binary carries beside the modules that `main.ts` reaches. */
const INCLUDES = [
  "src/ml/training/worker.ts",
  "src/ml/gbdt/training/worker.ts",
  "src/ml/jobs/worker.ts",
  "src/cli/challenger_worker.ts",
  "config",
  "feature_store/sample",
];
/** What is compiled, from the project's root. */
const SOURCES = ["main.ts", "deno.lock", "src", "config", "feature_store/sample"];

/** The compiler walks deep module graphs by recursion; its default of 2 MB overflows on ours. */
const COMPILER_STACK_BYTES = 64 * 1024 * 1024;
/** `deno compile` puts all of node_modules into the binary and `--exclude` does not reach there, so this copy has less. */
const STAGE = "dist/stage";
const OUTPUT = "dist/bitcoin-ml";

/** Flags of `deno compile`, without the entry and its includes. */
export async function compileFlags(
  grants: Readonly<Record<"read" | "write" | "net", readonly string[]>>,
): Promise<string[]> {
  const sets = Object.values(await commandSets());
  return unionFlags([...sets, grants]);
}

/** The project's settings without what only tests import. */
export function withoutTestImports(config: { readonly imports: Readonly<Record<string, string>> }) {
  const imports = Object.entries(config.imports).filter(([name]) => !TEST_IMPORTS.includes(name));
  return { ...config, imports: Object.fromEntries(imports) };
}

async function main(words: readonly string[]): Promise<number> {
  const grants = readGrants(words);
  try {
    await stage();
    await deno(["install", "--quiet"]);
    await lighten(`${STAGE}/node_modules/.deno`);
    const args = [
      "compile",
      "--quiet",
      "--no-prompt",
      "--no-check",
      ENGINE_FLAGS,
      "--output=../bitcoin-ml",
    ];
    args.push(...await compileFlags(grants));
    args.push(...[BUILD_INFO_PATH, ...INCLUDES].map((path) => `--include=${path}`));
    await deno([...args, "main.ts"]);
  } catch (error) {
    if (!(error instanceof CompilerError)) throw error;
    say(Deno.stderr, `build: ${error.message}\n`);
    return 1;
  } finally {
    await Deno.remove(STAGE, { recursive: true }).catch(() => undefined);
  }
  const { size } = await Deno.stat(OUTPUT);
  say(Deno.stdout, `${OUTPUT} ${Math.round(size / 1e6)} MB\nNext:\n  ${OUTPUT} --help\n`);
  return 0;
}

function readGrants(words: readonly string[]) {
  const grants = { read: [] as string[], write: [] as string[], net: [] as string[] };
  for (const word of words) {
    const [, kind, value] = /^(READ|WRITE|NET)=(.+)$/s.exec(word) ?? [];
    if (kind === undefined) {
      throw new RangeError(`Unknown word '${word}': READ=DIR, WRITE=DIR and NET=HOST:PORT can be given`);
    }
    grants[kind.toLowerCase() as keyof typeof grants].push(...value!.split(","));
  }
  return grants;
}

/** A copy of what is compiled, with the build's facts and without the imports of tests. */
async function stage(): Promise<void> {
  await Deno.remove(STAGE, { recursive: true }).catch(() => undefined); // of a build that was killed
  await Deno.mkdir(`${STAGE}/dist`, { recursive: true });
  for (const path of SOURCES) await cp(path, `${STAGE}/${path}`, { recursive: true });
  const { default: config } = await import("../deno.json", { with: { type: "json" } });
  await writeConfig(withoutTestImports(config));
  await Deno.writeTextFile(`${STAGE}/${BUILD_INFO_PATH}`, JSON.stringify(await buildInfo()));
}

/** The lock names packages of tests as well, so it is not frozen here; versions are those that it names. */
async function writeConfig(config: Readonly<Record<string, unknown>>): Promise<void> {
  const staged = { ...config, lock: { path: "./deno.lock", frozen: false } };
  await Deno.writeTextFile(`${STAGE}/deno.json`, JSON.stringify(staged));
}

/** Removes what is never loaded from the packages, and keeps the compiler from installing it again. */
async function lighten(packages: string): Promise<void> {
  const { default: config } = await import("../deno.json", { with: { type: "json" } });
  await writeConfig({ ...withoutTestImports(config), nodeModulesDir: "manual" });
  for (const { name } of await Array.fromAsync(Deno.readDir(packages))) {
    if (LEFT_OUT.some((prefix) => name.startsWith(prefix))) {
      await Deno.remove(`${packages}/${name}`, { recursive: true });
    }
  }
  for (const link of await Array.fromAsync(entriesBelow(packages, "isSymlink"))) {
    // Of a package that was removed above; the compiler warns of each.
    if (!await Deno.stat(link).then(() => true, () => false)) await Deno.remove(link);
  }
  for (const path of await Array.fromAsync(entriesBelow(packages, "isFile"))) {
    if (DEAD_WEIGHT.some((pattern) => pattern.test(path))) await Deno.remove(path);
  }
}

async function* entriesBelow(folder: string, kind: "isFile" | "isSymlink"): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* entriesBelow(path, kind);
    else if (entry[kind]) yield path;
  }
}

/** The compiler or installer ended with a failure; it has said why. */
class CompilerError extends Error {}

/** Runs the Deno on PATH in the staged copy: the one that the permission set names. */
async function deno(args: readonly string[]): Promise<void> {
  const env = { RUST_MIN_STACK: String(COMPILER_STACK_BYTES) };
  const { code } = await new Deno.Command("deno", {
    args: [...args],
    cwd: STAGE,
    env,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code === 0) return;
  throw new CompilerError(
    args[0] === "compile"
      ? "'deno compile' failed; where Deno's download host is out of reach, set DENORT_BIN to a runtime of the same release"
      : `'deno ${args[0]}' failed; see above`,
  );
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
