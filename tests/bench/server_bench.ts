import { startMlflowUi } from "../e2e/mlflow_ui_server.ts";
import { HAS_MLFLOW, startMlflowServer } from "../interop/python.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";
import { httpLoad, postBytes } from "./http_load.ts";
import { makeRunStore, metricBatch, METRICS_PER_BATCH } from "./run_store.ts";

const RUNS = 1_000;
const MANY_RUNS = 30_000;
const STARTS = 3;
const LOAD_SECONDS = 4;
const BATCHES = 20;
const UPLOAD_MB = 200;
/** How much slower MLflow's server is on the same work. */
const PEER_FACTOR = 10;
const START_TARGET_MS = 500;
const PAGE_TARGET_MS = 300;
const SEARCH_TARGET_MS = 300;
const IDLE_TARGET_MB = 150;
const SERVED_TARGET_MB = 250;
const UPLOAD_TARGET_MB = 100;

/** Our server, and MLflow's own where it is installed, over stores with the same rows. */
export const bench: Bench = {
  name: "server",
  async run() {
    const folder = await Deno.makeTempDir({ prefix: "server-bench-" });
    try {
      const experimentId = await makeRunStore(`${folder}/mlflow.db`, RUNS);
      const own = await measureOwn(folder, experimentId);
      const many = `${folder}/many`;
      await Deno.mkdir(many);
      const manyId = await makeRunStore(`${many}/mlflow.db`, MANY_RUNS);
      const firstPageMs = await withOwn(many, ({ url }) => searchMs(url, manyId, 100));
      return results(own, firstPageMs, HAS_MLFLOW ? await measurePeer(folder) : undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/** What is measured of both servers. */
interface Work {
  readonly logMetricPerSecond: number;
  readonly batchedPerSecond: number;
  readonly searchMs: number;
}

interface Own extends Work {
  readonly startMs: number;
  readonly pageMs: number;
  readonly idleMb: number;
  readonly servedMb: number;
  readonly uploadMb: number;
}

async function measureOwn(folder: string, experimentId: string): Promise<Own> {
  const starts: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const startedMs = performance.now();
    await using ui = await startMlflowUi({ folder });
    await answer(await fetch(`${ui.url}/health`));
    starts.push(performance.now() - startedMs);
  }
  await using ui = await startMlflowUi({ folder });
  const idleMb = await residentMb(ui.pid, "VmRSS");
  const search = await searchMs(ui.url, experimentId, RUNS);
  const pages: number[] = [];
  for (let i = 0; i < 9; i++) {
    const startedMs = performance.now();
    await answer(await fetch(`${ui.url}/experiments/${experimentId}`));
    pages.push(performance.now() - startedMs);
  }
  const servedMb = await residentMb(ui.pid, "VmRSS");
  const work = await measureWrites(ui.url);
  return {
    ...work,
    searchMs: search,
    startMs: median(starts),
    pageMs: median(pages),
    idleMb,
    servedMb,
    uploadMb: await withOwn(folder, uploadMb),
  };
}

async function withOwn(folder: string, measure: (ui: { url: string; pid: number }) => Promise<number>) {
  await using ui = await startMlflowUi({ folder });
  return await measure(ui);
}

/** MLflow's server over a file that we filled: it opens and upgrades it by itself. */
async function measurePeer(folder: string): Promise<Work> {
  const place = `${folder}/peer`;
  await Deno.mkdir(place);
  const experimentId = await makeRunStore(`${place}/mlflow.db`, RUNS);
  await using server = await startMlflowServer(place, {
    args: ["--backend-store-uri", `sqlite:///${place}/mlflow.db`],
  });
  return { ...await measureWrites(server.url), searchMs: await searchMs(server.url, experimentId, RUNS) };
}

async function measureWrites(url: string): Promise<Omit<Work, "searchMs">> {
  const { run } = await postJson(url, "runs/create", { experiment_id: "0" }) as { run: { info: { run_id: string } } };
  const { run_id } = run.info;
  let step = 0; // another point each time, as the same one again is no new row
  const request = () =>
    postBytes("/api/2.0/mlflow/runs/log-metric", {
      run_id,
      key: "loss",
      value: 0.25,
      timestamp: 1_700_000_000_000,
      step: step++,
    });
  await httpLoad(url, { connections: 1, seconds: 1, request });
  const load = await httpLoad(url, { connections: 1, seconds: LOAD_SECONDS, request });
  if (load.failed > 0) throw new Error(`${load.failed} metrics were refused`);
  const startedMs = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    await postJson(url, "runs/log-batch", { run_id, metrics: metricBatch(batch) });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { logMetricPerSecond: load.perSecond, batchedPerSecond: BATCHES * METRICS_PER_BATCH / seconds };
}

async function searchMs(url: string, experimentId: string, maxResults: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const startedMs = performance.now();
    await postJson(url, "runs/search", {
      experiment_ids: [experimentId],
      order_by: ["metrics.metric_1 DESC"],
      max_results: maxResults,
    });
    times.push(performance.now() - startedMs);
  }
  return median(times);
}

/**
 * How far an upload lifts the process above what it held before, at its peak. Over a socket, with its length announced
 * as MLflow's clients do: `fetch` sends a stream in chunks, of which Deno's server keeps all that came.
 */
async function uploadMb({ url, pid }: { readonly url: string; readonly pid: number }): Promise<number> {
  const before = await residentMb(pid, "VmRSS");
  const { hostname, port } = new URL(url);
  const socket = await Deno.connect({ hostname, port: Number(port) });
  const writer = socket.writable.getWriter();
  const head =
    `PUT /api/2.0/mlflow-artifacts/artifacts/upload.bin HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n` +
    `content-length: ${UPLOAD_MB << 20}\r\n\r\n`;
  await writer.write(new TextEncoder().encode(head));
  const megabyte = new Uint8Array(1 << 20);
  for (let i = 0; i < UPLOAD_MB; i++) await writer.write(megabyte);
  const text = await new Response(socket.readable).text();
  if (!text.startsWith("HTTP/1.1 200")) throw new Error(`The upload was answered with ${text.slice(0, 300)}`);
  return await residentMb(pid, "VmHWM") - before;
}

async function postJson(url: string, route: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/api/2.0/mlflow/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return JSON.parse(await answer(response));
}

async function answer(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
}

/** A process's memory as Linux tells it: `VmRSS` now, `VmHWM` at its peak. Deno itself reads /proc only with all grants. */
async function residentMb(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const code = `import sys; print(open(f"/proc/{sys.argv[1]}/status").read())`;
  const { stdout } = await new Deno.Command("python3", { args: ["-c", code, String(pid)], stderr: "inherit" }).output();
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(new TextDecoder().decode(stdout))![1]) / 1024;
}

function results(own: Own, firstPageMs: number, peer: Work | undefined): BenchResult[] {
  const limit = (name: string, value: number, unit: string, target: number): BenchResult => ({
    name: `server.${name}`,
    unit,
    value,
    target: `≤ ${target}`,
    passed: value <= (unit === "ms" ? 2 : 1) * target,
  });
  const beside = (value: number) => ({ name: "mlflow server", value });
  return [
    limit("start", own.startMs, "ms", START_TARGET_MS),
    limit("resident_idle", own.idleMb, "MB", IDLE_TARGET_MB),
    limit("resident_after_1000_runs", own.servedMb, "MB", SERVED_TARGET_MB),
    limit("upload_of_200_mb_adds", own.uploadMb, "MB", UPLOAD_TARGET_MB),
    limit("runs_page_of_1000", own.pageMs, "ms", PAGE_TARGET_MS),
    limit("first_page_of_30000_runs", firstPageMs, "ms", SEARCH_TARGET_MS),
    ...(peer === undefined ? [] : [
      {
        name: "server.log_metric",
        unit: "requests/s",
        value: own.logMetricPerSecond,
        peer: beside(peer.logMetricPerSecond),
        target: `≥ ${PEER_FACTOR} × peer`,
        passed: own.logMetricPerSecond >= PEER_FACTOR * peer.logMetricPerSecond,
      },
      {
        name: "server.batched_metrics",
        unit: "metrics/s",
        value: own.batchedPerSecond,
        peer: beside(peer.batchedPerSecond),
        target: "≥ peer",
        passed: own.batchedPerSecond >= peer.batchedPerSecond,
      },
      {
        name: "server.search_1000_runs",
        unit: "ms",
        value: own.searchMs,
        peer: beside(peer.searchMs),
        target: `≤ peer / ${PEER_FACTOR}`,
        passed: own.searchMs <= peer.searchMs / PEER_FACTOR,
      },
    ]),
  ];
}
