import { TrackingError } from "../../core/mod.ts";

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE = /[\\#\x00-\x1f\x7f]/;
/** Longest name and path that file systems take, in bytes; the root needs room too. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 2_048;

/**
 * A relative artifact path as its parts; the empty path is the root. Refused, as MLflow does with "Invalid path":
 * absolute paths, `..`, back-slashes, `#`, control characters, drive letters, and all of these percent-encoded.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE
 */
export function artifactPathParts(path: string): string[] {
  const parts = splitArtifactPath(path);
  if (parts !== undefined) return parts;
  throw new TrackingError("INVALID_PARAMETER_VALUE", `Invalid path: '${path.slice(0, 300)}'`, {
    hint: "Give a relative path with '/' between its parts and without '..'",
  });
}

/** As {@linkcode artifactPathParts}; undefined where the path is refused. */
export function splitArtifactPath(path: string): string[] | undefined {
  let decoded = path;
  // A path may be encoded more than once on its way; one that decodes to an unsafe one at any depth is unsafe.
  for (let round = 0; round < 4; round++) {
    if (UNSAFE.test(decoded) || decoded.startsWith("/") || /^(?:[a-zA-Z]|file):/i.test(decoded) || hasParent(decoded)) {
      return undefined;
    }
    const next = decodeOnce(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const isTooLong = bytes(path) > MAX_PATH_BYTES || parts.some((part) => bytes(part) > MAX_NAME_BYTES);
  return isTooLong ? undefined : parts;
}

function hasParent(path: string): boolean {
  return path.split("/").includes("..");
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
