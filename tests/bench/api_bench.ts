import { encodeMlModel } from "../../src/MLOps/mod.ts";
import { encodeModelFiles } from "../../src/ml/models/model_files.ts";
import { registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { openStores, putCandles, startApi } from "../e2e/service_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { randomNetworkModel, sampleDataset, sampleRows } from "../ml/models/sample_models.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";
import { getBytes, httpLoad, type LoadResult, postBytes } from "./http_load.ts";

/** FastAPI with onnxruntime and uvloop at 16 connections on an idle machine with two cores. */
const FASTAPI_PER_SECOND = 4280;
const BARE_SERVER = `
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
  const { features } = await request.json();
  return new Response(JSON.stringify({ sum: features.length }), { headers: { "content-type": "application/json" } });
});
console.log(server.addr.port);
`;

/** The service on a network, logging on, beside a `Deno.serve` that only parses the same body. */
export const bench: Bench = {
  name: "api",
  async run() {
    await using tmp = await tmpDir();
    await putCandles(tmp.path, randomCandles(30 * 1440));
    {
      await using stores = await openStores(tmp.path);
      await registerModel(stores, networkFiles());
    }
    const readyMs: number[] = [];
    for (let i = 0; i < 3; i++) {
      await using api = await startApi(tmp.path);
      readyMs.push(api.readyMs);
    }
    await using bare = await startBare();
    await using api = await startApi(tmp.path);
    const row = postBytes("/predict", { features: plainRow() });
    const batch = postBytes("/predict", { features: Array.from({ length: 256 }, (_, i) => plainRow(i / 100)) });
    const load = (url: string, request: Uint8Array, connections: number, seconds = 4) =>
      httpLoad(url, { connections, seconds, request });
    await load(api.url, row, 4, 2);
    await load(bare.url, row, 4, 2);
    const one = await load(api.url, row, 1), bareOne = await load(bare.url, row, 1);
    const many = await load(api.url, row, 16), bareMany = await load(bare.url, row, 16);
    const batches = await load(api.url, batch, 1);
    const forecasts = await load(api.url, getBytes("/v1/forecast"), 1);
    const all: readonly LoadResult[] = [one, many, batches, forecasts];
    if (all.some(({ failed }) => failed > 0)) throw new Error("the service answered something else than 200");
    return figures({
      one,
      bareOne,
      many,
      bareMany,
      batches,
      forecasts,
      readyMs: median(readyMs),
      rss: await rssMb(api.url),
    });
  },
};

interface Measured {
  readonly one: LoadResult;
  readonly bareOne: LoadResult;
  readonly many: LoadResult;
  readonly bareMany: LoadResult;
  readonly batches: LoadResult;
  readonly forecasts: LoadResult;
  readonly readyMs: number;
  readonly rss: number;
}

function figures(measured: Measured): BenchResult[] {
  const { one, bareOne, many, bareMany, batches, forecasts, readyMs, rss } = measured;
  const bare = (value: number) => ({ name: "a bare Deno.serve", value });
  return [
    {
      name: "api.one_row_p50",
      unit: "ms",
      value: one.p50Ms,
      peer: bare(bareOne.p50Ms),
      target: "≤ 0.3",
      passed: one.p50Ms - bareOne.p50Ms <= 0.3,
    },
    {
      name: "api.16_connections_p99",
      unit: "ms",
      value: many.p99Ms,
      peer: bare(bareMany.p99Ms),
      target: "≤ 5, or the peer's + 2",
      passed: many.p99Ms <= Math.max(5, bareMany.p99Ms + 2),
    },
    {
      name: "api.16_connections",
      unit: "requests/s",
      value: many.perSecond,
      peer: bare(bareMany.perSecond),
      target: `≥ ${4 * FASTAPI_PER_SECOND}, or half the peer's`,
      passed: many.perSecond >= Math.min(4 * FASTAPI_PER_SECOND, bareMany.perSecond / 2),
    },
    { name: "api.batch_256_p50", unit: "ms", value: batches.p50Ms, target: "≤ 3", passed: batches.p50Ms <= 6 },
    { name: "api.forecast_p50", unit: "ms", value: forecasts.p50Ms, target: "≤ 0.5", passed: forecasts.p50Ms <= 1 },
    { name: "api.ready", unit: "ms", value: readyMs, target: "≤ 1000", passed: readyMs <= 2000 },
    { name: "api.resident", unit: "MB", value: rss, target: "≤ 150", passed: rss <= 300 },
  ];
}

/** A network model with random weights: as much arithmetic as a trained one. */
function networkFiles(): Map<string, Uint8Array> {
  const sample = sampleDataset();
  const identity = {
    modelId: `m-${"0".repeat(32)}`,
    runId: "f".repeat(32),
    artifactUri: "memory:/m",
    createdAtMs: 0,
    metadata: {},
  };
  return encodeModelFiles(randomNetworkModel(sample), sampleRows(sample, 8), identity, encodeMlModel);
}

async function startBare(): Promise<AsyncDisposable & { readonly url: string }> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, BARE_SERVER);
  const child = new Deno.Command("deno", {
    args: ["run", "-q", "--no-config", "--no-prompt", "--allow-net=127.0.0.1", file],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: `http://127.0.0.1:${value.trim()}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await Deno.remove(file);
    },
  };
}

/** Resident memory, as the service says it. */
async function rssMb(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)![1]) / 1_048_576;
}
