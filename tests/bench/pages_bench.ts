import { openTrackerAt } from "../../src/MLOps/open.ts";
import { browser, closeBrowser, hasBrowser } from "../browser/chromium.ts";
import { startMlflowUi } from "../e2e/mlflow_ui_server.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const RUNS = 1_000, METRICS = 20;
const REPEATS = 9;
const TARGET_MS = 300;

/** The page of an experiment of 1,000 runs with 20 metrics each: as the server sends it, and as a browser shows it. */
export const bench: Bench = {
  name: "pages",
  async run() {
    await using tmp = await tmpDir();
    const experimentId = await seed(tmp.path);
    await using ui = await startMlflowUi({ folder: tmp.path });
    const url = `${ui.url}/experiments/${experimentId}`;
    const first = await serverMs(url);
    return [
      result("pages.first_request (1,000 runs × 20 metrics)", first),
      result("pages.runs_of_1000", median(await repeated(() => serverMs(url)))),
      result(
        "pages.runs_of_1000_ordered_by_metric",
        median(await repeated(() => serverMs(`${url}?order=metrics.m.7`))),
      ),
      result("pages.runs_of_1000_rows_250", median(await repeated(() => serverMs(`${url}?size=250`)))),
      ...(hasBrowser() ? [result("pages.runs_of_1000_shown", await shownMs(url))] : []),
    ];
  },
};

function result(name: string, value: number): BenchResult {
  return { name, unit: "ms", value, target: `≤ ${TARGET_MS}`, passed: value <= 2 * TARGET_MS };
}

async function seed(folder: string): Promise<string> {
  await using tracker = await openTrackerAt(`sqlite:///${folder}/mlflow.db`, { artifactRoot: `${folder}/artifacts` });
  const experimentId = await tracker.createExperiment("bench");
  for (let k = 0; k < RUNS; k++) {
    const { info } = await tracker.createRun({ experimentId, runName: `run ${k}`, startTime: Date.now() - k * 60_000 });
    await tracker.logBatch(info.runId, {
      metrics: Array.from({ length: METRICS }, (_, i) => ({
        key: `m.${i}`,
        value: Math.sin(k * 7 + i),
        timestamp: 1,
        step: 0,
      })),
      params: [{ key: "model", value: ["mlp", "har"][k % 2]! }, { key: "seed", value: String(k) }],
    });
    await tracker.updateRun(info.runId, { status: "FINISHED", endTime: Date.now() });
  }
  return experimentId;
}

async function repeated(measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < REPEATS; i++) values.push(await measure());
  return values;
}

async function serverMs(url: string): Promise<number> {
  const startedMs = performance.now();
  const answer = await fetch(url);
  await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return performance.now() - startedMs;
}

/** From the request to the frame that shows the page; the browser has its style and script already. */
async function shownMs(url: string): Promise<number> {
  try {
    const page = await (await browser()).newPage();
    await page.goto(url);
    return median(
      await repeated(async () => {
        await page.goto(url);
        return await page.evaluate(
          "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))",
        ) as number;
      }),
    );
  } finally {
    await closeBrowser();
  }
}
