/** The pages over a store with something of everything, served to a browser. */
import { assertEquals } from "@std/assert";
import { PDFDocument } from "pdf-lib";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { withAliasMove } from "../../src/MLOps/promotion/mod.ts";
import { fakeGate } from "../MLOps/promotion/fake_gate.ts";
import { finishedRun } from "../MLOps/promotion/finished_run.ts";
import { NOW_MS, type TestApp, testApp } from "../MLOps/server/test_app.ts";
import { browser, closeBrowser } from "./chromium.ts";

/** What would run if anything were left unescaped. */
export const HOSTILE = `"><script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;

const MODEL_CARD = [
  "flavors:",
  "  python_function:",
  "    loader_module: mlflow.onnx",
  "  onnx:",
  "    onnx_version: 1.17.0",
  "model_id: m-1",
  "signature:",
  `  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 24]}, "name": "features"}]'`,
  `  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 9]}, "name": "forecast"}]'`,
  "",
].join("\n");

/** The pages as they are served to the tests of a file. */
export interface Site {
  readonly app: TestApp;
  readonly origin: string;
  readonly experimentId: string;
  /** Four runs, newest first; the last is under way. */
  readonly runIds: readonly string[];
  /** All pages that hold something. */
  paths(): readonly string[];
}

/** Serves the pages while the tests of this file run; what it gives is filled before the first. */
export function servePages(): Site {
  const site = { paths: () => paths(site) } as { -readonly [K in keyof Site]: Site[K] };
  let server: Deno.HttpServer<Deno.NetAddr>;
  Deno.test.beforeAll(async () => {
    site.app = await testApp("sqlite", { promotion: fakeGate() });
    server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => site.app.app.fetch(request));
    site.origin = `http://127.0.0.1:${server.addr.port}`;
    Object.assign(site, await seed(site.app));
  });
  Deno.test.afterAll(async () => {
    await closeBrowser();
    await server.shutdown();
    await site.app[Symbol.asyncDispose]();
  });
  return site;
}

async function seed(app: TestApp): Promise<{ readonly experimentId: string; readonly runIds: readonly string[] }> {
  const { tracker, registry } = app;
  const runIds: string[] = [];
  const experimentId = await tracker.createExperiment("btcusdt-15m");
  for (let k = 0; k < 4; k++) {
    const { info } = await tracker.createRun({ experimentId, runName: `run ${k}`, startTime: NOW_MS - k * 60_000 });
    await tracker.logBatch(info.runId, {
      metrics: [
        ...Array.from(
          { length: 50 },
          (_, step) => ({ key: "loss", value: (1 + k) / (step + 1), timestamp: step, step }),
        ),
        ...Array.from({ length: 12 }, (_, i) => ({ key: `score.${i}`, value: i + k / 10, timestamp: 1, step: 0 })),
      ],
      params: [
        ...Array.from({ length: 12 }, (_, i) => ({ key: `param.${i}`, value: String(i === 0 ? k : i) })),
        { key: "model", value: k % 2 === 0 ? "mlp" : "har" },
      ],
      tags: [{ key: "hostile", value: HOSTILE }],
    });
    if (k < 3) await tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS });
    runIds.push(info.runId);
  }
  const text = (content: string) => new TextEncoder().encode(content);
  await tracker.writeArtifact({ runId: runIds[0]! }, "evaluation/verdict.json", text('{"passed":true}'));
  await tracker.writeArtifact({ runId: runIds[0]! }, "evaluation/rows.csv", text("a,b\n1,2\n"));
  await tracker.writeArtifact({ runId: runIds[0]! }, "evil.html", text(HOSTILE));
  const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>';
  await tracker.writeArtifact({ runId: runIds[0]! }, "figure.svg", text(picture));
  await tracker.writeArtifact({ runId: runIds[0]! }, "report.pdf", await smallPdf());
  await tracker.logInputs(runIds[0]!, {
    datasets: [{
      dataset: {
        name: "candles",
        digest: "4f2a",
        sourceType: "local",
        source: '{"path":"feature_store"}',
        schema: '{"columns":["open","high","low","close","volume","quoteVolume","tradeCount"]}',
      },
      tags: [{ key: "mlflow.data.context", value: "training" }],
    }],
  });
  const model = await tracker.createLoggedModel({ experimentId, name: "model", sourceRunId: runIds[0]! });
  await tracker.writeArtifact({ modelId: model.modelId }, "MLmodel", text(MODEL_CARD));
  await registry.createRegisteredModel("bitcoin-model", { description: HOSTILE });
  await registry.createModelVersion({
    name: "bitcoin-model",
    source: `models:/${model.modelId}`,
    modelId: model.modelId,
    runId: runIds[0]!,
    tags: [{ key: "gate.passed", value: "true" }],
  });
  const recorded = { atMs: NOW_MS, kind: "promotion", by: "ada", why: HOSTILE } as const;
  const moveTo = (to: string, from: string | undefined) => {
    const move = { ...recorded, to, ...(from === undefined ? {} : { from }) };
    return registry.moveAlias("bitcoin-model", "production", {
      from,
      to,
      tag: (model) => withAliasMove(model, "production", move),
    });
  };
  await moveTo("1", undefined);
  for (const metrics of [{}, {}, { qlike_gain_har_x_low: -0.5 }]) {
    const run = await finishedRun(tracker, { metrics, startTime: NOW_MS });
    const modelId = run.modelOutputs[0]!.modelId;
    await registry.createModelVersion({
      name: "bitcoin-model",
      source: `models:/${modelId}`,
      modelId,
      runId: run.info.runId,
    });
  }
  await moveTo("2", "1");
  return { experimentId, runIds };
}

async function smallPdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage([200, 200]);
  return await document.save();
}

function paths({ experimentId, runIds }: Site): readonly string[] {
  const run = `/experiments/${experimentId}/runs/${runIds[0]}`;
  return [
    "/",
    `/experiments/${experimentId}`,
    `/experiments/${experimentId}?filter=nonsense`,
    `/experiments/${experimentId}/models`,
    run,
    `${run}/metric?key=loss`,
    `${run}/artifacts`,
    `${run}/artifacts?path=evaluation/verdict.json`,
    `${run}/artifacts?path=evaluation/rows.csv`,
    `${run}/artifacts?path=figure.svg`,
    `${run}/artifacts?path=evil.html`,
    `/compare?run=${runIds[0]}&run=${runIds[1]}&run=${runIds[2]}`,
    `${run}/artifacts?path=report.pdf`,
    `/models/bitcoin-model/versions/1/artifacts?path=MLmodel`,
    `/compare?run=${runIds[0]}&run=${
      runIds[1]
    }&sx=params.model&sy=metrics.loss&axes=1&axis=params.model&axis=metrics.loss`,
    "/models",
    "/models/bitcoin-model",
    "/models/bitcoin-model/versions/1",
    "/models/bitcoin-model/versions/3",
  ];
}

/** Opens a page, and fails at its end if the browser complained or something came from elsewhere. */
export async function withPage(
  run: (page: Page, context: BrowserContext) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await (await browser()).newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      // Pages of 404 and 422 are looked at as well.
      if (/server responded with a status of 4/.test(message.text())) return;
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:|chrome:|chrome-extension:|about:|data:)/.test(request.url())) {
        complaints.push(`asked for ${request.url()}`);
      }
    });
    await run(page, context);
    assertEquals(complaints, []);
  } finally {
    await context.close();
  }
}
