import type { Progress } from "../../core/mod.ts";
import { SILENT_PROGRESS } from "../../core/mod.ts";
import { join } from "../artifacts/paths.ts";
import { Database, sqlitePath } from "../sqlite/database.ts";
import { ensureDefaultExperiment } from "../sqlite/experiments.ts";
import { artifactRootOf } from "../sqlite/store_options.ts";
import { DEFAULT_ID, isDefaultUnused, refuseClashes } from "./clashes.ts";
import { type ExperimentFolder, FileStore, type Skipped } from "./file_store.ts";
import { isFile } from "./folders.ts";
import { writeMetric, writeModelMetric } from "./metric_rows.ts";
import { readLoggedModel, readRegisteredModel } from "./models.ts";
import * as rows from "./rows.ts";
import { readDatasets, readEntries, readRun } from "./runs.ts";

/** How long the import may go on before others, such as Ctrl-C, get a turn. */
const TURN_MS = 50;

/** Options of {@linkcode importFileStore}. */
export interface ImportOptions {
  /** Reads and checks everything, and leaves the database as it is. @default false */
  readonly dryRun?: boolean;
  /** Where the store was when its artifact locations were written, as a path or `file:` URI. @default where it is */
  readonly movedFrom?: string;
  /** Ends the import early; nothing is written then. */
  readonly signal?: AbortSignal;
  /** Told of runs done. */
  readonly progress?: Progress;
  /** Time of the database's own experiment 0, where that is made. @default Date.now() */
  readonly nowMs?: number;
}

/** What an import brought into the database. */
export interface ImportCounts {
  /** Experiments, deleted ones too. */
  experiments: number;
  /** Runs, deleted ones too. */
  runs: number;
  /** Observations, not keys. */
  metrics: number;
  /** Parameters of runs and logged models. */
  params: number;
  /** Tags of whatever has any. */
  tags: number;
  /** Datasets, once for each experiment. */
  datasets: number;
  /** Datasets and models read by runs. */
  inputs: number;
  /** Models made by runs. */
  outputs: number;
  /** Logged models. */
  loggedModels: number;
  /** Observations of logged models. */
  loggedModelMetrics: number;
  /** Registered models. */
  registeredModels: number;
  /** Their versions, deleted ones too. */
  modelVersions: number;
  /** Their aliases. */
  aliases: number;
}

/** The outcome of {@linkcode importFileStore}. */
export interface ImportSummary {
  /** Absolute path of the file store. */
  readonly source: string;
  /** URI of the database. */
  readonly target: string;
  /** Whether nothing was written. */
  readonly dryRun: boolean;
  /** What was brought. */
  readonly imported: Readonly<ImportCounts>;
  /** Metric lines that said again what a line before had said: one row each in the database. */
  readonly repeatedMetricLines: number;
  /** Lines of logged models' metrics that have no place: NaN, runs that are not there, a second value at one time. */
  readonly metricLinesLeftOut: number;
  /** Traces, which are not imported. */
  readonly tracesLeftOut: number;
  /** Runs imported that lack a folder, for which MLflow lists them but cannot open them. */
  readonly incompleteRuns: number;
  /** What MLflow itself passes over, or a database has no place for. */
  readonly skipped: readonly Skipped[];
  /** Artifact locations that were relative, and are absolute now. */
  readonly relativeLocations: number;
  /** Artifact locations that named the store's old place, and name its new one now. */
  readonly movedLocations: number;
  /** Artifact locations on this machine that lie outside the store. */
  readonly locationsElsewhere: number;
  /** The first of those. */
  readonly firstLocationElsewhere?: string;
  /** Whether the database's own experiment 0 was in use, and so kept its name and location. */
  readonly keptDefault: boolean;
}

/**
 * Brings an old file store of MLflow (a folder `mlruns`) into the SQLite database at `targetUri`, which is made where
 * there is none: ids, times and artifact locations stay as they are, and all is written in one transaction. The database
 * must have none of the store's ids and names, experiment 0 aside: that of the store takes its place where it is unused,
 * else its runs are added to it.
 *
 * @throws {DomainError} `input-invalid` naming the file, line and value that cannot be taken, or what the database has
 * already; `not-found`, `permission-denied`, `store-busy`, `store-damaged`.
 */
export async function importFileStore(
  source: string,
  targetUri: string,
  options: ImportOptions = {},
): Promise<ImportSummary> {
  const path = sqlitePath(targetUri);
  const store = FileStore.open(source, options.movedFrom);
  const work = new Import(store, targetUri, options);
  if (options.dryRun !== true) {
    using db = await Database.open(path);
    return await db.writeSlowly(() => work.run(db, path));
  }
  let keptDefault = false;
  if (path !== ":memory:" && isFile(path)) {
    using db = await Database.open(path, { readOnly: true });
    await db.read(() => {
      refuseClashes(db, store, targetUri);
      keptDefault = keepsDefault(db, store);
    });
  }
  using db = await Database.open(":memory:");
  return { ...await db.writeSlowly(() => work.run(db, path)), keptDefault };
}

function keepsDefault(db: Database, store: FileStore): boolean {
  return store.experiments.some(({ id }) => id === DEFAULT_ID) && !isDefaultUnused(db);
}

class Import {
  readonly #store: FileStore;
  readonly #target: string;
  readonly #options: ImportOptions;
  readonly #counts: ImportCounts = {
    experiments: 0,
    runs: 0,
    metrics: 0,
    params: 0,
    tags: 0,
    datasets: 0,
    inputs: 0,
    outputs: 0,
    loggedModels: 0,
    loggedModelMetrics: 0,
    registeredModels: 0,
    modelVersions: 0,
    aliases: 0,
  };
  readonly #metrics = { rows: 0, repeated: 0 };
  readonly #modelMetrics = { rows: 0, repeated: 0, leftOut: 0 };
  #turnStartedAt = performance.now();

  constructor(store: FileStore, target: string, options: ImportOptions) {
    this.#store = store;
    this.#target = target;
    this.#options = options;
  }

  async run(db: Database, path: string): Promise<ImportSummary> {
    const { dryRun = false, nowMs = Date.now() } = this.#options;
    const store = this.#store;
    ensureDefaultExperiment(db, artifactRootOf(path, {}), nowMs);
    refuseClashes(db, store, this.#target);
    const keptDefault = keepsDefault(db, store);
    const total = store.experiments.reduce((sum, { runs }) => sum + runs.length, 0);
    for (const experiment of store.experiments) {
      const isKept = keptDefault && experiment.id === DEFAULT_ID;
      await this.#experiment(db, experiment, isKept, total);
    }
    // A model's metric names runs of any experiment.
    for (const experiment of store.experiments) await this.#loggedModels(db, experiment);
    await this.#registry(db);
    const { relative, moved, elsewhere, firstElsewhere } = store.locations.counts;
    return {
      source: store.root,
      target: this.#target,
      dryRun,
      imported: { ...this.#counts, metrics: this.#metrics.rows, loggedModelMetrics: this.#modelMetrics.rows },
      repeatedMetricLines: this.#metrics.repeated,
      metricLinesLeftOut: this.#modelMetrics.leftOut + this.#modelMetrics.repeated,
      tracesLeftOut: store.experiments.reduce((sum, { traces }) => sum + traces, 0),
      incompleteRuns: store.incompleteRuns,
      skipped: store.skipped,
      relativeLocations: relative,
      movedLocations: moved,
      locationsElsewhere: elsewhere,
      ...(firstElsewhere === undefined ? {} : { firstLocationElsewhere: firstElsewhere }),
      keptDefault,
    };
  }

  async #experiment(db: Database, experiment: ExperimentFolder, isKept: boolean, total: number): Promise<void> {
    const { id, path, runs } = experiment, counts = this.#counts, store = this.#store;
    if (!isKept) rows.writeExperiment(db, store, experiment);
    counts.experiments++;
    const tags = readEntries(join(path, "tags"));
    counts.tags += rows.writeEntries(db, "experiment_tags", ["key", "value"], { experiment_id: id }, tags);
    const datasets = readDatasets(store, experiment);
    const datasetIds = rows.writeDatasets(db, id, datasets);
    counts.datasets += datasets.size;
    for (const name of runs) {
      const run = readRun(store, experiment, name);
      if (run === undefined) continue;
      rows.writeRun(db, store, id, run);
      counts.runs++;
      counts.params += run.params.length;
      counts.tags += run.tags.length;
      const { inputs, outputs } = rows.writeLinks(db, store, run, datasetIds);
      counts.inputs += inputs;
      counts.outputs += outputs;
      for (const file of run.metrics) {
        const rowsBefore = this.#metrics.rows;
        for (const _ of writeMetric(db, run.id, file, this.#metrics)) await this.#turn(total);
        if (this.#metrics.rows === rowsBefore) store.skip(file.path, "it holds no line");
        // In memory there is no place for all of them, and nobody reads them.
        if (this.#options.dryRun) db.run("DELETE FROM metrics");
      }
      await this.#turn(total);
    }
  }

  async #loggedModels(db: Database, experiment: ExperimentFolder): Promise<void> {
    const hasRun = (runId: string) => db.get("SELECT 1 FROM runs WHERE run_uuid = ?", runId) !== undefined;
    for (const name of experiment.models) {
      const model = readLoggedModel(this.#store, experiment, name);
      if (model === undefined) continue;
      rows.writeLoggedModel(db, this.#store, experiment.id, model);
      this.#counts.loggedModels++;
      this.#counts.params += model.params.length;
      this.#counts.tags += model.tags.length;
      const owner = { modelId: name, experimentId: experiment.id, hasRun };
      for (const file of model.metrics) {
        for (const _ of writeModelMetric(db, owner, file, this.#modelMetrics)) await this.#turn();
      }
    }
  }

  async #registry(db: Database): Promise<void> {
    for (const name of this.#store.registeredModels) {
      const model = readRegisteredModel(this.#store, name);
      if (model === undefined) continue;
      rows.writeRegisteredModel(db, this.#store, model);
      this.#counts.registeredModels++;
      this.#counts.modelVersions += model.versions.length;
      this.#counts.aliases += model.aliases.length;
      this.#counts.tags += model.tags.length + model.versions.reduce((sum, { tags }) => sum + tags.length, 0);
      await this.#turn();
    }
  }

  /** Lets others have a turn now and then, and stops where the import was ended. */
  async #turn(total?: number): Promise<void> {
    if (performance.now() - this.#turnStartedAt < TURN_MS) return;
    const { progress = SILENT_PROGRESS, signal } = this.#options;
    if (total !== undefined) {
      const note = `${this.#metrics.rows} metric rows`;
      progress.update({ stage: "import", done: this.#counts.runs, total, unit: "runs", note });
    }
    await new Promise((done) => setTimeout(done, 0));
    signal?.throwIfAborted();
    this.#turnStartedAt = performance.now();
  }
}
