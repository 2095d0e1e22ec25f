import { normalize } from "node:path";
import { type ArtifactInfo, TrackingError } from "../../core/mod.ts";
import {
  listLocalArtifacts,
  openLocalArtifact,
  removeLocalArtifact,
  writeLocalArtifact,
} from "../artifacts/local_artifacts.ts";

/** A file that can be sent. */
export interface ArtifactFile {
  /** Path it was asked by. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes; a stream must be read or cancelled, as it holds the file open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;
}

/** One folder of artifacts on this machine; paths are relative and checked, links that lead out are refused. */
export class ArtifactFolder {
  /** The folder. */
  readonly root: string;

  /** Serves `root`, which need not exist before the first write. */
  constructor(root: string) {
    this.root = plainPath(root);
  }

  /** Direct children of `path`, by name; a file or an unknown path has none. */
  list(path: string): Promise<readonly ArtifactInfo[]> {
    return listLocalArtifacts(this.root, path);
  }

  /** Opens a file. @throws {TrackingError} 404 where there is none. */
  async open(path: string): Promise<ArtifactFile> {
    return { path, ...await openLocalArtifact(this.root, path) };
  }

  /** Stores a file, replacing one of that name. @throws {TrackingError} where something stands in the way. */
  write(path: string, body: ReadableStream<Uint8Array> | Uint8Array | null): Promise<void> {
    return writeLocalArtifact(this.root, path, body ?? new Uint8Array(0));
  }

  /** Removes a file or a folder with all it holds; one that is not there is fine. */
  remove(path: string): Promise<void> {
    return removeLocalArtifact(this.root, path);
  }
}

/** A path without `.` and `..`, and without a slash at its end. */
export function plainPath(path: string): string {
  return normalize(path).replace(/(.)\/$/, "$1");
}

/** Whether `path` is `folder` or lies in it; both plain, both absolute or both relative. */
export function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** The 403 for a file that the server does not serve. */
export function outside(path: string): TrackingError {
  return new TrackingError(
    "PERMISSION_DENIED",
    `Cannot serve '${path}' as it lies outside of the folders that this server serves`,
    { hint: "Serve its folder with --artifact-folders, --artifacts-destination or --default-artifact-root" },
  );
}
