import { type ArtifactInfo, TrackingError } from "../../src/core/mod.ts";
import { artifactPathParts } from "../../src/MLOps/artifacts/artifact_path.ts";
import { invalid } from "../../src/MLOps/rules/entries.ts";

/** Artifact files in memory, by the URI of their root and a path below it. */
export class MemoryFiles {
  readonly #files = new Map<string, Uint8Array>();

  /** Writes or replaces a file. */
  write(root: string, path: string, content: Uint8Array): void {
    const parts = artifactPathParts(path);
    const target = [root, ...parts].join("/");
    const isFolder = parts.length === 0 || [...this.#files.keys()].some((known) => known.startsWith(`${target}/`));
    if (isFolder) throw invalid(`Cannot write artifact '${path}' as a folder is in its place`);
    this.#files.set(target, content.slice());
  }

  /** The bytes of a file. */
  read(root: string, path: string): Uint8Array {
    const file = this.#files.get([root, ...artifactPathParts(path)].join("/"));
    if (file === undefined) throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`);
    return file.slice();
  }

  /** Children of a folder. */
  list(root: string, path = ""): ArtifactInfo[] {
    const parts = artifactPathParts(path);
    const prefix = `${[root, ...parts].join("/")}/`;
    const children = new Map<string, ArtifactInfo>();
    for (const [file, content] of this.#files) {
      if (!file.startsWith(prefix)) continue;
      const [child, ...rest] = file.slice(prefix.length).split("/");
      const childPath = [...parts, child!].join("/");
      children.set(
        childPath,
        rest.length > 0
          ? { path: childPath, isDirectory: true }
          : { path: childPath, isDirectory: false, fileSize: content.length },
      );
    }
    return [...children.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  }
}
