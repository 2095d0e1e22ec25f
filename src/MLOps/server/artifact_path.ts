import { TrackingError } from "../../core/mod.ts";
import { invalidParameter } from "./fields.ts";

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
const PROXY_PREFIX = "/mlflow-artifacts/artifacts";

/**
 * A relative artifact path in its plain form, without empty and `.` parts; `""` is the root.
 *
 * @throws {TrackingError} 400 `Invalid path` where it could leave the root: `..`, `#`, a back-slash, an absolute path
 * or drive, control characters, also behind (repeated) percent-encoding.
 */
export function safeArtifactPath(path: string): string {
  let decoded = path;
  // A second decoder behind us must not find what the first one hid.
  for (let round = 0; round < 10; round++) {
    const next = percentDecode(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  for (const form of [path, decoded]) {
    if (
      form.startsWith("/") || /[#\\]/.test(form) || hasControlCharacter(form) || /^[a-z]:/i.test(form) ||
      form.split("/").includes("..")
    ) throw invalidParameter("Invalid path");
  }
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const encoder = new TextEncoder();
  const plain = parts.join("/");
  if (encoder.encode(plain).length > MAX_PATH_BYTES) throw invalidParameter("Invalid path");
  if (parts.some((part) => encoder.encode(part).length > MAX_NAME_BYTES)) throw invalidParameter("Invalid path");
  return plain;
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
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    throw invalidParameter("Invalid path");
  }
  return safeArtifactPath(decoded);
}

/** Where an artifact URI points, as this server sees it. */
export type ArtifactLocation =
  /** In the folder that the server keeps for its clients. */
  | { readonly kind: "proxied"; readonly path: string }
  /** In a folder of this machine. */
  | { readonly kind: "local"; readonly path: string }
  /** Somewhere that only the store's adapter can reach. */
  | { readonly kind: "other" };

/** Reads an artifact URI; `http(s)` addresses of an artifact proxy mean this server's own folder, as in MLflow. */
export function locateArtifacts(uri: string): ArtifactLocation {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "local", path: uri };
  if (scheme === "mlflow-artifacts") {
    return { kind: "proxied", path: safeArtifactPath(withoutHost(uri.slice(scheme.length + 1)).replace(/^\/+/, "")) };
  }
  if (scheme === "http" || scheme === "https") {
    const { pathname } = new URL(uri);
    const start = pathname.indexOf(PROXY_PREFIX);
    if (start < 0) return { kind: "other" };
    return {
      kind: "proxied",
      path: safeArtifactPath(decodeURIComponent(pathname.slice(start + PROXY_PREFIX.length)).replace(/^\/+/, "")),
    };
  }
  if (scheme === "file") return { kind: "local", path: decodeURIComponent(new URL(uri).pathname) };
  return { kind: "other" };
}

/** What follows the scheme, without host and port of `mlflow-artifacts://host:port/P`. */
function withoutHost(rest: string): string {
  return rest.startsWith("//") ? rest.slice(2).replace(/^[^/]*/, "") : rest;
}

/** The 404 for a file that is not there. */
export function noSuchArtifact(path: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`);
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
