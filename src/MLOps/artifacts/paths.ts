import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export { dirname, join, resolve };

/** The path of a `file:` URI; `file:relative` is taken from the working directory, as MLflow does. */
export function fromFileUrl(uri: string): string {
  if (/^file:\/\//i.test(uri)) return fileURLToPath(uri);
  return resolve(decodeURIComponent(uri.replace(/^file:/i, "")));
}

/** The `file://` URI of a path. */
export function toFileUrl(path: string): string {
  return pathToFileURL(path).href.replace(/\/+$/, "");
}
