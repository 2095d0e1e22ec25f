/**
 * An MLflow client, store and registry for TypeScript. Runs and models are kept in a SQLite file with MLflow's own schema,
 * or on any MLflow server; what this library writes, MLflow's Python client, web pages and command line read, and the other
 * way round. The server is `./server/mod.ts`, its pages are `./ui/mod.ts`.
 *
 * A {@linkcode Tracker} holds experiments, runs and logged models, a {@linkcode ModelRegistry} registered models, their
 * versions and aliases. Both are opened by an address, `sqlite:///relative.db`, `sqlite:////absolute.db` or
 * `http(s)://host:port`, and closed by `await using`. Times are epoch milliseconds. What goes wrong is a
 * {@linkcode TrackingError}, whose `errorCode` is MLflow's (`RESOURCE_DOES_NOT_EXIST`, `INVALID_PARAMETER_VALUE`, …).
 *
 * @example A run, from its start to its end
 * ```ts
 * import { openTrackerAt } from "./mod.ts";
 *
 * await using tracker = await openTrackerAt("sqlite:///:memory:"); // or sqlite:///mlruns/mlflow.db, or http://…
 * const experimentId = await tracker.createExperiment("forecasts");
 * const { info } = await tracker.createRun({ experimentId, runName: "first" });
 * await tracker.logBatch(info.runId, {
 *   params: [{ key: "units", value: "64" }],
 *   metrics: [.7, .6, .5].map((value, step) => ({ key: "loss", value, timestamp: Date.now(), step })),
 *   tags: [{ key: "mlflow.note.content", value: "What this run is about" }],
 * });
 * await tracker.updateRun(info.runId, { status: "FINISHED", endTime: Date.now() });
 *
 * const { items } = await tracker.metricHistory(info.runId, "loss");
 * if (items.map(({ value }) => value).join() !== "0.7,0.6,0.5") throw new Error("the history is another");
 * ```
 *
 * @example Runs by what they logged, page by page
 * ```ts
 * import { openTrackerAt } from "./mod.ts";
 *
 * await using tracker = await openTrackerAt("sqlite:///:memory:");
 * for (const loss of [.9, .3, .5]) {
 *   const { info } = await tracker.createRun({ experimentId: "0", runName: `loss ${loss}` });
 *   await tracker.logBatch(info.runId, { metrics: [{ key: "loss", value: loss, timestamp: 1, step: 0 }] });
 * }
 * const names: string[] = [];
 * let pageToken: string | undefined;
 * do {
 *   const page = await tracker.searchRuns({
 *     experimentIds: ["0"],
 *     filter: "metrics.loss < 0.8 AND run_name LIKE 'loss%'",
 *     orderBy: ["metrics.loss ASC"],
 *     maxResults: 1,
 *     ...(pageToken === undefined ? {} : { pageToken }),
 *   });
 *   names.push(...page.items.map(({ info }) => info.runName));
 *   pageToken = page.nextPageToken;
 * } while (pageToken !== undefined);
 * if (names.join() !== "loss 0.3,loss 0.5") throw new Error(`other runs: ${names}`);
 * ```
 *
 * @example Files of a run
 * ```ts
 * import { openTrackerAt } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await using tracker = await openTrackerAt(`sqlite:///${folder}/mlflow.db`); // files go to the folder artifacts beside it
 * const { info } = await tracker.createRun({ experimentId: "0" });
 * await tracker.writeArtifact({ runId: info.runId }, "notes/readme.md", new TextEncoder().encode("# Notes"));
 * const files = await tracker.listArtifacts({ runId: info.runId }, "notes");
 * if (files[0]?.path !== "notes/readme.md" || files[0].fileSize !== 7) throw new Error("the file is not listed");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example A model, its versions and the alias that services load
 * ```ts
 * import { openRegistryAt, openTrackerAt } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const uri = `sqlite:///${folder}/mlflow.db`;
 * await using tracker = await openTrackerAt(uri);
 * await using registry = await openRegistryAt(uri);
 * await registry.createRegisteredModel("forecast");
 * for (const name of ["first", "second"]) {
 *   const model = await tracker.createLoggedModel({ experimentId: "0", name });
 *   await tracker.writeArtifact({ modelId: model.modelId }, "MLmodel", new TextEncoder().encode("flavors: {}"));
 *   await tracker.finalizeLoggedModel(model.modelId, "READY");
 *   await registry.createModelVersion({ name: "forecast", source: `models:/${model.modelId}`, modelId: model.modelId });
 * }
 * await registry.setAlias("forecast", "production", "2");
 * await registry.setAlias("forecast", "production", "1"); // a rollback is the alias on an older version
 * const version = await registry.getVersionByAlias("forecast", "production");
 * if (version?.version !== "1") throw new Error("the alias points elsewhere");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example A server of MLflow's, and what it refuses
 * ```ts
 * import { openRegistryAt, openTrackerAt, TrackingError } from "./mod.ts";
 * import { createTrackingApp } from "./server/mod.ts";
 *
 * const store = { tracker: await openTrackerAt("sqlite:///:memory:"), registry: await openRegistryAt("sqlite:///:memory:") };
 * const app = createTrackingApp({ ...store, artifacts: { served: [] } }, { accessKeys: ["a-key-of-letters"] });
 * await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => app.fetch(request));
 *
 * const credentials = { kind: "bearer", token: "a-key-of-letters" } as const;
 * await using remote = await openTrackerAt(`http://127.0.0.1:${server.addr.port}`, { credentials });
 * try {
 *   await remote.getRun("0".repeat(32));
 *   throw new Error("the run exists");
 * } catch (error) {
 *   if (!(error instanceof TrackingError) || error.errorCode !== "RESOURCE_DOES_NOT_EXIST") throw error;
 * }
 * for (const opened of Object.values(store)) await opened[Symbol.asyncDispose]();
 * ```
 *
 * @module
 */
export { credentialsFrom, DEFAULT_TRACKING_URI, openRegistryAt, type OpenStoreOptions, openTrackerAt } from "./open.ts";
export { SqliteTracker } from "./sqlite/sqlite_tracker.ts";
export type { SqliteStoreOptions } from "./sqlite/store_options.ts";
export { SqliteRegistry, type SqliteRegistryOptions } from "./sqlite/sqlite_registry.ts";
export type { Batch } from "./sqlite/metrics.ts";
export type { RegistrySearch } from "./sqlite/registry_search.ts";
export { SCHEMA_REVISION } from "./sqlite/schema.ts";
export { sqlitePath } from "./sqlite/database.ts";
export { RestTracker } from "./rest/rest_tracker.ts";
export { RestRegistry, type RestRegistryOptions } from "./rest/rest_registry.ts";
export type { Credentials, MlflowHttpOptions } from "./rest/http.ts";
export * from "./file_store/mod.ts";
export { artifactPathParts } from "./artifacts/artifact_path.ts";
export { inventName } from "./rules/invented_name.ts";
export * from "./rules/limits.ts";
export { parseFilter } from "./search/parse_filter.ts";
export { parseOrderBy } from "./search/parse_order.ts";
export * from "./search/domains.ts";
export type * from "./search/clause.ts";
export { decodeMlModel, encodeMlModel } from "./model_format/ml_model.ts";
export * from "./promotion/mod.ts";
export {
  type AliasChange,
  type ArtifactInfo,
  type ArtifactOwner,
  type ColumnSpec,
  type Dataset,
  type DatasetInput,
  type DatasetSummary,
  type EncodeMlModel,
  type Experiment,
  type InputExampleInfo,
  type KeyValue,
  type LifecycleStage,
  type LoggedModel,
  type LoggedModelSearch,
  type LoggedModelStatus,
  type Metric,
  type MlModel,
  type ModelRegistry,
  type ModelSignature,
  type ModelVersion,
  type Page,
  type ParamSpec,
  type RegisteredModel,
  type Run,
  type RunInfo,
  type RunSearch,
  type RunStatus,
  type TensorSpec,
  type Tracker,
  TrackingError,
  type TrackingErrorCode,
  type ViewType,
} from "../core/mod.ts";
