import { TrackingError } from "../../core/mod.ts";

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE = /[\\#\x00-\x1f]/;

/**
 * A relative artifact path as its parts; the empty path is the root. Refused, as MLflow does with "Invalid path":
 * absolute paths, `..`, back-slashes, `#`, control characters, drive letters, and all of these percent-encoded.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE
 */
export function artifactPathParts(path: string): string[] {
  let decoded = path;
  // A path may be encoded more than once on its way; one that decodes to an unsafe one at any depth is unsafe.
  for (let round = 0; round < 4; round++) {
    if (UNSAFE.test(decoded) || decoded.startsWith("/") || /^[a-zA-Z]:/.test(decoded) || hasParent(decoded)) {
      throw new TrackingError("INVALID_PARAMETER_VALUE", `Invalid path: '${path}'`, {
        hint: "Give a relative path with '/' between its parts and without '..'",
      });
    }
    const next = decodeOnce(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  return path.split("/").filter((part) => part !== "" && part !== ".");
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
