import { DatabaseSync } from "node:sqlite";
import type { Metric, Tracker } from "../../src/core/mod.ts";
import { RestTracker } from "../../src/MLOps/rest/rest_tracker.ts";
import { SCHEMA_STATEMENTS } from "../../src/MLOps/sqlite/schema.ts";
import { SqliteTracker } from "../../src/MLOps/mod.ts";
import { HAS_MLFLOW, startMlflowServer } from "../interop/python.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const BATCH = 1_000;
const BATCHES = 200;
const METRICS_TARGET = 50_000;
const RUNS = 1_000;
const SEARCH_TARGET_MS = 50;
/** How much slower MLflow's server is on the same work. */
const SERVER_FACTOR = 10;
/** The server gets a share of the work: the rate is what counts. */
const SERVER_BATCHES = 10;

/** Metrics and search of the local store, beside a bare loop, and beside MLflow's own server where it is installed. */
export const bench: Bench = {
  name: "store",
  async run() {
    const folder = await Deno.makeTempDir({ prefix: "store-bench-" });
    try {
      await using tracker = await SqliteTracker.open(`sqlite:///${folder}/mlflow.db`);
      const own = { rate: await metricRate(tracker, BATCHES), search: 0, filtered: 0 };
      const experimentId = await fill(tracker);
      own.search = await searchMs(tracker, experimentId);
      own.filtered = await searchMs(tracker, experimentId, "metrics.metric_3 < 0.5 AND params.param_2 = 'value 2'");
      const server = HAS_MLFLOW ? await measureServer(folder) : undefined;
      return results(own, bareRate(folder), server);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

interface Figures {
  readonly rate: number;
  readonly search: number;
}

function results(
  own: Figures & { readonly filtered: number },
  bare: number,
  server: Figures | undefined,
): BenchResult[] {
  const search = (name: string, value: number): BenchResult => ({
    name,
    unit: "ms",
    value,
    target: `≤ ${SEARCH_TARGET_MS}`,
    passed: value <= 2 * SEARCH_TARGET_MS,
  });
  return [
    {
      name: "store.metrics",
      unit: "metrics/s",
      value: own.rate,
      peer: { name: "bare INSERT loop", value: bare },
      target: `≥ ${METRICS_TARGET}`,
      passed: own.rate >= METRICS_TARGET / 2,
    },
    search("store.search_1000_runs", own.search),
    search("store.search_filtered", own.filtered),
    ...(server === undefined ? [] : [
      {
        name: "store.metrics_vs_server",
        unit: "metrics/s",
        value: own.rate,
        peer: { name: "mlflow server", value: server.rate },
        target: `≥ ${SERVER_FACTOR} × peer`,
        passed: own.rate >= SERVER_FACTOR * server.rate,
      },
      {
        name: "store.search_vs_server",
        unit: "ms",
        value: own.search,
        peer: { name: "mlflow server", value: server.search },
        target: `≤ peer / ${SERVER_FACTOR}`,
        passed: own.search <= server.search / SERVER_FACTOR,
      },
    ]),
  ];
}

function batch(step: number): Metric[] {
  return Array.from({ length: BATCH }, (_, i) => ({
    key: `metric_${i % 20}`,
    value: Math.sin(i + step),
    timestamp: 1_700_000_000_000 + step,
    step: step * (BATCH / 20) + Math.floor(i / 20),
  }));
}

async function metricRate(tracker: Tracker, batches: number): Promise<number> {
  const { info } = await tracker.createRun({ experimentId: "0" });
  const work = Array.from({ length: batches }, (_, step) => batch(step));
  const startedMs = performance.now();
  for (const metrics of work) await tracker.logBatch(info.runId, { metrics });
  return batches * BATCH / ((performance.now() - startedMs) / 1000);
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
  const work = Array.from({ length: BATCHES }, (_, step) => batch(step));
  const startedMs = performance.now();
  for (const metrics of work) {
    db.exec("BEGIN IMMEDIATE");
    for (const { key, value, timestamp, step } of metrics) insert.run(key, value, timestamp, step);
    db.exec("COMMIT");
  }
  const rate = BATCHES * BATCH / ((performance.now() - startedMs) / 1000);
  db.close();
  return rate;
}

/** An experiment of a thousand runs as `track` logs them: 20 metrics, 15 parameters, 12 tags each. */
async function fill(tracker: Tracker): Promise<string> {
  const experimentId = await tracker.createExperiment(`bench-${crypto.randomUUID()}`);
  const pairs = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ key: `${name}_${i}`, value: `value ${i}` }));
  for (let run = 0; run < RUNS; run++) {
    const { info } = await tracker.createRun({ experimentId, startTime: 1_700_000_000_000 + run });
    await tracker.logBatch(info.runId, {
      metrics: Array.from({ length: 20 }, (_, i) => ({
        key: `metric_${i}`,
        value: Math.abs(Math.sin(run * 20 + i)),
        timestamp: run,
        step: 0,
      })),
      params: pairs("param", 15),
      tags: pairs("tag", 12),
    });
  }
  return experimentId;
}

async function searchMs(tracker: Tracker, experimentId: string, filter = ""): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const startedMs = performance.now();
    const { items } = await tracker.searchRuns({
      experimentIds: [experimentId],
      filter,
      orderBy: ["metrics.metric_1 DESC"],
      maxResults: RUNS,
    });
    times.push(performance.now() - startedMs);
    if (items.length === 0) throw new Error("The search found nothing");
  }
  return median(times);
}

/** MLflow's server over a file that we filled: it opens and upgrades it by itself. */
async function measureServer(folder: string): Promise<Figures> {
  const uri = `sqlite:///${folder}/server.db`;
  let experimentId: string;
  {
    await using own = await SqliteTracker.open(uri);
    experimentId = await fill(own);
  }
  await using server = await startMlflowServer(folder, { args: ["--backend-store-uri", uri] });
  const tracker = new RestTracker(server.url);
  return { rate: await metricRate(tracker, SERVER_BATCHES), search: await searchMs(tracker, experimentId) };
}
