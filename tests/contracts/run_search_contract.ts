import { assertEquals } from "@std/assert";
import type { Tracker } from "../../src/core/mod.ts";
import { assertTrackingError, unique } from "./tracker_contract.ts";

const STARTED = 1_700_000_000_000;

/** Runs that the searches look through; `a` starts first. */
const RUNS: readonly {
  readonly name: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly dataset?: string;
}[] = [
  { name: "a", metrics: { loss: 0.5, "val/loss": 1 }, params: { model: "mlp", "learning rate": "0.1" } },
  { name: "b", metrics: { loss: 0.25 }, params: { model: "MLP" }, tags: { "mlflow.source.name": "track" } },
  { name: "c", metrics: { loss: NaN }, params: { model: "har_x" }, dataset: "candles" },
  { name: "d", params: { model: "har%x" }, tags: { owner: "it's" } },
  { name: "e", metrics: { loss: -2e-3 }, tags: { owner: "ada" }, dataset: "features" },
];

async function fill(tracker: Tracker): Promise<string> {
  const experimentId = await tracker.createExperiment(unique("search"));
  for (const [i, run] of RUNS.entries()) {
    const { info } = await tracker.createRun({
      experimentId,
      runName: run.name,
      userId: i % 2 === 0 ? "even" : "odd",
      startTime: STARTED + i,
    });
    const pairs = (record: Readonly<Record<string, string>> = {}) =>
      Object.entries(record).map(([key, value]) => ({ key, value }));
    await tracker.logBatch(info.runId, {
      metrics: Object.entries(run.metrics ?? {}).map(([key, value]) => ({ key, value, timestamp: STARTED, step: 0 })),
      params: pairs(run.params),
      tags: pairs(run.tags),
    });
    if (run.dataset !== undefined) {
      await tracker.logInputs(info.runId, {
        datasets: [{
          dataset: { name: run.dataset, digest: `${run.dataset}-1`, sourceType: "code", source: "{}" },
          tags: [{ key: "mlflow.data.context", value: run.dataset === "candles" ? "training" : "test" }],
        }],
      });
    }
    if (run.name === "b") await tracker.updateRun(info.runId, { status: "FINISHED", endTime: STARTED + 900 });
  }
  return experimentId;
}

/** Filters, and the runs that they find. */
const FILTERS: readonly (readonly [filter: string, found: string])[] = [
  ["", "abcde"],
  ["metrics.loss < 0.5", "be"],
  ["metrics.loss <= .5 and metric.loss > -1e-3", "ab"],
  ["metrics.loss != 0.5", "bce"], // NaN differs from every number; a missing one does not match
  ["metrics.loss = 0", ""], // NaN is stored as 0 and must not show it
  ["metrics.`val/loss` = 1", "a"],
  [`metrics."val/loss" >= 1.0`, "a"],
  ["params.model = 'mlp'", "a"],
  ['params.model = "mlp"', "a"],
  ["param.model != 'mlp'", "bcd"],
  ["params.`learning rate` = '0.1'", "a"],
  ["params.model LIKE 'ml%'", "a"],
  ["params.model ILIKE 'ml%'", "ab"],
  ["params.model like 'har_x'", "cd"],
  ["parameters.model IS NULL", "e"],
  ["params.model IS NOT NULL", "abcd"],
  ["tags.owner IS NULL AND params.model LIKE 'har%'", "c"],
  ["tags.mlflow.source.name = 'track'", "b"],
  ["tag.`mlflow.source.name` ILIKE '%RAC%'", "b"],
  [`tags.owner = "it's"`, "d"],
  ["attributes.status = 'FINISHED'", "b"],
  ["status != 'FINISHED'", "acde"],
  ["run_name = 'c'", "c"],
  ["run_name LIKE '_'", "abcde"],
  ["user_id = 'odd'", "bd"],
  [`start_time > ${STARTED + 2}`, "de"],
  [`attr.created <= ${STARTED}`, "a"],
  [`end_time = ${STARTED + 900}`, "b"],
  ["end_time > 0", "b"],
  ["datasets.name = 'candles'", "c"],
  ["dataset.digest LIKE '%-1'", "ce"],
  ["datasets.context IN ('test', 'none')", "e"],
  ["dataset.name NOT IN ('candles')", "e"],
];

/** Orders, and the runs as they then stand. */
const ORDERS: readonly (readonly [orderBy: readonly string[], found: string])[] = [
  [[], "edcba"],
  [["start_time ASC"], "abcde"],
  [["metrics.loss"], "ebacd"], // NaN after numbers, missing last
  [["metrics.loss DESC"], "abecd"],
  [["params.model ASC"], "bdcae"], // as bytes: upper case, then % before _
  [["params.model DESC"], "acdbe"],
  [["tags.owner"], "edcba"],
  [["attributes.user_id DESC", "run_name ASC"], "bdace"],
  [["status"], "bedca"],
  [["end_time DESC"], "bedca"],
];

const BAD_FILTERS: readonly string[] = [
  "metrics.loss",
  "metrics.loss >",
  "metrics.loss > 'x'",
  "metrics.loss LIKE 1",
  "params.model = mlp",
  "params.model > 'a'",
  "model.x = 'a'",
  "nothing = 'a'",
  "params.model = 'a' OR params.model = 'b'",
  "(params.model = 'a')",
  "status IN ('FINISHED')",
  "metrics.loss IS NULL",
  "run_id IN ()",
  "run_id IN ('a', 1)",
  "params.model = 'open",
  "start_time = 'now'",
  "datasets.profile = 'x'",
];

/** Searching runs: MLflow's grammar over one set of runs. */
export function testRunSearch(name: string, open: () => Promise<Tracker>): void {
  Deno.test(`${name} searchRuns() understands MLflow's filters and orders`, async (t) => {
    await using tracker = await open();
    const experimentId = await fill(tracker);
    const experimentIds = [experimentId];
    const found = async (filter: string, orderBy: readonly string[]) =>
      (await tracker.searchRuns({ experimentIds, filter, orderBy })).items.map(({ info }) => info.runName).join("");
    for (const [filter, runs] of FILTERS) {
      await t.step(`filter ${filter}`, async () => assertEquals(await found(filter, ["start_time ASC"]), runs));
    }
    for (const [orderBy, runs] of ORDERS) {
      await t.step(`order ${orderBy.join(", ")}`, async () => assertEquals(await found("", orderBy), runs));
    }
    for (const filter of BAD_FILTERS) {
      await t.step(`refuses ${filter}`, () => assertTrackingError(() => found(filter, []), "INVALID_PARAMETER_VALUE"));
    }
    for (const orderBy of ["metrics.loss SIDEWAYS", "nothing", "model.x", "", "metrics.loss DESC x"]) {
      await t.step(
        `refuses order ${orderBy}`,
        () => assertTrackingError(() => found("", [orderBy]), "INVALID_PARAMETER_VALUE"),
      );
    }
    await t.step("pages without a gap or a repeat", async () => {
      const names: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await tracker.searchRuns({
          experimentIds,
          maxResults: 2,
          orderBy: ["metrics.loss"],
          ...(pageToken === undefined ? {} : { pageToken }),
        });
        names.push(...page.items.map(({ info }) => info.runName));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      assertEquals(names.join(""), "ebacd");
    });
    await t.step("refuses a page token that no search gave", () =>
      assertTrackingError(
        () => tracker.searchRuns({ experimentIds, pageToken: btoa(`{"limit":1}`) }),
        "INVALID_PARAMETER_VALUE",
      ));
    await t.step("finds run ids in lists, and nothing without experiments", async () => {
      const [first, second] = (await tracker.searchRuns({ experimentIds, orderBy: ["start_time ASC"] })).items;
      assertEquals(
        await found(`run_id IN ('${first!.info.runId}', '${second!.info.runId}')`, ["start_time ASC"]),
        "ab",
      );
      assertEquals(await found(`attributes.run_id NOT IN ('${first!.info.runId}')`, ["start_time ASC"]), "bcde");
      assertEquals((await tracker.searchRuns({ experimentIds: [] })).items, []);
    });
    await t.step("shows deleted runs only where they are asked for", async () => {
      const [first] = (await tracker.searchRuns({ experimentIds, filter: "run_name = 'a'" })).items;
      await tracker.deleteRun(first!.info.runId);
      const shown = async (viewType: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL") =>
        (await tracker.searchRuns({ experimentIds, viewType, orderBy: ["start_time ASC"] })).items
          .map(({ info }) => info.runName).join("");
      assertEquals(await shown("ACTIVE_ONLY"), "bcde");
      assertEquals(await shown("DELETED_ONLY"), "a");
      assertEquals(await shown("ALL"), "abcde");
    });
    await t.step("gives runs with all they logged", async () => {
      const [run] = (await tracker.searchRuns({ experimentIds, filter: "run_name = 'c'" })).items;
      assertEquals(run!.metrics, [{ key: "loss", value: NaN, timestamp: STARTED, step: 0 }]);
      assertEquals(run!.params, [{ key: "model", value: "har_x" }]);
      assertEquals(run!.datasetInputs[0]?.dataset.name, "candles");
    });
  });
}
