/**
 * Compiles the program to `dist/bitcoin-ml`: the union of the commands' permission sets as flags, the commit inside.
 * `READ=DIR`, `WRITE=DIR` and `NET=HOST:PORT` bake further grants in, for an archive mirror or another port.
 *
 * @module
 */
import { BUILD_INFO_PATH, buildInfo } from "../src/cli/build_info.ts";
import { unionFlags } from "../src/cli/permission_sets.ts";
import { commandSets } from "../src/cli/walls.ts";

/** Packages that the program never loads in the binary; each is left out of it. */
const LEFT_OUT = [
  "fast-check@",
  "playwright-core@",
  "onnxruntime-node@",
  "onnxruntime-common@",
  "@tensorflow+tfjs-backend-cpu@",
  // The binary's runtime is the one of glibc.
  "@duckdb+node-bindings-linux-x64-musl@",
];

/** The compiler walks deep module graphs by recursion; its default of 2 MB overflows on ours. */
const COMPILER_STACK_BYTES = 64 * 1024 * 1024;

/** Flags of `deno compile`, without the entry and its includes. */
export async function compileFlags(
  grants: Readonly<Record<"read" | "write" | "net", readonly string[]>>,
): Promise<string[]> {
  const sets = Object.values(await commandSets());
  return unionFlags([...sets, grants]);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function main(words: readonly string[]): Promise<number> {
  const grants = { read: [] as string[], write: [] as string[], net: [] as string[] };
  for (const word of words) {
    const [, kind, value] = /^(READ|WRITE|NET)=(.+)$/.exec(word) ?? [];
    if (kind === undefined) {
      throw new RangeError(`Unknown word '${word}': READ=DIR, WRITE=DIR and NET=HOST:PORT can be given`);
    }
    grants[kind.toLowerCase() as keyof typeof grants].push(...value!.split(","));
  }
  await Deno.mkdir("dist", { recursive: true });
  await Deno.writeTextFile(BUILD_INFO_PATH, JSON.stringify(await buildInfo()));
  const packages: string[] = [];
  for await (const { name } of Deno.readDir("node_modules/.deno")) {
    if (LEFT_OUT.some((prefix) => name.startsWith(prefix))) packages.push(`--exclude=node_modules/.deno/${name}`);
  }
  const includes = [
    BUILD_INFO_PATH,
    "node_modules/@duckdb",
    "src/ml/training/worker.ts",
    "config",
    "feature_store/sample",
  ];
  const present = (await Promise.all(includes.map(async (path) => await exists(path) ? [`--include=${path}`] : [])))
    .flat();
  const args = [
    "compile",
    "--quiet",
    "--no-prompt",
    "--no-check",
    "--frozen",
    "--output=dist/bitcoin-ml",
    ...await compileFlags(grants),
    ...present,
    ...packages,
    "main.ts",
  ];
  const env = { RUST_MIN_STACK: String(COMPILER_STACK_BYTES) };
  const { code } = await new Deno.Command(Deno.execPath(), { args, env, stdout: "inherit", stderr: "inherit" })
    .output();
  if (code !== 0) {
    Deno.stderr.writeSync(new TextEncoder().encode(
      "build: 'deno compile' failed; where Deno's download host is out of reach, set DENORT_BIN to a runtime of the same release\n",
    ));
    return 1;
  }
  const { size } = await Deno.stat("dist/bitcoin-ml");
  Deno.stdout.writeSync(
    new TextEncoder().encode(`dist/bitcoin-ml ${Math.round(size / 1e6)} MB\nNext:\n  dist/bitcoin-ml --help\n`),
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
