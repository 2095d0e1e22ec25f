import { TrackingError } from "../../core/mod.ts";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export { basename, dirname, join, resolve };

/**
 * The path of a `file:` URI; `file:relative` is taken from the working directory, as MLflow does.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE for a URI that names no path of this machine.
 */
export function fromFileUrl(uri: string): string {
  try {
    if (/^file:\/\//i.test(uri)) return fileURLToPath(uri);
    return resolve(decodeURIComponent(uri.replace(/^file:/i, "")));
  } catch (error) {
    throw new TrackingError("INVALID_PARAMETER_VALUE", `Invalid file URI: '${uri.slice(0, 300)}'`, { cause: error });
  }
}

/** The `file://` URI of a path. */
export function toFileUrl(path: string): string {
  return pathToFileURL(path).href.replace(/\/+$/, "");
}
