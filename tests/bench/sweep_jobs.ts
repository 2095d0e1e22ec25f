/**
 * Fits some jobs on one shared dataset, `WORKERS` side by side, and prints seconds and resident megabytes as JSON: a process
 * of its own, so that what another count of Workers left behind is not measured.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a program of the bench
import { DAY_MS, timeRange } from "../../src/core/mod.ts";
import { buildDataset } from "../../src/ml/dataset.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import { fitJobOf } from "../../src/ml/jobs/fit_job.ts";
import { runInWorker } from "../../src/ml/jobs/run_in_worker.ts";
import { runJobs } from "../../src/ml/jobs/run_jobs.ts";
import { shareDataset, type SharedDataset } from "../../src/ml/jobs/shared_dataset.ts";
import { randomCandles } from "../ml/candles.ts";
import { SETTINGS } from "../ml/jobs/small_job.ts";

const [workers, trials, days, epochs] = Deno.args.map(Number) as [number, number, number, number];
const family = Deno.args[4] === "har" ? "har" : "mlp";
const startMs = Date.UTC(2022, 0, 1), engine = defaultFeatureEngine();

/** Made in a function, so that the columns that are not shared are garbage once they have been copied. */
function sharedCandles() {
  const candles = randomCandles(days * 1440, { seed: 5, startMs });
  const dataset = buildDataset(candles, engine, { horizonMinutes: 15, sinceMs: startMs });
  return shareDataset(dataset);
}

/** The same in memory that a message copies, to see what that would cost. */
function unshared(shared: SharedDataset): SharedDataset {
  const { features, labels } = shared;
  const { returnBps, realizedVarianceBps2, scorable } = labels;
  return {
    ...shared,
    features: { ...features, columns: features.columns.map((column) => column.slice()) },
    labels: {
      ...labels,
      returnBps: returnBps.slice(),
      realizedVarianceBps2: realizedVarianceBps2.slice(),
      scorable: scorable.slice(),
    },
  };
}

const dataset = Deno.args[5] === "copied" ? unshared(sharedCandles()) : sharedCandles();
const settings = { ...SETTINGS, range: timeRange(startMs, startMs + days * DAY_MS), quick: false, family } as const;
const jobs = Array.from({ length: trials }, (_, i) =>
  fitJobOf({
    dataset: { sha256: "c".repeat(64), featureSetDigest: engine.digest },
    code: { commit: null, lockSha256: null },
    settings: { ...settings, seed: i + 1, mlp: { ...settings.mlp, hidden: [64, 64], epochs, patience: epochs } },
  }));
const megabytes = () => Deno.memoryUsage().rss / 1e6;
const before = megabytes();
let peak = before;
const watch = setInterval(() => peak = Math.max(peak, megabytes()), 50);
const startedAtMs = performance.now();
const outcomes = await runJobs(jobs, (job) => runInWorker(job, dataset), { concurrency: workers });
const seconds = (performance.now() - startedAtMs) / 1000;
clearInterval(watch);
const failed = outcomes.filter(({ state }) => state !== "done").length;
const columns = dataset.features.columns.length;
const sharedMegabytes = (4 * columns + 8 + 16 + 9) * dataset.features.length / 1e6;
console.log(JSON.stringify({ seconds, failed, before, peak, columns, sharedMegabytes }));
