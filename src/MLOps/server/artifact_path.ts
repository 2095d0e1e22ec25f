import { TrackingError } from "../../core/mod.ts";
import { splitArtifactPath } from "../artifacts/artifact_path.ts";
import { fromFileUrl, resolve } from "../artifacts/paths.ts";
import { invalidParameter } from "./fields.ts";

const PROXY_PREFIX = "/mlflow-artifacts/artifacts";

/** A relative artifact path in its plain form; `""` is the root. @throws {TrackingError} 400 `Invalid path`. */
export function safeArtifactPath(path: string): string {
  const parts = splitArtifactPath(path);
  // MLflow's words and no more: its own tests compare the whole answer.
  if (parts === undefined) throw invalidParameter("Invalid path");
  return parts.join("/");
}

/**
 * The artifact path in a request's URL, as it came: `URL` would fold `..` before anyone could refuse it.
 *
 * @throws {TrackingError} 400 as {@linkcode safeArtifactPath}.
 */
export function pathAfter(requestUrl: string, prefix: string): string {
  const raw = requestUrl.replace(/^[a-z]+:\/\/[^/?#]*/i, "").split(/[?#]/, 1)[0]!;
  const start = raw.indexOf(prefix);
  const encoded = start < 0 ? "" : raw.slice(start + prefix.length);
  const decoded = percentDecoded(encoded);
  if (decoded === undefined) throw invalidParameter("Invalid path");
  return safeArtifactPath(decoded);
}

/** Where an artifact URI points, as this server sees it. */
export type ArtifactLocation =
  /** In the folder that the server keeps for its clients. */
  | { readonly kind: "proxied"; readonly path: string }
  /** In a folder of this machine; the path is absolute. */
  | { readonly kind: "local"; readonly path: string }
  /** Somewhere that only the store's adapter can reach. */
  | { readonly kind: "other" };

/**
 * Reads an artifact URI; relative paths are those of the working directory, and `http(s)` addresses of an artifact proxy
 * mean this server's own folder, as in MLflow.
 *
 * @throws {TrackingError} 400 for a path that leads upwards, or a `file:` URI that names no path.
 */
export function locateArtifacts(uri: string): ArtifactLocation {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "local", path: resolve(uri) };
  if (scheme === "file") return { kind: "local", path: fromFileUrl(uri) };
  if (scheme === "mlflow-artifacts") {
    return { kind: "proxied", path: safeArtifactPath(withoutHost(uri.slice(scheme.length + 1)).replace(/^\/+/, "")) };
  }
  const path = URL.canParse(uri) ? percentDecoded(new URL(uri).pathname) : undefined;
  if (path === undefined) return { kind: "other" };
  const start = scheme === "http" || scheme === "https" ? path.indexOf(PROXY_PREFIX) : -1;
  if (start < 0) return { kind: "other" };
  return { kind: "proxied", path: safeArtifactPath(path.slice(start + PROXY_PREFIX.length).replace(/^\/+/, "")) };
}

/** What follows the scheme, without host and port of `mlflow-artifacts://host:port/P`. */
function withoutHost(rest: string): string {
  return rest.startsWith("//") ? rest.slice(2).replace(/^[^/]*/, "") : rest;
}

/** The 404 for a file that is not there. */
export function noSuchArtifact(path: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
