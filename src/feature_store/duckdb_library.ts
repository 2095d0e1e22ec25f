import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The module `@duckdb/node-api`, loaded. */
export type DuckDbApi = typeof import("@duckdb/node-api");

let loading: Promise<DuckDbApi> | undefined;

/** Loads DuckDB's native library once per process; nothing native is touched before the first call. */
export function loadDuckDb(): Promise<DuckDbApi> {
  return loading ??= load();
}

function load(): Promise<DuckDbApi> {
  if (Deno.build.standalone) preloadLibrary();
  return import("@duckdb/node-api");
}

/**
 * A compiled binary unpacks `duckdb.node` alone, not the shared library that it links to (denoland/deno#36626), so
 * the loader would not find it. Opened first by path, the library is already in the process when the addon asks.
 */
function preloadLibrary(): void {
  const fromApi = createRequire(createRequire(import.meta.url).resolve("@duckdb/node-api"));
  const fromBindings = createRequire(fromApi.resolve("@duckdb/node-bindings"));
  const addon = fromBindings.resolve(`@duckdb/node-bindings-${platformName()}/duckdb.node`);
  const name = { linux: "libduckdb.so", darwin: "libduckdb.dylib", windows: "duckdb.dll" }[Deno.build.os as string];
  if (name === undefined) return;
  // Never closed: the addon goes on using it.
  Deno.dlopen(join(dirname(addon), name), { duckdb_library_version: { parameters: [], result: "pointer" } });
}

function platformName(): string {
  const os = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  return `${os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
}
