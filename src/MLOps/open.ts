import { DomainError, type ModelRegistry, type Tracker } from "../core/mod.ts";
import type { Credentials } from "./rest/http.ts";

/** Where runs are kept when nothing else is said (design section 4). */
export const DEFAULT_TRACKING_URI = "sqlite:///mlruns/mlflow.db";

/** How to reach a store that a URI names. */
export interface OpenStoreOptions {
  /** Opens a local store without writing to it. @default false */
  readonly readOnly?: boolean;
  /** Makes a local store where there is none. @default true */
  readonly create?: boolean;
  /** Called when another file was found in the place of a local store's database, which is used from then on. */
  readonly onReplaced?: () => void;
  /** Where a local store's artifacts go. @default the folder `artifacts` beside the database */
  readonly artifactRoot?: string;
  /** Where new experiments of a local store say that their artifacts are, as a path or URI. @default the artifact root */
  readonly newExperimentLocation?: string;
  /** What a server is told of who asks. */
  readonly credentials?: Credentials | undefined;
  /** Ends calls to a server early. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the runs at `sqlite:///…`, or on the MLflow server at `http(s)://…`.
 *
 * @throws {DomainError} `config-invalid` for a URI of another kind; `store-busy`, `store-damaged`.
 */
export async function openTrackerAt(uri: string, options: OpenStoreOptions = {}): Promise<Tracker> {
  if (uri.startsWith("sqlite:")) {
    const { SqliteTracker } = await import("./sqlite/sqlite_tracker.ts");
    return await SqliteTracker.open(uri, options);
  }
  if (isServer(uri)) {
    const { RestTracker } = await import("./rest/rest_tracker.ts");
    return new RestTracker(uri, options);
  }
  throw unknownStore(uri);
}

/** Opens the registered models at a URI; as {@linkcode openTrackerAt}. */
export async function openRegistryAt(
  uri: string,
  options: OpenStoreOptions & { readonly tracker?: Tracker } = {},
): Promise<ModelRegistry> {
  if (uri.startsWith("sqlite:")) {
    const { SqliteRegistry } = await import("./sqlite/sqlite_registry.ts");
    return await SqliteRegistry.open(uri, options);
  }
  if (isServer(uri)) {
    const { RestRegistry } = await import("./rest/rest_registry.ts");
    return new RestRegistry(uri, options);
  }
  throw unknownStore(uri);
}

/**
 * Credentials from MLflow's variables: a token wins over user and password.
 *
 * @example
 * ```ts
 * import { credentialsFrom } from "./open.ts";
 *
 * const environment: Record<string, string> = { MLFLOW_TRACKING_USERNAME: "ada", MLFLOW_TRACKING_PASSWORD: "secret" };
 * const credentials = credentialsFrom((name) => environment[name]); // in a program: (name) => Deno.env.get(name)
 * if (credentials?.kind !== "basic") throw new Error("user and password are Basic credentials");
 * ```
 */
export function credentialsFrom(env: (name: string) => string | undefined): Credentials | undefined {
  const token = env("MLFLOW_TRACKING_TOKEN");
  if (token !== undefined) return { kind: "bearer", token };
  const username = env("MLFLOW_TRACKING_USERNAME");
  if (username === undefined) return undefined;
  return { kind: "basic", username, password: env("MLFLOW_TRACKING_PASSWORD") ?? "" };
}

function isServer(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}

function unknownStore(uri: string): DomainError {
  const unquoted = /^(["'])(.*)\1$/.exec(uri)?.[2];
  if (unquoted !== undefined) {
    return new DomainError("config-invalid", `Cannot open the tracking store '${uri}' as the quotes are part of it`, {
      hint: `Set it without them: MLFLOW_TRACKING_URI=${unquoted}`,
    });
  }
  const isFiles = !/^[a-zA-Z][a-zA-Z0-9+.-]+:/.test(uri) || uri.startsWith("file:");
  return new DomainError("config-invalid", `Cannot open the tracking store '${uri}' as its kind is not known here`, {
    hint: isFiles
      ? "Bring an old file store into a database with: task import-mlruns -- --source DIR"
      : "Set MLFLOW_TRACKING_URI to sqlite:///path/to.db or to the http(s) address of an MLflow server",
  });
}
