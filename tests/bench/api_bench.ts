import { encodeMlModel } from "../../src/MLOps/mod.ts";
import { encodeModelFiles } from "../../src/ml/models/model_files.ts";
import { registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { openStores, putCandles, startApi } from "../e2e/service_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { randomNetworkModel, sampleDataset, sampleRows } from "../ml/models/sample_models.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";
import { pythonPath } from "../interop/python.ts";
import type { LoadResult } from "./http_load.ts";
import { wrkLoad } from "./wrk.ts";

const BARE_SERVER = `
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
  const { features } = await request.json();
  return new Response(JSON.stringify({ sum: features.length }), { headers: { "content-type": "application/json" } });
});
console.log(server.addr.port);
`;

/** Requests over which resident memory must stay flat, and those after which it is looked at first. */
const SOAK_REQUESTS = 1_000_000, SOAK_WARM = 200_000;

/** The service on a network, logging on, beside FastAPI with onnxruntime on the same network and a bare `Deno.serve`. */
export const bench: Bench = {
  name: "api",
  async run() {
    await using tmp = await tmpDir();
    await putCandles(tmp.path, randomCandles(30 * 1440));
    const files = networkFiles();
    {
      await using stores = await openStores(tmp.path);
      await registerModel(stores, files);
    }
    await Deno.writeFile(`${tmp.path}/model.onnx`, files.get("model.onnx")!);
    const readyMs: number[] = [];
    for (let i = 0; i < 3; i++) {
      await using api = await startApi(tmp.path);
      readyMs.push(api.readyMs);
    }
    await using bare = await startBare();
    await using peer = await startPeer(`${tmp.path}/model.onnx`);
    await using api = await startApi(tmp.path);
    await checkSameAnswers(api.url, peer.url);
    const [ours, theirs, bares] = await measureInTurn([api.url, peer.url, bare.url]);
    const forecasts = await sound(wrkLoad(api.url, { path: "/v1/forecast" }, { connections: 1, seconds: 4 }));
    return figures({
      ours: ours!,
      theirs: theirs!,
      bares: bares!,
      forecasts,
      readyMs: median(readyMs),
      soak: await soak(api.url),
    });
  },
};

interface Measured {
  readonly one: LoadResult;
  readonly many: LoadResult;
  readonly batches: LoadResult;
}

const ROW = { path: "/predict", body: { features: plainRow() } };
const BATCH = { path: "/predict", body: { features: Array.from({ length: 256 }, (_, i) => plainRow(i / 100)) } };
const ROUNDS = 3;

/** Servers in turn, so that whatever else the machine does slows all alike; of each figure the median. */
async function measureInTurn(urls: readonly string[]): Promise<Measured[]> {
  for (const url of urls) await wrkLoad(url, ROW, { connections: 4, seconds: 2 });
  const rounds: Measured[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const measured: Measured[] = [];
    for (const url of urls) {
      measured.push({
        one: await sound(wrkLoad(url, ROW, { connections: 1, seconds: 2 })),
        many: await sound(wrkLoad(url, ROW, { connections: 16, seconds: 3 })),
        batches: await sound(wrkLoad(url, BATCH, { connections: 1, seconds: 2 })),
      });
    }
    rounds.push(measured);
  }
  return urls.map((_, server) => {
    const middle = (load: keyof Measured): LoadResult => {
      const of = (figure: keyof LoadResult) => median(rounds.map((round) => round[server]![load][figure]));
      return { perSecond: of("perSecond"), p50Ms: of("p50Ms"), p99Ms: of("p99Ms"), failed: of("failed") };
    };
    return { one: middle("one"), many: middle("many"), batches: middle("batches") };
  });
}

async function sound(load: Promise<LoadResult>): Promise<LoadResult> {
  const result = await load;
  if (result.failed > 0) throw new Error(`${result.failed} requests were answered with something else than 200`);
  return result;
}

/** Two servers of one model must agree, or they are not compared on the same work. */
async function checkSameAnswers(...urls: readonly string[]): Promise<void> {
  const [ours, theirs] = await Promise.all(urls.map(async (url) => {
    const body = JSON.stringify({ features: [plainRow(), plainRow(2)] });
    const answer = await fetch(`${url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return (await answer.json()).predictions as { readonly quantilesBps: Readonly<Record<string, number>> }[];
  }));
  for (const [i, row] of ours!.entries()) {
    for (const [level, value] of Object.entries(row.quantilesBps)) {
      const other = theirs![i]!.quantilesBps[level]!;
      if (!(Math.abs(value - other) <= 1e-3 * Math.max(1, Math.abs(value)))) {
        throw new Error(`The peer answers ${other} where the service answers ${value}`);
      }
    }
  }
}

/** Resident megabytes after some and after very many requests. */
async function soak(
  url: string,
): Promise<{ readonly first: number; readonly last: number; readonly requests: number }> {
  let requests = 0, first: number | undefined;
  while (requests < SOAK_REQUESTS) {
    requests += 5 * (await sound(wrkLoad(url, ROW, { connections: 16, seconds: 5 }))).perSecond;
    if (requests >= SOAK_WARM) first ??= await rssMb(url);
  }
  return { first: first!, last: await rssMb(url), requests };
}

interface Figures {
  readonly ours: Measured;
  readonly theirs: Measured;
  readonly bares: Measured;
  readonly forecasts: LoadResult;
  readonly readyMs: number;
  readonly soak: Awaited<ReturnType<typeof soak>>;
}

function figures({ ours, theirs, bares, forecasts, readyMs, soak }: Figures): BenchResult[] {
  const fastApi = (value: number) => ({ name: "FastAPI and onnxruntime", value });
  return [
    {
      name: "api.one_row_p50",
      unit: "ms",
      value: ours.one.p50Ms,
      peer: fastApi(theirs.one.p50Ms),
      target: "≤ 0.3",
      passed: ours.one.p50Ms <= Math.max(0.3, theirs.one.p50Ms / 4),
    },
    {
      name: "api.16_connections",
      unit: "requests/s",
      value: ours.many.perSecond,
      peer: fastApi(theirs.many.perSecond),
      target: "≥ 4 × the peer's",
      passed: ours.many.perSecond >= 4 * theirs.many.perSecond,
    },
    {
      name: "api.16_connections_p99",
      unit: "ms",
      value: ours.many.p99Ms,
      peer: { name: "a bare Deno.serve", value: bares.many.p99Ms },
      target: "≤ 5, or the peer's + 2",
      passed: ours.many.p99Ms <= Math.max(5, bares.many.p99Ms + 2),
    },
    {
      name: "api.batch_256_p50",
      unit: "ms",
      value: ours.batches.p50Ms,
      peer: fastApi(theirs.batches.p50Ms),
      target: "≤ 3",
      passed: ours.batches.p50Ms <= 6,
    },
    { name: "api.forecast_p50", unit: "ms", value: forecasts.p50Ms, target: "≤ 0.5", passed: forecasts.p50Ms <= 1 },
    { name: "api.ready", unit: "ms", value: readyMs, target: "≤ 1000", passed: readyMs <= 2000 },
    { name: "api.resident", unit: "MB", value: soak.last, target: "≤ 150", passed: soak.last <= 150 },
    {
      name: "api.resident_growth",
      unit: "MB",
      value: soak.last - soak.first,
      target: `≤ 15 from ${SOAK_WARM.toLocaleString("en")} to ${
        Math.round(soak.requests).toLocaleString("en")
      } requests`,
      passed: soak.last - soak.first <= 15,
    },
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

interface Server extends AsyncDisposable {
  readonly url: string;
}

async function startBare(): Promise<Server> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, BARE_SERVER);
  const args = ["run", "-q", "--no-config", "--no-prompt", "--allow-net=127.0.0.1", file];
  return await startServer("deno", args, () => Deno.remove(file));
}

async function startPeer(model: string): Promise<Server> {
  const server = await startServer(pythonPath(), [new URL("api_peer.py", import.meta.url).pathname, model]);
  for (let tries = 0;; tries++) {
    try {
      await (await fetch(`${server.url}/openapi.json`)).body?.cancel();
      return server;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Starts a program whose first word on stdout is its port. */
async function startServer(program: string, args: readonly string[], onEnd = () => Promise.resolve()): Promise<Server> {
  const child = new Deno.Command(program, { args: [...args], stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: `http://127.0.0.1:${value.trim()}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await onEnd();
    },
  };
}

/** Resident memory, as the service says it. */
async function rssMb(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)![1]) / 1_048_576;
}
