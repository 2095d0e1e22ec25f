/**
 * What every tracking store does, whoever keeps it. The store may be shared and full of other tests' things: names are
 * made unique, and searches stay in their own experiment.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type KeyValue, type Metric, type Tracker, TrackingError, type TrackingErrorCode } from "../../src/core/mod.ts";

const encoder = new TextEncoder();

/** A name that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Fails unless the promise rejects with a {@linkcode TrackingError} of the code. */
export async function assertTrackingError(
  run: () => Promise<unknown>,
  code: TrackingErrorCode,
  part?: string,
): Promise<void> {
  const error = await assertRejects(run, TrackingError, part);
  assertEquals(error.errorCode, code, error.message);
}

function metric(key: string, value: number, step = 0, timestamp = 1_700_000_000_000 + step): Metric {
  return { key, value, timestamp, step };
}

function asObject(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

async function newRun(tracker: Tracker): Promise<{ experimentId: string; runId: string }> {
  const experimentId = await tracker.createExperiment(unique("runs"));
  const { info } = await tracker.createRun({ experimentId, startTime: 1_700_000_000_000 });
  return { experimentId, runId: info.runId };
}

/** Registers the suite; `open` is called once a test. */
export function testTracker(name: string, open: () => Promise<Tracker>): void {
  const test = (behaviour: string, run: (tracker: Tracker) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      await using tracker = await open();
      await run(tracker);
    });

  test("createExperiment() makes what getExperiment() and getExperimentByName() find", async (tracker) => {
    const experimentName = unique("prices Ω 'quoted'");
    const id = await tracker.createExperiment(experimentName, { tags: [{ key: "team", value: "quant" }] });
    const found = await tracker.getExperiment(id);
    assertEquals(found.name, experimentName);
    assertEquals(found.lifecycleStage, "active");
    assertEquals(asObject(found.tags), { team: "quant" });
    assert(found.artifactLocation.endsWith(id), found.artifactLocation);
    assert(found.creationTime! > 1_600_000_000_000);
    assertEquals((await tracker.getExperimentByName(experimentName))?.experimentId, id);
    assertEquals(await tracker.getExperimentByName(unique("nobody")), undefined);
    assertEquals((await tracker.getExperiment("0")).name, "Default");
  });

  test("createExperiment() refuses empty, over-long and taken names", async (tracker) => {
    const taken = unique("taken");
    await tracker.createExperiment(taken);
    await assertTrackingError(() => tracker.createExperiment(taken), "RESOURCE_ALREADY_EXISTS");
    await assertTrackingError(() => tracker.createExperiment(""), "INVALID_PARAMETER_VALUE");
    await assertTrackingError(() => tracker.createExperiment("x".repeat(501)), "INVALID_PARAMETER_VALUE");
  });

  test("getExperiment() tells unknown ids from ones that are none", async (tracker) => {
    await assertTrackingError(() => tracker.getExperiment("999999999"), "RESOURCE_DOES_NOT_EXIST");
    await assertTrackingError(() => tracker.getExperiment("abc"), "INVALID_PARAMETER_VALUE");
  });

  test("deleteExperiment() takes its runs along and restoreExperiment() brings them back", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    await tracker.deleteExperiment(experimentId);
    assertEquals((await tracker.getExperiment(experimentId)).lifecycleStage, "deleted");
    assertEquals((await tracker.getRun(runId)).info.lifecycleStage, "deleted");
    await assertTrackingError(() => tracker.createRun({ experimentId }), "INVALID_PARAMETER_VALUE", "active");
    await assertTrackingError(() => tracker.deleteExperiment(experimentId), "RESOURCE_DOES_NOT_EXIST");
    await tracker.restoreExperiment(experimentId);
    assertEquals((await tracker.getExperiment(experimentId)).lifecycleStage, "active");
    assertEquals((await tracker.getRun(runId)).info.lifecycleStage, "active");
  });

  test("renameExperiment() frees the old name and refuses a taken one", async (tracker) => {
    const first = unique("first"), second = unique("second"), third = unique("third");
    const id = await tracker.createExperiment(first);
    await tracker.createExperiment(second);
    await tracker.renameExperiment(id, third);
    assertEquals((await tracker.getExperiment(id)).name, third);
    assertEquals(await tracker.getExperimentByName(first), undefined);
    await assertRejects(() => tracker.renameExperiment(id, second), TrackingError);
    assertEquals((await tracker.getExperiment(id)).name, third);
  });

  test("setExperimentTag() replaces, deleteExperimentTag() removes and refuses unknown ones", async (tracker) => {
    const id = await tracker.createExperiment(unique("tags"));
    await tracker.setExperimentTag(id, { key: "mlflow.note.content", value: "old" });
    await tracker.setExperimentTag(id, { key: "mlflow.note.content", value: "new\nline" });
    assertEquals(asObject((await tracker.getExperiment(id)).tags), { "mlflow.note.content": "new\nline" });
    await assertTrackingError(
      () => tracker.setExperimentTag(id, { key: "long", value: "x".repeat(20_001) }),
      "INVALID_PARAMETER_VALUE",
    );
    await tracker.deleteExperimentTag(id, "mlflow.note.content");
    assertEquals((await tracker.getExperiment(id)).tags, []);
    await assertTrackingError(() => tracker.deleteExperimentTag(id, "mlflow.note.content"), "RESOURCE_DOES_NOT_EXIST");
  });

  test("searchExperiments() filters, orders and pages", async (tracker) => {
    const mark = unique("mark");
    const ids: string[] = [];
    for (const suffix of ["a", "b", "C"]) {
      ids.push(
        await tracker.createExperiment(`${mark}-${suffix}`, { tags: [{ key: "mark", value: `${mark}-${suffix}` }] }),
      );
    }
    const names = async (filter: string, orderBy: readonly string[] = ["name ASC"]) =>
      (await tracker.searchExperiments({ filter, orderBy, maxResults: 1000 })).items.map((one) => one.name);
    assertEquals(await names(`name LIKE '${mark}-%'`), [`${mark}-C`, `${mark}-a`, `${mark}-b`]);
    assertEquals(await names(`name LIKE '${mark}-c'`), []);
    assertEquals(await names(`name ILIKE '${mark}-c'`), [`${mark}-C`]);
    assertEquals(await names(`tags.mark = '${mark}-b'`), [`${mark}-b`]);
    assertEquals(await names(`name LIKE '${mark}-%' AND tags.mark != '${mark}-b'`), [`${mark}-C`, `${mark}-a`]);
    const first = await tracker.searchExperiments({
      filter: `name LIKE '${mark}-%'`,
      orderBy: ["name DESC"],
      maxResults: 2,
    });
    assertEquals(first.items.map((one) => one.experimentId), [ids[1], ids[0]]);
    const rest = await tracker.searchExperiments({
      filter: `name LIKE '${mark}-%'`,
      orderBy: ["name DESC"],
      maxResults: 2,
      pageToken: first.nextPageToken!,
    });
    assertEquals(rest.items.map((one) => one.experimentId), [ids[2]]);
    assertEquals(rest.nextPageToken, undefined);
    await tracker.deleteExperiment(ids[0]!);
    const deleted = await tracker.searchExperiments({ filter: `name LIKE '${mark}-%'`, viewType: "DELETED_ONLY" });
    assertEquals(deleted.items.map((one) => one.experimentId), [ids[0]]);
    assertEquals((await names(`name LIKE '${mark}-%'`)).length, 2);
    await assertTrackingError(() => names("owner = 'me'"), "INVALID_PARAMETER_VALUE");
  });

  test("createRun() starts an active run with a name of its own", async (tracker) => {
    const experimentId = await tracker.createExperiment(unique("new"));
    const { info, tags } = await tracker.createRun({ experimentId, userId: "ada", startTime: 1_700_000_000_123 });
    assertMatch(info.runId, /^[0-9a-f]{32}$/);
    assertMatch(info.runName, /^[a-z]+-[a-z]+-\d{1,4}$|^.{1,20}$/);
    assertEquals(info.status, "RUNNING");
    assertEquals(info.userId, "ada");
    assertEquals(info.startTime, 1_700_000_000_123);
    assertEquals(info.endTime, undefined);
    assertEquals(asObject(tags)["mlflow.runName"], info.runName);
    assert(info.artifactUri.endsWith(`/${info.runId}/artifacts`), info.artifactUri);
    const named = await tracker.createRun({ experimentId, tags: [{ key: "mlflow.runName", value: "from tag" }] });
    assertEquals(named.info.runName, "from tag");
    await assertTrackingError(
      () => tracker.createRun({ experimentId, runName: "a", tags: [{ key: "mlflow.runName", value: "b" }] }),
      "INVALID_PARAMETER_VALUE",
    );
    await assertTrackingError(() => tracker.createRun({ experimentId: "999999999" }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("updateRun() changes only what is given", async (tracker) => {
    const { runId } = await newRun(tracker);
    const before = (await tracker.getRun(runId)).info;
    await tracker.updateRun(runId, { runName: "renamed" });
    const renamed = await tracker.getRun(runId);
    assertEquals(renamed.info, { ...before, runName: "renamed" });
    assertEquals(asObject(renamed.tags)["mlflow.runName"], "renamed");
    const ended = await tracker.updateRun(runId, { status: "FINISHED", endTime: 1_700_000_009_000 });
    assertEquals(ended, { ...before, runName: "renamed", status: "FINISHED", endTime: 1_700_000_009_000 });
    await tracker.logBatch(runId, { tags: [{ key: "mlflow.runName", value: "by tag" }] });
    assertEquals((await tracker.getRun(runId)).info.runName, "by tag");
    await assertTrackingError(() => tracker.updateRun("0".repeat(32), { status: "FAILED" }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("deleteRun() keeps the run from being written until restoreRun()", async (tracker) => {
    const { runId } = await newRun(tracker);
    await tracker.deleteRun(runId);
    await tracker.deleteRun(runId);
    const writes: readonly (() => Promise<unknown>)[] = [
      () => tracker.logBatch(runId, { metrics: [metric("loss", 1)] }),
      () => tracker.logBatch(runId, { params: [{ key: "p", value: "1" }] }),
      () => tracker.updateRun(runId, { status: "FAILED" }),
      () => tracker.deleteTag(runId, "mlflow.runName"),
    ];
    for (const write of writes) await assertTrackingError(write, "INVALID_PARAMETER_VALUE", "Current state is deleted");
    await tracker.restoreRun(runId);
    await tracker.logBatch(runId, { metrics: [metric("loss", 1)] });
    assertEquals((await tracker.getRun(runId)).metrics.length, 1);
    await assertTrackingError(() => tracker.deleteRun("0".repeat(32)), "RESOURCE_DOES_NOT_EXIST");
  });

  test("logBatch() keeps doubles to the bit and the newest by step, time and value", async (tracker) => {
    const { runId } = await newRun(tracker);
    const values = [1 / 3, 0.1 + 0.2, 5e-324, -1.7976931348623157e308, 123456789.12345679, 0];
    await tracker.logBatch(runId, {
      metrics: [
        ...values.map((value, i) => metric(`v${i}`, value)),
        metric("late", 1, 5, 100),
        metric("late", 9, 4, 900),
        metric("late", 2, 5, 200),
        metric("late", 3, 5, 200),
      ],
    });
    await tracker.logBatch(runId, { metrics: [metric("late", 7, 5, 150)] });
    const found = new Map((await tracker.getRun(runId)).metrics.map((one) => [one.key, one]));
    values.forEach((value, i) =>
      assert(Object.is(found.get(`v${i}`)?.value, value), `v${i}: ${found.get(`v${i}`)?.value}`)
    );
    assertEquals(found.get("late"), metric("late", 3, 5, 200));
  });

  test("logBatch() takes NaN and infinities, and the same observation twice", async (tracker) => {
    const { runId } = await newRun(tracker);
    const batch = {
      metrics: [metric("nan", NaN, 1), metric("up", Infinity, 1), metric("down", -Infinity, 1), metric("again", 2, 3)],
    };
    await tracker.logBatch(runId, batch);
    await tracker.logBatch(runId, batch);
    const found = new Map((await tracker.getRun(runId)).metrics.map((one) => [one.key, one.value]));
    assertEquals(found.get("nan"), NaN);
    assertEquals(found.get("up"), Number.MAX_VALUE); // as MLflow's SQL stores keep it
    assertEquals(found.get("down"), -Number.MAX_VALUE);
    for (const { key } of batch.metrics) assertEquals((await tracker.metricHistory(runId, key)).items.length, 1, key);
  });

  test("logBatch() never changes a parameter", async (tracker) => {
    const { runId } = await newRun(tracker);
    await tracker.logBatch(runId, { params: [{ key: "depth", value: "3" }] });
    await tracker.logBatch(runId, { params: [{ key: "depth", value: "3" }] });
    await assertTrackingError(
      () => tracker.logBatch(runId, { params: [{ key: "depth", value: "4" }], metrics: [metric("loss", 1)] }),
      "INVALID_PARAMETER_VALUE",
      "Changing param values is not allowed",
    );
    const run = await tracker.getRun(runId);
    assertEquals(asObject(run.params), { depth: "3" });
    assertEquals(run.metrics, []);
    await assertTrackingError(
      () => tracker.logBatch(runId, { params: [{ key: "a", value: "1" }, { key: "a", value: "1" }] }),
      "INVALID_PARAMETER_VALUE",
      "Duplicate parameter keys",
    );
  });

  test("logBatch() cuts long values and keeps odd ones as they are", async (tracker) => {
    const { runId } = await newRun(tracker);
    const odd = `ünïcödé 😀 "double" 'single' \\ back\nline\ttab`;
    await tracker.logBatch(runId, {
      params: [{ key: "long", value: "p".repeat(6_001) }, { key: "odd", value: odd }, { key: "empty", value: "" }],
      tags: [{ key: "long", value: "t".repeat(8_001) }, { key: "odd", value: odd }],
    });
    const run = await tracker.getRun(runId);
    const params = asObject(run.params), tags = asObject(run.tags);
    assertEquals(params.long?.length, 6_000);
    assertEquals(tags.long?.length, 8_000);
    assertEquals([params.odd, tags.odd, params.empty], [odd, odd, ""]);
  });

  test("logBatch() writes nothing of a batch with one bad entry", async (tracker) => {
    const { runId } = await newRun(tracker);
    const good = metric("good", 1), tag = { key: "good", value: "1" };
    for (const key of ["", "/x", "a//b", "../x", "a/../b", "./a", "sum$", "a\nb", ".", "x".repeat(251)]) {
      await assertTrackingError(
        () => tracker.logBatch(runId, { metrics: [good, metric(key, 1)] }),
        "INVALID_PARAMETER_VALUE",
      );
      await assertTrackingError(
        () => tracker.logBatch(runId, { params: [{ key, value: "1" }], tags: [tag] }),
        "INVALID_PARAMETER_VALUE",
      );
    }
    await assertTrackingError(
      () => tracker.logBatch(runId, { metrics: [good, { ...good, timestamp: -1 }] }),
      "INVALID_PARAMETER_VALUE",
    );
    const run = await tracker.getRun(runId);
    assertEquals([run.metrics, run.params], [[], []]);
    assertEquals(run.tags.map(({ key }) => key), ["mlflow.runName"]);
    await tracker.logBatch(runId, { metrics: ["a/b", "ä_1.2-3 :x", "x".repeat(250)].map((key) => metric(key, 1)) });
    assertEquals((await tracker.getRun(runId)).metrics.length, 3);
    await assertTrackingError(() => tracker.logBatch("0".repeat(32), { metrics: [good] }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("logBatch() takes more than one request holds", async (tracker) => {
    const { runId } = await newRun(tracker);
    const pairs = (prefix: string) => Array.from({ length: 230 }, (_, i) => ({ key: `${prefix}${i}`, value: `${i}` }));
    await tracker.logBatch(runId, {
      metrics: Array.from({ length: 2_300 }, (_, i) => metric("loss", 1 / (i + 1), i)),
      params: pairs("p"),
      tags: pairs("t"),
    });
    const run = await tracker.getRun(runId);
    assertEquals([run.params.length, run.tags.length], [230, 231]);
    const { items } = await tracker.metricHistory(runId, "loss");
    assertEquals(items.length, 2_300);
    assertEquals(items.at(-1), metric("loss", 1 / 2_300, 2_299));
  });

  test("deleteTag() removes a tag and refuses one that is not there", async (tracker) => {
    const { runId } = await newRun(tracker);
    await tracker.logBatch(runId, { tags: [{ key: "stage", value: "draft" }] });
    await tracker.deleteTag(runId, "stage");
    assertEquals(asObject((await tracker.getRun(runId)).tags).stage, undefined);
    await assertTrackingError(() => tracker.deleteTag(runId, "stage"), "RESOURCE_DOES_NOT_EXIST");
  });

  test("metricHistory() is ordered by time, step, value, and pages", async (tracker) => {
    const { runId } = await newRun(tracker);
    const points = [metric("m", 3, 2, 30), metric("m", 1, 0, 10), metric("m", 2, 1, 30), metric("m", 0, 2, 30)];
    await tracker.logBatch(runId, { metrics: points });
    const ordered = [points[1]!, points[2]!, points[3]!, points[0]!];
    assertEquals((await tracker.metricHistory(runId, "m")).items, ordered);
    const first = await tracker.metricHistory(runId, "m", { maxResults: 3 });
    assertEquals(first.items, ordered.slice(0, 3));
    const rest = await tracker.metricHistory(runId, "m", { maxResults: 3, pageToken: first.nextPageToken! });
    assertEquals(rest, { items: ordered.slice(3) });
    assertEquals((await tracker.metricHistory(runId, "none")).items, []);
  });

  test("countTrials() counts runs of a symbol and horizon, deleted ones too, where the store keeps a record", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    const params = (symbol: string, horizon: string) => [
      { key: "symbol", value: symbol },
      { key: "horizon_minutes", value: horizon },
    ];
    for (const [symbol, horizon] of [["BTC/USDT", "15"], ["BTC/USDT", "60"], ["ETH/USDT", "15"]]) {
      const { info } = await tracker.createRun({ experimentId });
      await tracker.logBatch(info.runId, { params: params(symbol!, horizon!) });
    }
    // One after the other, and again.
    for (const param of [...params("BTC/USDT", "15"), ...params("BTC/USDT", "15")]) {
      await tracker.logBatch(runId, { params: [param] });
    }
    await tracker.deleteRun(runId);
    const counts = await Promise.all(
      [15, 60, 5].map((horizonMinutes) => tracker.countTrials({ symbol: "BTC/USDT", horizonMinutes })),
    );
    const isKept = counts[0] !== undefined;
    assertEquals(counts, isKept ? [2, 1, 0] : [undefined, undefined, undefined]);
  });

  test("logInputs() keeps a dataset once for an experiment", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    const other = await tracker.createRun({ experimentId });
    const dataset = {
      name: "btc-1m",
      digest: "d".repeat(36),
      sourceType: "code",
      source: `{"path":"x"}`,
      schema: `{"mlflow_colspec":[]}`,
      profile: `{"rows":3}`,
    };
    const input = { dataset, tags: [{ key: "mlflow.data.context", value: "training" }] };
    await tracker.logInputs(runId, { datasets: [input, input] });
    await tracker.logInputs(runId, { datasets: [{ dataset, tags: [] }] });
    await tracker.logInputs(other.info.runId, { datasets: [input] });
    assertEquals((await tracker.getRun(runId)).datasetInputs, [input]);
    assertEquals(await tracker.searchDatasets([experimentId]), [
      { experimentId, name: "btc-1m", digest: dataset.digest, context: "training" },
    ]);
    await assertTrackingError(
      () => tracker.logInputs(runId, { datasets: [{ dataset: { ...dataset, digest: "d".repeat(37) }, tags: [] }] }),
      "INVALID_PARAMETER_VALUE",
    );
  });

  test("logged models go from PENDING to READY and hang on their run", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    const made = await tracker.createLoggedModel({
      experimentId,
      name: "forecast",
      sourceRunId: runId,
      modelType: "network",
      params: [{ key: "units", value: "64" }],
      tags: [{ key: "family", value: "mlp" }],
    });
    assertMatch(made.modelId, /^m-[0-9a-f]{32}$/);
    assertEquals(made.status, "PENDING");
    assert(made.artifactUri.endsWith(`/models/${made.modelId}/artifacts`), made.artifactUri);
    await tracker.logOutputs(runId, [{ modelId: made.modelId, step: 0 }]);
    await tracker.logBatch(runId, {
      metrics: [{ ...metric("qlike", 0.5, 1), modelId: made.modelId }, metric("other", 1)],
    });
    await tracker.setLoggedModelTags(made.modelId, [{ key: "family", value: "gru" }, { key: "x", value: "y" }]);
    await tracker.deleteLoggedModelTag(made.modelId, "x");
    await tracker.logLoggedModelParams(made.modelId, [{ key: "layers", value: "2" }]);
    const ready = await tracker.finalizeLoggedModel(made.modelId, "READY");
    assertEquals(ready.status, "READY");
    const found = await tracker.getLoggedModel(made.modelId);
    assertEquals([found.name, found.sourceRunId, found.modelType], ["forecast", runId, "network"]);
    assertEquals(asObject(found.tags), { family: "gru" });
    assertEquals(asObject(found.params), { units: "64", layers: "2" });
    assertEquals(found.metrics.map(({ key, value, step }) => ({ key, value, step })), [
      { key: "qlike", value: 0.5, step: 1 },
    ]);
    assertEquals((await tracker.getRun(runId)).modelOutputs, [{ modelId: made.modelId, step: 0 }]);
    await assertTrackingError(() => tracker.getLoggedModel(`m-${"0".repeat(32)}`), "RESOURCE_DOES_NOT_EXIST");
    await assertTrackingError(
      () => tracker.createLoggedModel({ experimentId, name: "a/b" }),
      "INVALID_PARAMETER_VALUE",
    );
    await tracker.deleteLoggedModel(made.modelId);
    await assertTrackingError(() => tracker.getLoggedModel(made.modelId), "RESOURCE_DOES_NOT_EXIST");
  });

  test("searchLoggedModels() filters, orders and pages", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    const ids: string[] = [];
    for (const [i, name] of ["alpha", "beta", "gamma"].entries()) {
      const { modelId } = await tracker.createLoggedModel({
        experimentId,
        name,
        sourceRunId: runId,
        params: [{ key: "i", value: String(i) }],
      });
      await tracker.logBatch(runId, { metrics: [{ ...metric("score", i), modelId }] });
      ids.push(modelId);
    }
    await tracker.finalizeLoggedModel(ids[1]!, "READY");
    const found = async (filter: string) =>
      (await tracker.searchLoggedModels({
        experimentIds: [experimentId],
        filter,
        orderBy: [{ fieldName: "name", ascending: true }],
      })).items.map(({ name }) => name);
    assertEquals(await found(""), ["alpha", "beta", "gamma"]);
    assertEquals(await found("name = 'beta'"), ["beta"]);
    assertEquals(await found("name LIKE '%a' AND metrics.score >= 1"), ["beta", "gamma"]);
    assertEquals(await found("params.i IN ('0', '2')"), ["alpha", "gamma"]);
    assertEquals(await found(`source_run_id = '${runId}' AND params.i != '1'`), ["alpha", "gamma"]);
    const search = { experimentIds: [experimentId], orderBy: [{ fieldName: "metrics.score", ascending: false }] };
    const first = await tracker.searchLoggedModels({ ...search, maxResults: 2 });
    assertEquals(first.items.map(({ modelId }) => modelId), [ids[2], ids[1]]);
    const rest = await tracker.searchLoggedModels({ ...search, maxResults: 2, pageToken: first.nextPageToken! });
    assertEquals(rest.items.map(({ modelId }) => modelId), [ids[0]]);
    assertEquals(rest.nextPageToken, undefined);
  });

  test("artifacts of runs and models are written, listed and read back", async (tracker) => {
    const { experimentId, runId } = await newRun(tracker);
    const { modelId } = await tracker.createLoggedModel({ experimentId, name: "m", sourceRunId: runId });
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255);
    for (const owner of [{ runId }, { modelId }]) {
      assertEquals(await tracker.listArtifacts(owner), []);
      await tracker.writeArtifact(owner, "report.html", encoder.encode("<p>old</p>"));
      await tracker.writeArtifact(owner, "report.html", encoder.encode("<p>new</p>"));
      await tracker.writeArtifact(owner, "plots/deep er/ä.bin", bytes);
      await tracker.writeArtifact(owner, "empty", new Uint8Array());
      assertEquals(await tracker.readArtifact(owner, "report.html"), encoder.encode("<p>new</p>"));
      assertEquals(await tracker.readArtifact(owner, "plots/deep er/ä.bin"), bytes);
      assertEquals(await tracker.readArtifact(owner, "empty"), new Uint8Array());
      assertEquals(await tracker.listArtifacts(owner), [
        { path: "empty", isDirectory: false, fileSize: 0 },
        { path: "plots", isDirectory: true },
        { path: "report.html", isDirectory: false, fileSize: 10 },
      ]);
      assertEquals(await tracker.listArtifacts(owner, "plots/deep er"), [
        { path: "plots/deep er/ä.bin", isDirectory: false, fileSize: 70_000 },
      ]);
      assertEquals(await tracker.listArtifacts(owner, "nowhere"), []);
      await assertTrackingError(() => tracker.readArtifact(owner, "nowhere.txt"), "RESOURCE_DOES_NOT_EXIST");
      await assertTrackingError(() => tracker.readArtifact(owner, "plots"), "RESOURCE_DOES_NOT_EXIST");
    }
    await assertTrackingError(() => tracker.readArtifact({ runId: "0".repeat(32) }, "x"), "RESOURCE_DOES_NOT_EXIST");
  });

  test("an artifact that another may have is what was given, whatever the other has", async (tracker) => {
    const { runId } = await newRun(tracker), { runId: other } = await newRun(tracker);
    const [equal, first, second] = [encoder.encode("equal"), encoder.encode("other"), encoder.encode("more")];
    await tracker.writeArtifact({ runId: other }, "a/equal", equal);
    await tracker.writeArtifact({ runId: other }, "a/first", encoder.encode("thing"));
    for (const [path, bytes] of [["a/equal", equal], ["a/first", first], ["none", second]] as const) {
      await tracker.writeArtifact({ runId }, path, bytes, { equalTo: { runId: other } });
      assertEquals(await tracker.readArtifact({ runId }, path), bytes);
    }
    await tracker.writeArtifact({ runId }, "a/equal", second);
    assertEquals(await tracker.readArtifact({ runId: other }, "a/equal"), equal);
  });

  test("artifact paths cannot leave their folder", async (tracker) => {
    const { runId } = await newRun(tracker);
    for (const path of ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "%2e%2e/x", "a#b", "C:/x", ""]) {
      await assertTrackingError(
        () => tracker.writeArtifact({ runId }, path, encoder.encode("x")),
        "INVALID_PARAMETER_VALUE",
      );
      if (path === "") continue;
      await assertTrackingError(() => tracker.readArtifact({ runId }, path), "INVALID_PARAMETER_VALUE");
      await assertTrackingError(() => tracker.listArtifacts({ runId }, path), "INVALID_PARAMETER_VALUE");
    }
  });
}
