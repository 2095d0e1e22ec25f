import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CandleBatch, DAY_MS, MINUTE_MS } from "../../src/core/mod.ts";
import { commandSets } from "../../src/cli/walls.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { openTrackerAt } from "../../src/MLOps/open.ts";
import { readPdf } from "../reporting/pdf_text.ts";
import { readZips, ROOT, SAMPLE_DIR } from "../reporting/sample_reader.ts";

const START = Date.UTC(2023, 2, 23), END = Date.UTC(2023, 2, 26);
const SERIES = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" as const };
const GAP = { startMs: Date.UTC(2023, 2, 24, 12, 40), endMs: Date.UTC(2023, 2, 24, 14) };

interface Answer {
  readonly code: number;
  readonly stderr: string;
  readonly stdout: string;
  readonly json: { kind?: string; files?: string[]; error?: { code: string; message: string; hint: string } };
}

/** Runs `report` in a folder under its own set, whose relative paths are read as lying in that folder. */
async function report(folder: string, args: readonly string[]): Promise<Answer> {
  const root = ROOT.pathname;
  const set = (await commandSets())["report"]!;
  const here = (paths: unknown) => (paths as string[]).map((path) => `${folder}/${path}`);
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "--no-prompt",
      `--config=${root}deno.json`,
      `--allow-read=${here(set["read"]).join(",")}`,
      `--allow-write=${here(set["write"]).join(",")}`,
      `--allow-ffi=${root}node_modules`,
      `--allow-env=${(set["env"] as string[]).join(",")}`,
      `${root}main.ts`,
      "report",
      ...args,
    ],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  const out = text.decode(stdout);
  return {
    code,
    stderr: text.decode(stderr),
    stdout: out,
    json: out.startsWith("{") ? JSON.parse(out) : {},
  };
}

/** A store with three real days and two ingest runs, and a tracking store with one run. */
async function fill(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/feature_store`);
  await using store = await DuckDbFeatureStore.open(`${folder}/feature_store/bitcoin.duckdb`, {
    mode: "write",
    clock: SYSTEM_CLOCK,
    command: "test",
    waitMs: 1000,
    memoryLimit: "256MB",
    threads: 1,
  });
  const batch: CandleBatch = { source: "daily", columns: await readZips(SAMPLE_DIR, START, END) };
  await store.writeCandles(SERIES, [batch]);
  await store.replaceGaps(SERIES, { startMs: START, endMs: END }, [{
    ...GAP,
    minutes: 80,
    cause: "outage",
    evidence: "the test says so",
    firstSeenAtMs: END,
  }], END);
  const settings = { ...SERIES, since: "2023-03-23T00:00:00Z", until: "2023-03-26T00:00:00Z" };
  const run = { status: "finished" as const, rowsAdded: 4240, rowsRevised: 0 };
  await store.recordIngestRun({ ...run, id: "aaaa-1", startedAtMs: END, endedAtMs: END + 2000, settings });
  await store.recordIngestRun({
    ...run,
    id: "aabb-2",
    startedAtMs: END + DAY_MS,
    endedAtMs: END + DAY_MS + MINUTE_MS,
    rowsAdded: 0,
    settings: { ...settings, since: "2023-03-25T00:00:00Z" },
  });
  await Deno.mkdir(`${folder}/mlruns`);
  await using tracker = await openTrackerAt(`sqlite:///${folder}/mlruns/mlflow.db`);
  const { info: { runId } } = await tracker.createRun({ experimentId: "0", runName: "first", startTime: END });
  await tracker.logBatch(runId, {
    params: [{ key: "model", value: "har" }],
    metrics: [1, 2, 3].map((step) => ({ key: "loss", value: 1 / step, timestamp: END, step })),
  });
  await tracker.updateRun(runId, { status: "FINISHED", endTime: END + 1000 });
  return runId;
}

Deno.test("report renders what the stores hold, under its own permission set", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const runId = await fill(folder);
    await t.step("ingestion: the newest run", async () => {
      const { code, json, stderr } = await report(folder, ["ingestion", "--json", "--quiet"]);
      assertEquals([code, stderr], [0, ""]);
      assertEquals(json.kind, "ingestion");
      assertMatch(json.files![0]!, /^reports\/ingestion\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\/report\.pdf$/);
      const text = (await readPdf(await Deno.readFile(`${folder}/${json.files![0]}`))).pages.join("\n");
      assertStringIncludes(text, "2023-03-25 00:00 to 2023-03-26 00:00 UTC");
      assertStringIncludes(text, "Complete: 1,440 of 1,440 candles (100 %) are stored");
    });
    await t.step("ingestion: a run by the beginning of its id, in every form, elsewhere", async () => {
      const { code, json, stderr } = await report(folder, [
        "ingestion",
        "aaaa",
        "--format",
        "html,json",
        "--out",
        "reports/again",
        "--json",
        "--quiet",
      ]);
      assertEquals([code, stderr], [0, ""]);
      assertEquals(json.files!.map((file) => file.replace(/.*\//, "")), ["report.html", "report.json"]);
      assert(json.files!.every((file) => file.startsWith("reports/again/ingestion/")));
      const html = await Deno.readTextFile(`${folder}/${json.files![0]}`);
      for (const part of ["4,240 of 4,320 candles (98.15 %)", "the test says so", "2023-03-24 12:40"]) {
        assertStringIncludes(html, part);
      }
    });
    await t.step("model: the newest run, and one by its id", async () => {
      for (const id of [[], ["latest"], [runId]]) {
        const { code, json, stderr } = await report(folder, ["model", ...id, "--format", "json", "--json", "--quiet"]);
        assertEquals([code, stderr], [0, ""]);
        const { data } = JSON.parse(await Deno.readTextFile(`${folder}/${json.files![0]}`));
        assertEquals([data.run.runId, data.params.model, data.curves.loss.length], [runId, "har", 3]);
      }
    });
    const failures: Record<string, readonly [readonly string[], number, string, RegExp]> = {
      "an unknown ingest run": [["ingestion", "zzzz"], 6, "not-found", /newest runs are aabb-2, aaaa-1/],
      "an id that two runs begin with": [["ingestion", "aa"], 3, "input-invalid", /Write more of it/],
      "an unknown model run": [["model", "0".repeat(32)], 6, "not-found", /./],
      "an unknown kind": [["modle"], 2, "usage", /Did you mean 'model'\?/],
      "no kind": [[], 2, "usage", /ingestion, model/],
      "an unknown form": [["model", "--format", "pdf,htm"], 2, "usage", /Did you mean 'html'\?/],
      "a word too many": [["model", "a", "b"], 2, "usage", /report model \[ID\]/],
      "a folder outside the set": [["model", "--out", "elsewhere"], 3, "permission-denied", /WRITE=elsewhere\/model/],
    };
    for (const [name, [args, code, error, hint]] of Object.entries(failures)) {
      await t.step(`${name} is exit ${code}`, async () => {
        const answer = await report(folder, [...args, "--json", "--quiet"]);
        assertEquals([answer.code, answer.json.error?.code], [code, error], answer.stderr);
        assertMatch(`${answer.json.error!.message} ${answer.json.error!.hint}`, hint);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("report without a store says what to do", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [kind, next] of [["ingestion", "task ingest"], ["model", "task track"]] as const) {
      const { code, json } = await report(folder, [kind, "--json", "--quiet"]);
      assertEquals([code, json.error?.code], [6, "not-found"]);
      assertStringIncludes(json.error!.hint, next);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
