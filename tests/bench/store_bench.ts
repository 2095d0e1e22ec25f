import { DatabaseSync } from "node:sqlite";
import type { Tracker } from "../../src/core/mod.ts";
import { SCHEMA_STATEMENTS } from "../../src/MLOps/sqlite/schema.ts";
import { SqliteTracker } from "../../src/MLOps/mod.ts";
import { type Bench, median } from "./bench.ts";
import { makeRunStore, metricBatch, METRICS_PER_BATCH } from "./run_store.ts";

const BATCHES = 200;
const METRICS_TARGET = 50_000;
const RUNS = 1_000;
const SEARCH_TARGET_MS = 50;
const MANY_RUNS = 30_000;
const FIRST_PAGE_TARGET_MS = 300;
const FIRST_PAGE = 100;
const FILTER = "metrics.metric_3 < 0.5 AND params.param_2 = 'value 2'";
const BY_METRIC = ["metrics.metric_1 DESC"];

/** Metrics and search of the local store, the writing beside a bare loop of SQLite's. */
export const bench: Bench = {
  name: "store",
  async run() {
    const folder = await Deno.makeTempDir({ prefix: "store-bench-" });
    try {
      const rate = await metricRate(folder);
      const search = (name: string, value: number, targetMs: number) => ({
        name: `store.${name}`,
        unit: "ms",
        value,
        target: `≤ ${targetMs}`,
        passed: value <= 2 * targetMs,
      });
      const thousand = await searches(`${folder}/thousand.db`, RUNS, RUNS);
      const many = await searches(`${folder}/many.db`, MANY_RUNS, FIRST_PAGE);
      return [
        {
          name: "store.metrics",
          unit: "metrics/s",
          value: rate,
          peer: { name: "bare INSERT loop", value: bareRate(folder) },
          target: `≥ ${METRICS_TARGET}`,
          passed: rate >= METRICS_TARGET / 2,
        },
        search("search_1000_runs", thousand.ordered, SEARCH_TARGET_MS),
        search("search_filtered", thousand.filtered, SEARCH_TARGET_MS),
        search("first_page_of_30000_runs", many.newest, FIRST_PAGE_TARGET_MS),
        search("first_page_by_metric", many.ordered, FIRST_PAGE_TARGET_MS),
        search("first_page_filtered", many.filtered, FIRST_PAGE_TARGET_MS),
      ];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/** Metrics a second that a tracker of its own takes in full batches. */
async function metricRate(folder: string): Promise<number> {
  await using tracker = await SqliteTracker.open(`sqlite:///${folder}/rate.db`);
  const { info } = await tracker.createRun({ experimentId: "0" });
  const work = Array.from({ length: BATCHES }, (_, step) => metricBatch(step));
  const startedMs = performance.now();
  for (const metrics of work) await tracker.logBatch(info.runId, { metrics });
  return BATCHES * METRICS_PER_BATCH / ((performance.now() - startedMs) / 1000);
}

/** The same rows by one prepared INSERT, a transaction a batch: what SQLite itself takes. */
function bareRate(folder: string): number {
  const db = new DatabaseSync(`${folder}/bare.db`);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  for (const statement of SCHEMA_STATEMENTS) db.exec(statement);
  db.exec(
    "INSERT INTO experiments (experiment_id, name) VALUES (0, 'Default'); INSERT INTO runs (run_uuid) VALUES ('r')",
  );
  const insert = db.prepare(
    `INSERT INTO metrics (run_uuid, "key", value, timestamp, step, is_nan) VALUES ('r', ?, ?, ?, ?, 0)`,
  );
  const work = Array.from({ length: BATCHES }, (_, step) => metricBatch(step));
  const startedMs = performance.now();
  for (const metrics of work) {
    db.exec("BEGIN IMMEDIATE");
    for (const { key, value, timestamp, step } of metrics) insert.run(key, value, timestamp, step);
    db.exec("COMMIT");
  }
  const rate = BATCHES * METRICS_PER_BATCH / ((performance.now() - startedMs) / 1000);
  db.close();
  return rate;
}

async function searches(path: string, runs: number, maxResults: number) {
  const experimentId = await makeRunStore(path, runs);
  await using tracker = await SqliteTracker.open(`sqlite:///${path}`);
  const search = (filter: string, orderBy: readonly string[]) =>
    searchMs(tracker, { experimentId, filter, orderBy, maxResults });
  return {
    newest: await search("", []),
    ordered: await search("", BY_METRIC),
    filtered: await search(FILTER, BY_METRIC),
  };
}

async function searchMs(
  tracker: Tracker,
  { experimentId, filter, orderBy, maxResults }: {
    readonly experimentId: string;
    readonly filter: string;
    readonly orderBy: readonly string[];
    readonly maxResults: number;
  },
): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const startedMs = performance.now();
    const { items } = await tracker.searchRuns({ experimentIds: [experimentId], filter, orderBy, maxResults });
    times.push(performance.now() - startedMs);
    if (items.length === 0) throw new Error("The search found nothing");
  }
  return median(times);
}
