/**
 * The only place where adapters are built. Every import of an adapter is dynamic, so that a command loads no more
 * than it uses.
 *
 * @module
 */
import type { FeatureEngine } from "../core/mod.ts";
import type { WallProbe } from "./wall_probe.ts";
import { dropForeignFunctions } from "./walls.ts";

/** The feature engine that training, store and service share. */
export async function featureEngine(): Promise<FeatureEngine> {
  const { defaultFeatureEngine } = await import("../ml/features/mod.ts");
  return defaultFeatureEngine();
}

/**
 * What DuckDB, opened as the store opens it, answers to attempts at leaving the store. Empty where this command may not
 * load it at all.
 */
export async function probeDuckDb(): Promise<WallProbe[]> {
  if ((await Deno.permissions.query({ name: "ffi", path: "node_modules" })).state !== "granted") return [];
  const { DuckDbSession } = await import("../feature_store/duckdb_session.ts");
  using session = await DuckDbSession.open(":memory:", "write", { memoryLimit: "256MB", threads: 1 });
  dropForeignFunctions();
  const attempts = {
    "DuckDB: read a file outside the store": "SELECT * FROM read_text('/etc/passwd')",
    "DuckDB: write a file outside the store": "COPY (SELECT 1) TO '../forbidden-by-the-walls'",
    "DuckDB: attach another database": "ATTACH '../forbidden-by-the-walls.duckdb' AS other",
    "DuckDB: lift its own walls": "SET enable_external_access = true",
    "DuckDB: load an extension": "INSTALL httpfs",
  };
  const probes: WallProbe[] = [];
  for (const [attempt, sql] of Object.entries(attempts)) {
    try {
      await session.rows(sql);
      probes.push({ attempt, refused: false, detail: "it worked" });
    } catch (error) {
      const detail = (error as Error).message.split("\n", 1)[0]!;
      probes.push({
        attempt,
        refused: /disabled|locked|not allowed|cannot be changed|Permission Error/i.test(detail),
        detail,
      });
    }
  }
  return probes;
}
