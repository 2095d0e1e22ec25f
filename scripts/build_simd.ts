/**
 * Compiles AssemblyScript: in each folder of kernels `NAME.as.ts` to the `NAME.wasm` beside it, with its hash in
 * `sha256.json`. The compiler's version is in `deno.lock`, so every machine gets the same bytes; `--check` compares and writes nothing.
 *
 * A source may ask for flags of its own in a line `// asc: --enable threads …`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { APIResult } from "assemblyscript/asc";

const FOLDERS = ["src/ml/kernels/simd", "src/ml/gbdt/training/kernel", "src/ml/doubles"];
const HASHES = "sha256.json";
/** No runtime, no start-up code: functions over a memory that the caller gives. */
const FLAGS = [
  ...["-O3", "--converge", "--noAssert", "--runtime", "stub", "--use", "abort="],
  ...["--importMemory", "--noExportMemory", "--enable", "simd"],
];

/** What the sources compile to, by the path of the `.wasm` file. */
export async function buildSimd(): Promise<ReadonlyMap<string, Uint8Array>> {
  // Here, so that the permissions of a caller that builds nothing need not cover the compiler.
  const asc = await import("assemblyscript/asc");
  const built = new Map<string, Uint8Array>();
  for (const source of await filesOf(/\.as\.ts$/)) {
    const own = /^\/\/ asc: (.+)$/m.exec(await Deno.readTextFile(source))?.[1]?.split(" ") ?? [];
    let bytes: Uint8Array | undefined;
    const { error, stderr }: APIResult = await asc.main([source, "--outFile", "built.wasm", ...FLAGS, ...own], {
      readFile: (file) => Deno.readTextFile(file).catch(() => null),
      writeFile: (_, content) => void (bytes = content as Uint8Array),
      listFiles: () => [],
    });
    if (error !== null || bytes === undefined) throw new Error(`Cannot compile '${source}': ${stderr}`);
    built.set(source.replace(/\.as\.ts$/, ".wasm"), bytes.slice());
  }
  return built;
}

/** Paths of committed files that are not what their source compiles to. */
export async function outdatedSimd(): Promise<string[]> {
  const built = hashesOf(await buildSimd()), committed = hashesOf(await committedFiles()), noted = await notedHashes();
  const paths = new Set([...Object.keys(built), ...Object.keys(noted), ...Object.keys(committed)]);
  return [...paths].filter((path) => built[path] !== noted[path] || built[path] !== committed[path]);
}

/** SHA-256 in hex by path. */
function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([path, bytes]) => [path, createHash("sha256").update(bytes).digest("hex")]),
  );
}

/** Hashes of the folders' `sha256.json`, by path. */
async function notedHashes(): Promise<Record<string, string>> {
  const noted: Record<string, string> = {};
  for (const folder of FOLDERS) {
    const hashes: Record<string, string> = JSON.parse(await Deno.readTextFile(`${folder}/${HASHES}`));
    for (const [name, hash] of Object.entries(hashes)) noted[`${folder}/${name}`] = hash;
  }
  return noted;
}

async function committedFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of await filesOf(/\.wasm$/)) files.set(path, await Deno.readFile(path));
  return files;
}

async function filesOf(pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for await (const { name } of Deno.readDir(folder)) if (pattern.test(name)) found.push(`${folder}/${name}`);
  }
  return found.sort();
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--check")) {
    const paths = await outdatedSimd();
    for (const path of paths) say(Deno.stderr, `${path} is not what its source compiles to\n`);
    if (paths.length > 0) say(Deno.stderr, "Next:\n  deno task build:simd\n");
    return paths.length === 0 ? 0 : 1;
  }
  const built = await buildSimd(), hashes = Object.entries(hashesOf(built));
  for (const [path, bytes] of built) {
    await Deno.writeFile(path, bytes);
    say(Deno.stdout, `${path} ${bytes.length} bytes\n`);
  }
  for (const folder of FOLDERS) {
    const own = hashes.filter(([path]) => path.startsWith(`${folder}/`));
    const named = Object.fromEntries(own.map(([path, hash]) => [path.slice(folder.length + 1), hash]));
    await Deno.writeTextFile(`${folder}/${HASHES}`, `${JSON.stringify(named, null, 2)}\n`);
  }
  return 0;
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
