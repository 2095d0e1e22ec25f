/**
 * Builds the WebAssembly kernels from their AssemblyScript: the same bytes on every machine, as the compiler is pinned
 * in deno.lock. `--check` writes nothing and fails where the committed bytes are others.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type * as Compiler from "assemblyscript/asc";

/** A module that is built: its source, and where the bytes and their sha256 are committed. */
export interface KernelSource {
  /** Folder of the source, whose entry is `kernel.ts`. */
  readonly source: string;
  readonly wasm: string;
  readonly sha256: string;
}

/** All kernels, by paths from the project's root. */
export const KERNEL_SOURCES: readonly KernelSource[] = [
  {
    source: "src/ml/gbdt/training/kernel/assembly",
    wasm: "src/ml/gbdt/training/kernel/kernel.wasm",
    sha256: "src/ml/gbdt/training/kernel/kernel.wasm.sha256",
  },
];

/** No runtime, no checks, the memory given by the caller and shared between Workers. */
const FLAGS = [
  ...["-O3", "--runtime", "stub", "--noAssert", "--use", "abort="],
  ...["--enable", "simd", "--enable", "threads"],
  ...["--importMemory", "--noExportMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
];

/** Loads the compiler, or undefined where the package is not installed. */
export async function loadCompiler(): Promise<typeof Compiler | undefined> {
  try {
    return await import("assemblyscript/asc");
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Bytes of a kernel built from its source. @throws where the source does not compile */
export async function compileKernel(compiler: typeof Compiler, { source }: KernelSource): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await compiler.main(["kernel.ts", "-o", "kernel.wasm", ...FLAGS], {
    readFile: (name) => Deno.readTextFile(`${source}/${name}`).catch(() => null),
    writeFile: (name, contents) => {
      if (name === "kernel.wasm") wasm = Uint8Array.from(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(`Cannot compile '${source}': ${stderr.toString()}`);
  return wasm;
}

/** What `sha256sum` writes of a file. */
export function sha256Line(bytes: Uint8Array, path: string): string {
  return `${createHash("sha256").update(bytes).digest("hex")}  ${path.slice(path.lastIndexOf("/") + 1)}\n`;
}

if (import.meta.main) {
  const compiler = await loadCompiler();
  if (compiler === undefined) throw new Error("Cannot build kernels without the package 'assemblyscript'");
  for (const kernel of KERNEL_SOURCES) {
    const bytes = await compileKernel(compiler, kernel);
    if (Deno.args.includes("--check")) {
      if (await Deno.readTextFile(kernel.sha256) === sha256Line(bytes, kernel.wasm)) continue;
      throw new Error(`'${kernel.wasm}' is not what '${kernel.source}' compiles to; run: deno task build:kernels`);
    }
    await Deno.writeFile(kernel.wasm, bytes);
    await Deno.writeTextFile(kernel.sha256, sha256Line(bytes, kernel.wasm));
  }
}
