/**
 * Compiles `src/ml/kernels/simd/*.as.ts` (AssemblyScript) to the `.wasm` files beside them and writes their hashes. The
 * compiler's version is in `deno.lock`, so every machine gets the same bytes; `--check` compares and writes nothing.
 *
 * A source may ask for flags of its own in a line `// asc: --enable threads …`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { APIResult } from "assemblyscript/asc";

const FOLDER = "src/ml/kernels/simd";
const HASHES = `${FOLDER}/sha256.json`;
/** No runtime, no start-up code: functions over a memory that the caller gives. */
const FLAGS = [
  ...["-O3", "--converge", "--noAssert", "--runtime", "stub", "--use", "abort="],
  ...["--importMemory", "--noExportMemory", "--enable", "simd"],
];

/** What the sources of a folder compile to, by the name of the `.wasm` file. */
export async function buildSimd(): Promise<ReadonlyMap<string, Uint8Array>> {
  // Here, so that the permissions of a caller that builds nothing need not cover the compiler.
  const asc = await import("assemblyscript/asc");
  const built = new Map<string, Uint8Array>();
  for (const name of await sourceNames()) {
    const path = `${FOLDER}/${name}.as.ts`;
    const own = /^\/\/ asc: (.+)$/m.exec(await Deno.readTextFile(path))?.[1]?.split(" ") ?? [];
    let bytes: Uint8Array | undefined;
    const { error, stderr }: APIResult = await asc.main([path, "--outFile", `${name}.wasm`, ...FLAGS, ...own], {
      readFile: (file) => Deno.readTextFile(file).catch(() => null),
      writeFile: (_, content) => void (bytes = content as Uint8Array),
      listFiles: () => [],
    });
    if (error !== null || bytes === undefined) throw new Error(`Cannot compile '${path}': ${stderr}`);
    built.set(`${name}.wasm`, bytes.slice());
  }
  return built;
}

/** SHA-256 in hex by file name, as `sha256.json` has it. */
export function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]),
  );
}

/** Names of committed files that are not what their source compiles to. */
export async function outdatedSimd(): Promise<string[]> {
  const built = await buildSimd(), hashes = hashesOf(built);
  const noted: Record<string, string> = JSON.parse(await Deno.readTextFile(HASHES));
  const committed = hashesOf(await committedFiles());
  const names = new Set([...Object.keys(hashes), ...Object.keys(noted), ...Object.keys(committed)]);
  return [...names].filter((name) => hashes[name] !== noted[name] || hashes[name] !== committed[name]);
}

async function sourceNames(): Promise<string[]> {
  const files = await Array.fromAsync(Deno.readDir(FOLDER));
  return files.flatMap(({ name }) => /^(\w+)\.as\.ts$/.exec(name)?.[1] ?? []).sort();
}

async function committedFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name.endsWith(".wasm")) files.set(name, await Deno.readFile(`${FOLDER}/${name}`));
  }
  return files;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--check")) {
    const names = await outdatedSimd();
    for (const name of names) say(Deno.stderr, `${FOLDER}/${name} is not what its source compiles to\n`);
    if (names.length > 0) say(Deno.stderr, "Next:\n  deno task build:simd\n");
    return names.length === 0 ? 0 : 1;
  }
  const built = await buildSimd();
  for (const [name, bytes] of built) {
    await Deno.writeFile(`${FOLDER}/${name}`, bytes);
    say(Deno.stdout, `${FOLDER}/${name} ${bytes.length} bytes\n`);
  }
  await Deno.writeTextFile(HASHES, `${JSON.stringify(hashesOf(built), null, 2)}\n`);
  return 0;
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
