import { type ArtifactInfo, TrackingError } from "../../core/mod.ts";
import { artifactPathParts } from "../artifacts/artifact_path.ts";
import { listLocalArtifacts, readLocalArtifact, writeLocalArtifact } from "../artifacts/local_artifacts.ts";
import { fromFileUrl, resolve } from "../artifacts/paths.ts";
import { Fields } from "./fields.ts";
import type { MlflowHttp } from "./http.ts";

const ROUTE = "/api/2.0/mlflow-artifacts/artifacts";

/** Where an artifact URI leads: a folder of this machine, or a server's proxy with a path below it. */
type Place =
  | { readonly kind: "local"; readonly folder: string }
  | { readonly kind: "proxy"; readonly endpoint: string; readonly parts: readonly string[] };

/** Artifacts of a remote server: through its proxy, or straight on the disk where both share one. */
export class RemoteArtifacts {
  readonly #http: MlflowHttp;

  /** Artifacts reached with the server's own client. */
  constructor(http: MlflowHttp) {
    this.#http = http;
  }

  /** Writes a file below an artifact URI. */
  async write(uri: string, path: string, content: Uint8Array): Promise<void> {
    const parts = artifactPathParts(path);
    if (parts.length === 0) {
      throw new TrackingError("INVALID_PARAMETER_VALUE", "Cannot write an artifact as its path is empty");
    }
    const place = this.#placeOf(uri);
    if (place.kind === "local") return await writeLocalArtifact(place.folder, path, content);
    const response = await this.#http.request({ method: "PUT", url: fileUrl(place, parts), body: content });
    await response.body?.cancel();
  }

  /** The bytes of a file below an artifact URI. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST */
  async read(uri: string, path: string): Promise<Uint8Array> {
    const parts = artifactPathParts(path);
    const place = this.#placeOf(uri);
    if (place.kind === "local") return await readLocalArtifact(place.folder, path);
    try {
      const response = await this.#http.request({ method: "GET", url: fileUrl(place, parts) });
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      // MLflow answers 404 for what is not there, and 400 for a folder; the path itself was checked above.
      const isNoFile = error instanceof TrackingError &&
        ["ENDPOINT_NOT_FOUND", "BAD_REQUEST", "INVALID_PARAMETER_VALUE"].includes(error.errorCode);
      if (!isNoFile) throw error;
      throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`, { cause: error });
    }
  }

  /** Direct children of a folder below an artifact URI. */
  async list(uri: string, path = ""): Promise<readonly ArtifactInfo[]> {
    const parts = artifactPathParts(path);
    const place = this.#placeOf(uri);
    if (place.kind === "local") return await listLocalArtifacts(place.folder, path);
    const url = new URL(place.endpoint);
    url.searchParams.set("path", [...place.parts, ...parts].join("/"));
    const response = await this.#http.request({ method: "GET", url });
    return new Fields(await response.json()).list("files").map((file): ArtifactInfo => {
      // Servers give base names here; take the last part in case one gives more.
      const filePath = [...parts, file.text("path").split("/").at(-1)!].join("/");
      const isDirectory = file.flag("is_dir");
      return isDirectory
        ? { path: filePath, isDirectory }
        : { path: filePath, isDirectory, fileSize: file.numberOr("file_size", 0) };
    }).sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  }

  #placeOf(uri: string): Place {
    const proxied = /^mlflow-artifacts:(?:\/\/([^/]*))?\/*(.*)$/.exec(uri);
    if (proxied !== null) {
      const [, host = "", path] = proxied;
      const scheme = new URL(this.#http.base).protocol;
      const base = host === "" ? this.#http.base : `${scheme}//${host}`;
      return { kind: "proxy", endpoint: base + ROUTE, parts: partsOf(path!) };
    }
    const direct = /^(https?:\/\/.*?\/mlflow-artifacts\/artifacts)(?:\/(.*))?$/.exec(uri);
    if (direct !== null) return { kind: "proxy", endpoint: direct[1]!, parts: partsOf(direct[2] ?? "") };
    if (uri.startsWith("file:")) return { kind: "local", folder: fromFileUrl(uri) };
    if (!/^[a-zA-Z][a-zA-Z0-9+.-]+:/.test(uri)) return { kind: "local", folder: resolve(uri) };
    throw new TrackingError(
      "NOT_IMPLEMENTED",
      `Cannot reach the artifacts at '${uri}' as its store is not known here`,
      {
        hint: "Start the MLflow server with --serve-artifacts, so that it hands them on",
      },
    );
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "").map(decodeURIComponent);
}

function fileUrl(place: Extract<Place, { kind: "proxy" }>, parts: readonly string[]): URL {
  return new URL([place.endpoint, ...[...place.parts, ...parts].map(encodeURIComponent)].join("/"));
}
