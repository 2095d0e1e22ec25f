/**
 * The only place where adapters are built. Every import of an adapter is dynamic, so that a command loads no more
 * than it uses.
 *
 * @module
 */
import type { IngestConfig } from "../config/ingest_config.ts";
import {
  DomainError,
  type FeatureEngine,
  type FeatureReader,
  type FeatureStore,
  type HoldoutOpening,
  type HoldoutRecord,
  isDomainError,
  type LoadForecastModel,
  type ModelFamily,
  type ModelRegistry,
  type SeriesId,
  STORED_FEATURE_SETS,
  type StoredFeatureSet,
  type Tracker,
} from "../core/mod.ts";
import type { CandleFeed } from "../api/mod.ts";
import type { IngestDeps, IngestRequest } from "../data_ingestion_service/mod.ts";
import type { CommandContext } from "./command.ts";
import type { WallProbe } from "./wall_probe.ts";
import { dropForeignFunctions } from "./walls.ts";

/** Options of {@linkcode openFeatureStore}. */
export interface OpenFeatureStoreOptions {
  /** Readers share the store, a writer has it alone. */
  readonly mode: "read" | "write";
  /** Settings already loaded. @default those of config/bitcoin_ingest.json */
  readonly config?: IngestConfig;
  /** How long to wait for another process that holds it. @default the config's `featureStore.waitMs` */
  readonly waitMs?: number;
  /** Keeps little of the file in memory, where it is read once from end to end. @default false */
  readonly lean?: boolean;
}

/** Opens the feature store for reading. Hold it for moments: writers wait meanwhile. */
export function openFeatureStore(
  context: CommandContext,
  options: OpenFeatureStoreOptions & { readonly mode: "read" },
): Promise<FeatureReader>;
/** Opens the feature store for writing; it is made where there is none. */
export function openFeatureStore(context: CommandContext, options: OpenFeatureStoreOptions): Promise<FeatureStore>;
export async function openFeatureStore(
  context: CommandContext,
  options: OpenFeatureStoreOptions,
): Promise<FeatureStore> {
  const [{ DuckDbFeatureStore, LEAN_LIMITS }, { loadIngestConfig }] = await Promise.all([
    import("../feature_store/mod.ts"),
    import("../config/ingest_config.ts"),
  ]);
  const { featureStore } = options.config ?? await loadIngestConfig();
  const store = await DuckDbFeatureStore.open(featureStore.path, {
    mode: options.mode,
    clock: context.clock,
    command: commandName(),
    waitMs: options.waitMs ?? featureStore.waitMs,
    memoryLimit: featureStore.memoryLimit,
    threads: featureStore.threads,
    ...(options.lean === true ? LEAN_LIMITS : {}),
    signal: context.signal,
  });
  dropForeignFunctions();
  return store;
}

/** The feature store as the service reads it: looked at from outside, opened for moments, closed again. */
export async function openCandleFeed(context: CommandContext): Promise<CandleFeed> {
  const { loadIngestConfig } = await import("../config/ingest_config.ts");
  const config = await loadIngestConfig();
  const { path } = config.featureStore;
  const stamp = async (file: string) => {
    try {
      const { mtime, size, ino } = await Deno.stat(file);
      return `${mtime?.getTime()} ${size} ${ino}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "absent";
      throw error;
    }
  };
  return {
    // A killed writer leaves committed rows in the write-ahead log, which a reader sees.
    version: async () => `${await stamp(path)} ${await stamp(`${path}.wal`)}`,
    async read(use) {
      await using store = await openFeatureStore(context, { mode: "read", config });
      return await use(store);
    },
  };
}

/** Where candles come from, and how ingest treats them; the store is opened apart. */
export interface IngestSources extends AsyncDisposable {
  readonly deps: Omit<IngestDeps, "store">;
}

/** Builds the archive and the exchange that a request needs. @throws {DomainError} `config-invalid`. */
export async function openIngestSources(
  context: CommandContext,
  config: IngestConfig,
  request: IngestRequest,
): Promise<IngestSources> {
  const { buildIngestSources } = await import("./ingest_sources.ts");
  return await buildIngestSources(context, config, request);
}

/** The subcommand at work, for whoever finds the store busy. */
function commandName(): string {
  return Deno.args[0] ?? "bitcoin-ml";
}

/** Options of {@linkcode openTracker} and {@linkcode openRegistry}. */
export interface OpenTrackingOptions {
  /** Opens a local store without writing to it; it must exist. @default false */
  readonly readOnly?: boolean;
  /** Makes a local store where there is none. @default true */
  readonly create?: boolean;
  /** The store's address. @default MLFLOW_TRACKING_URI (registry: MLFLOW_REGISTRY_URI first), else mlruns/mlflow.db */
  readonly uri?: string;
  /** Folder of a local store's artifacts. @default `artifacts` beside the database */
  readonly artifactRoot?: string;
  /** Where new experiments of a local store say that their artifacts are. @default the artifact folder */
  readonly newExperimentLocation?: string;
}

/** Opens the runs that MLFLOW_TRACKING_URI names. */
export async function openTracker(context: CommandContext, options: OpenTrackingOptions = {}): Promise<Tracker> {
  const { credentialsFrom, DEFAULT_TRACKING_URI, openTrackerAt } = await import("../MLOps/open.ts");
  const { uri = context.env("MLFLOW_TRACKING_URI") ?? DEFAULT_TRACKING_URI, ...rest } = options;
  return await openTrackerAt(uri, { ...rest, credentials: credentialsFrom(context.env), signal: context.signal });
}

/**
 * What is kept of openings of the holdout: always in the usual file of this folder. Wherever runs are tracked, the candles
 * are the same, and another store would know nothing of the looks that were taken.
 */
export async function openHoldoutRecord(): Promise<HoldoutRecord> {
  const { DEFAULT_TRACKING_URI } = await import("../MLOps/open.ts");
  const { SqliteHoldoutRecord } = await import("../MLOps/sqlite/sqlite_holdout_record.ts");
  return await SqliteHoldoutRecord.open(DEFAULT_TRACKING_URI);
}

/** Openings of the holdout so far; nothing is made where no file is. */
export async function holdoutOpenings(of: Pick<SeriesId, "exchange" | "symbol">): Promise<readonly HoldoutOpening[]> {
  const { DEFAULT_TRACKING_URI } = await import("../MLOps/open.ts");
  const { SqliteHoldoutRecord } = await import("../MLOps/sqlite/sqlite_holdout_record.ts");
  try {
    await using record = await SqliteHoldoutRecord.open(DEFAULT_TRACKING_URI, { create: false });
    return await record.openings(of);
  } catch (error) {
    if (!isDomainError(error, "not-found")) throw error;
    return [];
  }
}

/** Opens the registered models that MLFLOW_REGISTRY_URI names; without it, those of MLFLOW_TRACKING_URI. */
export async function openRegistry(
  context: CommandContext,
  options: OpenTrackingOptions & {
    /** Where runs and logged models are, if the registry may be elsewhere. */
    readonly tracker?: Tracker;
    /** Called when another file was found in the place of a local registry's database, which is used from then on. */
    readonly onReplaced?: () => void;
  } = {},
): Promise<ModelRegistry> {
  const { credentialsFrom, DEFAULT_TRACKING_URI, openRegistryAt } = await import("../MLOps/open.ts");
  const tracking = context.env("MLFLOW_TRACKING_URI") ?? DEFAULT_TRACKING_URI;
  const { uri = context.env("MLFLOW_REGISTRY_URI") ?? tracking, ...rest } = options;
  return await openRegistryAt(uri, { ...rest, credentials: credentialsFrom(context.env), signal: context.signal });
}

/** The loader of logged models: it proves hashes and golden rows, and loads no tfjs. */
export async function loadForecastModel(): Promise<LoadForecastModel> {
  return (await import("../ml/models/load_forecast_model.ts")).loadForecastModel;
}

/** Every feature set that a model may have been trained on. */
export async function featureEngines(): Promise<readonly FeatureEngine[]> {
  return (await import("../ml/features/mod.ts")).featureEngines();
}

/** The feature set of a digest, which a model names. @throws {DomainError} `model-invalid` where it is none of ours. */
export async function featureEngineOf(digest: string): Promise<FeatureEngine> {
  const engine = (await featureEngines()).find((each) => each.digest === digest);
  if (engine !== undefined) return engine;
  throw new DomainError(
    "model-invalid",
    `Cannot compute the features of set ${digest}: this program does not know it`,
    {
      hint: "Train again with this version of the program",
    },
  );
}

/** The feature set of the rows that a family is trained on. */
export async function featureSetOf(family: ModelFamily): Promise<FeatureEngine> {
  return (await import("../ml/features/mod.ts")).featureSetOf(family);
}

/** Feature sets that the store keeps, by name. */
export async function storedFeatureSets(names: readonly StoredFeatureSet[]): Promise<readonly FeatureEngine[]> {
  const { storedFeatureSet } = await import("../ml/features/mod.ts");
  return names.map(storedFeatureSet);
}

/** The feature set that an ingestion report shows: the first that the store keeps, else the one that most models read. */
export async function reportedFeatureSet({ features }: Pick<IngestConfig, "features">): Promise<FeatureEngine> {
  return (await storedFeatureSets([features[0] ?? STORED_FEATURE_SETS[0]]))[0]!;
}

/**
 * What DuckDB, opened as the store opens it, answers to attempts at leaving the store. Empty where this command may not
 * load it at all.
 */
export async function probeDuckDb(): Promise<WallProbe[]> {
  if ((await Deno.permissions.query({ name: "ffi", path: "node_modules" })).state !== "granted") return [];
  const { DuckDbSession } = await import("../feature_store/duckdb_session.ts");
  using session = await DuckDbSession.open(":memory:", "write", { memoryLimit: "256MB", threads: 1 });
  dropForeignFunctions();
  const attempts = {
    "DuckDB: read a file outside the store": "SELECT * FROM read_text('/etc/passwd')",
    "DuckDB: write a file outside the store": "COPY (SELECT 1) TO '../forbidden-by-the-walls'",
    "DuckDB: attach another database": "ATTACH '../forbidden-by-the-walls.duckdb' AS other",
    "DuckDB: lift its own walls": "SET enable_external_access = true",
    "DuckDB: load an extension": "INSTALL httpfs",
  };
  const probes: WallProbe[] = [];
  for (const [attempt, sql] of Object.entries(attempts)) {
    try {
      await session.rows(sql);
      probes.push({ attempt, refused: false, detail: "it worked" });
    } catch (error) {
      const detail = (error as Error).message.split("\n", 1)[0]!;
      probes.push({
        attempt,
        refused: /disabled|locked|not allowed|cannot be changed|Permission Error/i.test(detail),
        detail,
      });
    }
  }
  return probes;
}

/** Version of DuckDB's native library, which is loaded for it. */
export async function duckDbVersion(): Promise<string> {
  const { loadDuckDb } = await import("../feature_store/duckdb_library.ts");
  return (await loadDuckDb()).version();
}
