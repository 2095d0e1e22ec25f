import { dirname, resolve } from "node:path";
import { DomainError, type ModelRegistry, quoted, type Tracker } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { RequestsInFlight } from "./requests_in_flight.ts";
import { promotionAccess } from "./promotion_access.ts";
import { openRegistry, openTracker } from "./runtime.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 5000;
const PROXY_LOCATION = "mlflow-artifacts:";
/** Host names that are told of before it grows silent. */
const MOST_HOSTS_TOLD = 10;
/** How long requests in flight may take to end once the service is asked to stop. */
const SHUTDOWN_MS = 5_000;

/** Where the server listens, and what it serves. */
interface Settings {
  readonly host: string;
  readonly port: number;
  readonly storeUri: string;
  /** Folder of what clients upload; unset where the store is remote and keeps the files itself. */
  readonly destination: string | undefined;
  /** What new experiments are told about where their artifacts are. */
  readonly newExperimentLocation: string;
  /** Further folders whose artifacts may be shown and written. */
  readonly artifactFolders: readonly string[];
  /** Folder of the local store; unset where the store is remote. */
  readonly storeFolder: string | undefined;
  readonly allowedHosts: readonly string[];
  /** Keys of which a client must show one; unset where none is asked for. */
  readonly accessKeys: readonly string[] | undefined;
}

/** `mlflow-ui`: MLflow's REST API and our own pages over the tracking store. */
export const command: Command = {
  summary: "Show runs and models; MLflow clients can log here",
  options: {
    host: { type: "string", value: "HOST", description: `Address to listen on (default ${DEFAULT_HOST})` },
    port: {
      type: "number",
      value: "PORT",
      description: `Port to listen on, 0 for a free one (default ${DEFAULT_PORT})`,
    },
    "backend-store-uri": {
      type: "string",
      value: "URI",
      description: "Store of runs and models (default MLFLOW_TRACKING_URI, else sqlite:///mlruns/mlflow.db)",
    },
    "default-artifact-root": {
      type: "string",
      value: "URI",
      description: "Where new experiments put artifacts (default: through this server)",
    },
    "artifacts-destination": {
      type: "string",
      value: "DIR",
      isPath: true,
      description: "Folder of what clients upload (default: artifacts beside the store)",
    },
    "artifact-folders": {
      type: "string",
      value: "DIR",
      multiple: true,
      isPath: true,
      description: "Further folder whose artifacts may be shown and written, for experiments with a place of their own",
    },
    "allowed-hosts": {
      type: "string",
      value: "NAME",
      multiple: true,
      description: "Further host name by which clients may ask, beside this machine's and private addresses",
    },
    "key-file": {
      type: "string",
      value: "FILE",
      isPath: true,
      description: "File of keys, one a line, of which clients must show one (default: none is asked for)",
    },
  },
  examples: [
    { line: "task mlflow-ui", does: "the runs of mlruns/ on http://127.0.0.1:5000" },
    { line: "task mlflow-ui PORT=5001", does: "on another port, with the permission for it" },
    {
      line: "task mlflow-ui WRITE=/data/ml -- --backend-store-uri sqlite:////data/ml/mlflow.db",
      does: "another store, with the permission for its folder",
    },
  ],
  run,
};

async function run(context: CommandContext): Promise<CommandResult> {
  const settings = await readSettings(context);
  const { storeUri: uri, destination, newExperimentLocation } = settings;
  const local = destination === undefined ? {} : { artifactRoot: destination, newExperimentLocation };
  await using tracker = await openTracker(context, { uri, ...local });
  await using registry = await openRegistry(context, { uri, ...local });
  const app = await buildApp(context, settings, tracker, registry);
  const listening = Promise.withResolvers<Deno.NetAddr>();
  const flight = new RequestsInFlight();
  const server = listen(settings, flight.watch((request) => app.fetch(request)), listening.resolve);
  const address = await listening.promise;

  const url = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${address.port}`;
  const json = { url, backendStoreUri: settings.storeUri };
  context.output.announce(context.output.json ? JSON.stringify(json) : url);
  if (!isLoopback(settings.host) && settings.accessKeys === undefined) {
    context.output.note(
      `Whoever reaches ${settings.host} can read and change runs and models: this server asks for no key (--key-file)`,
    );
  }
  await noteOldStore(context, settings, tracker);
  const cleared = clearUploads(context, settings.destination);
  await stopped(context.signal);
  await cleared;
  await flight.end(SHUTDOWN_MS);
  await server.shutdown();
  return { json, text: "", isAnnounced: true };
}

/** Says so where runs that the user may look for are still in an old file store beside the database. */
async function noteOldStore(context: CommandContext, { storeFolder }: Settings, tracker: Tracker): Promise<void> {
  if (storeFolder === undefined) return;
  const { holdsUnimported } = await import("../MLOps/file_store/holds_unimported.ts");
  try {
    if (!await holdsUnimported(storeFolder, tracker)) return;
  } catch (error) {
    // A folder beside the database that may not be read is no reason not to serve.
    if (error instanceof DomainError) return;
    throw error;
  }
  context.output.note(
    `${storeFolder} also holds an old MLflow file store that is not in the database: bring it in with: task import-mlruns ` +
      `-- --source ${quoted(storeFolder)}`,
  );
}

/** Removes what killed uploads left, while requests are answered. */
async function clearUploads({ clock, signal, output }: CommandContext, folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  const { removeAbandonedUploads } = await import("../MLOps/artifacts/local_artifacts.ts");
  try {
    await removeAbandonedUploads(resolve(folder), clock.nowMs(), signal);
  } catch (error) {
    output.note(`What earlier uploads left in '${folder}' could not be removed: ${(error as Error).message}`);
  }
}

async function readSettings(context: CommandContext): Promise<Settings> {
  const { options } = context;
  const { DEFAULT_TRACKING_URI } = await import("../MLOps/open.ts");
  const host = options.string("host") ?? DEFAULT_HOST;
  const port = options.number("port") ?? DEFAULT_PORT;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new DomainError("usage", `Option '--port' must be an integer in 0..65535: current value is ${port}`);
  }
  const asked = options.string("backend-store-uri") ?? context.env("MLFLOW_TRACKING_URI") ?? DEFAULT_TRACKING_URI;
  // Clients on this machine have MLFLOW_TRACKING_URI set to this very server, which cannot be its own store.
  const storeUri = isOwnAddress(asked, host, port) ? DEFAULT_TRACKING_URI : asked;
  const storeFolder = await localFolder(storeUri);
  return {
    host,
    port,
    storeUri,
    storeFolder,
    destination: storeFolder === undefined
      ? undefined
      : options.string("artifacts-destination") ?? `${storeFolder}/artifacts`,
    newExperimentLocation: options.string("default-artifact-root") ?? PROXY_LOCATION,
    artifactFolders: options.strings("artifact-folders"),
    allowedHosts: [...options.strings("allowed-hosts"), host],
    accessKeys: await readAccessKeys(options.string("key-file")),
  };
}

async function readAccessKeys(path: string | undefined): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined;
  const { parseAccessKeys } = await import("../MLOps/server/mod.ts");
  try {
    return parseAccessKeys(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new DomainError("permission-denied", `Cannot read the keys in '${path}' as it is not granted`, {
        hint: `Grant it: task mlflow-ui READ=${quoted(path)} -- --key-file ${quoted(path)}`,
        cause: error,
      });
    }
    const why = error instanceof RangeError ? error.message : "it cannot be read";
    throw new DomainError("config-invalid", `Cannot take keys from '${path}' as ${why}`, {
      hint: "Write one key of at least 16 characters a line; lines that begin with # are passed over",
      cause: error,
    });
  }
}

async function buildApp(context: CommandContext, settings: Settings, tracker: Tracker, registry: ModelRegistry) {
  const [{ createTrackingApp }, { createPages }] = await Promise.all([
    import("../MLOps/server/mod.ts"),
    import("../MLOps/ui/mod.ts"),
  ]);
  const rootFolder = await folderOf(settings.newExperimentLocation);
  const onFailure = (error: unknown, request: Request) => {
    const text = error instanceof DomainError ? error.message : error instanceof Error ? error.stack : String(error);
    // As it came: a client may send an address that is none.
    const path = request.url.replace(/^[a-z]+:\/\/[^/]*/i, "").split("?", 1)[0];
    context.output.note(`${request.method} ${path} failed: ${text}`);
  };
  const promotion = await promotionAccess(context, [settings.storeFolder, settings.destination]);
  return createTrackingApp({
    tracker,
    registry,
    artifacts: {
      ...(settings.destination === undefined ? {} : { destination: resolve(settings.destination) }),
      served: [
        ...(rootFolder === undefined ? [] : [rootFolder]),
        ...settings.artifactFolders.map((path) => resolve(path)),
      ],
      ...(settings.storeFolder === undefined ? {} : { storeFolder: resolve(settings.storeFolder) }),
    },
    onFailure,
  }, {
    allowedHosts: settings.allowedHosts,
    onForeignHost: tellOnce(context),
    ...(settings.accessKeys === undefined ? {} : { accessKeys: settings.accessKeys }),
    pages: (artifacts) => createPages({ tracker, registry, artifacts, clock: context.clock, promotion, onFailure }),
  });
}

/** Says how to let in a host name that clients are refused for, once for each of a few: anybody can send any name. */
function tellOnce({ output }: CommandContext): (host: string) => void {
  const told = new Set<string>();
  return (host) => {
    if (told.has(host) || told.size >= MOST_HOSTS_TOLD) return;
    told.add(host);
    output.note(
      `A client asked for this server as '${host}' and was refused. To let that name in: --allowed-hosts ${host}`,
    );
  };
}

/**
 * Starts to listen.
 *
 * @throws {DomainError} `port-in-use`; `permission-denied` for a port that is not granted or kept for the system;
 * `usage` for a host that is not of this machine.
 */
function listen(
  { host, port }: Settings,
  handler: Deno.ServeHandler<Deno.NetAddr>,
  onReady: (address: Deno.NetAddr) => void,
): Deno.HttpServer<Deno.NetAddr> {
  const at = `${host}:${port}`;
  try {
    return Deno.serve({ hostname: host, port, onListen: onReady }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new DomainError("port-in-use", `Cannot listen on ${at} as the port is in use`, {
        hint: `Stop the program that has it, or choose another port: task mlflow-ui PORT=${port + 1}`,
        cause: error,
      });
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new DomainError("permission-denied", `Cannot listen on ${at} as the permission for it is not granted`, {
        hint: host === DEFAULT_HOST
          ? `Grant it to the task: task mlflow-ui PORT=${port}`
          : `Grant it to the task: task mlflow-ui HOST=${host} PORT=${port}`,
        cause: error,
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new DomainError("permission-denied", `Cannot listen on ${at} as the system keeps the port for itself`, {
        hint: "Choose a port of 1024 or more",
        cause: error,
      });
    }
    if (error instanceof Deno.errors.AddrNotAvailable || error instanceof TypeError || isLookupFailure(error)) {
      throw new DomainError("usage", `Cannot listen on ${at} as the host is no address of this machine`, {
        hint: `Leave --host out for ${DEFAULT_HOST}, or give 0.0.0.0 for all addresses`,
        cause: error,
      });
    }
    throw error;
  }
}

function isLookupFailure(error: unknown): boolean {
  return error instanceof Error && /lookup|resolve|address information/i.test(error.message);
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}

/** Folder of a local store. */
async function localFolder(storeUri: string): Promise<string | undefined> {
  if (!storeUri.startsWith("sqlite:")) return undefined;
  const { sqlitePath } = await import("../MLOps/sqlite/database.ts");
  return dirname(sqlitePath(storeUri));
}

/** Folder of an artifact location on this machine: a path or a `file:` URI. */
async function folderOf(location: string): Promise<string | undefined> {
  const { locateArtifacts } = await import("../MLOps/server/mod.ts");
  const place = locateArtifacts(location);
  return place.kind === "local" ? resolve(place.path) : undefined;
}

function isOwnAddress(uri: string, host: string, port: number): boolean {
  const match = /^https?:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+):(\d+)/i.exec(uri);
  if (match === null || Number(match[2]) !== port) return false;
  const named = match[1]!.replace(/[[\]]/g, "").toLowerCase();
  return named === host.toLowerCase() || (isLoopback(named) && (isLoopback(host) || host === "0.0.0.0"));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
