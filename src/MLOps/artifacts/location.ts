import { fromFileUrl, join, resolve, toFileUrl } from "./paths.ts";
import { TrackingError } from "../../core/mod.ts";

/**
 * Where a store's artifacts lie on this machine. Locations in the database are absolute paths or `file:` URIs, so
 * that any MLflow on this machine serves them; those that a server handed out (`mlflow-artifacts:`, or `http(s):` of
 * its proxy) mean the same folder under the root.
 */
export class ArtifactRoot {
  /** Absolute path of the root. */
  readonly path: string;
  readonly #newLocation: string | undefined;

  /**
   * Artifacts under `path`, which is made absolute. New experiments are located under `newLocation` (an URI such as
   * `mlflow-artifacts:`, or a path) where that is given, else under `path`.
   */
  constructor(path: string, newLocation?: string) {
    this.path = resolve(path);
    this.#newLocation = newLocation === undefined ? undefined : resolveLocation(newLocation);
  }

  /** Where a new experiment's artifacts go. */
  experimentLocation(experimentId: string): string {
    return this.#newLocation === undefined
      ? join(this.path, experimentId)
      : appendToUri(this.#newLocation, experimentId);
  }

  /**
   * The local folder of an artifact URI.
   *
   * @throws {TrackingError} NOT_IMPLEMENTED for stores that are not on this machine.
   */
  localPath(uri: string): string {
    const proxied = proxiedPath(uri);
    if (proxied !== undefined) return join(this.path, ...proxied);
    if (/^file:/i.test(uri)) return fromFileUrl(uri);
    if (/^[a-zA-Z][a-zA-Z0-9+.-]+:/.test(uri)) {
      throw new TrackingError(
        "NOT_IMPLEMENTED",
        `Cannot reach the artifacts at '${uri}' as only local files are served`,
        {
          hint: "Use an MLflow server that proxies its artifacts, or a local artifact location",
        },
      );
    }
    return resolve(uri);
  }
}

/** Parts of the path below a server's artifact folder, for the URIs that its proxy hands out. */
function proxiedPath(uri: string): string[] | undefined {
  const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*([^?#]*)$/i.exec(uri) ??
    /^https?:\/\/[^/]+\/(?:.*\/)?mlflow-artifacts\/artifacts\/?([^?#]*)$/i.exec(uri);
  if (match === null) return undefined;
  const parts = decodeURIComponent(match[1]!).split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new TrackingError("INVALID_PARAMETER_VALUE", `Invalid path: '${uri}'`);
  return parts;
}

/** Adds parts to the path of an artifact URI, in front of its query. */
export function appendToUri(uri: string, ...parts: readonly string[]): string {
  const [, head, tail] = /^([^?#]*)(.*)$/s.exec(uri)!;
  return `${head!.replace(/\/+$/, "")}/${parts.join("/")}${tail}`;
}

/**
 * An artifact location that a user gave, as the database keeps it: as it is, but for a relative path, which is taken
 * from the working directory (MLflow's `resolve_uri_if_local`).
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE for a `file:` URI of another host.
 */
export function resolveLocation(location: string): string {
  if (/^file:/i.test(location)) {
    const path = fromFileUrl(location);
    return /^file:\//i.test(location) ? location : toFileUrl(path);
  }
  return /^(?:\/|[a-zA-Z][a-zA-Z0-9+.-]+:)/.test(location) ? location : resolve(location);
}
