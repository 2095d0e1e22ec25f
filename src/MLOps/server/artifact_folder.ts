import { dirname, join, normalize } from "node:path";
import { type ArtifactInfo, TrackingError } from "../../core/mod.ts";
import { noSuchArtifact, safeArtifactPath } from "./artifact_path.ts";
import { invalidParameter } from "./fields.ts";

/** A file that can be sent. */
export interface ArtifactFile {
  /** Path it was asked by. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes; a stream must be read or cancelled, as it holds the file open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;
}

/** Files still being written carry this end, and are not listed. */
const PART_SUFFIX = ".part";
const PART_NAME = /^\.[0-9a-f-]{36}\.part$/;

/**
 * One folder of artifacts on this machine. Paths are relative and checked; a link that leads out of the folder is
 * refused as well. Files are written beside their place and renamed into it, so that no reader sees half of one.
 */
export class ArtifactFolder {
  /** The folder. */
  readonly root: string;

  /** Serves `root`, which need not exist before the first write. */
  constructor(root: string) {
    this.root = normalize(root);
  }

  /** Direct children of `path`, by name; a file or an unknown path has none. */
  async list(path: string): Promise<readonly ArtifactInfo[]> {
    const base = safeArtifactPath(path);
    const folder = await this.#inside(base);
    const found: ArtifactInfo[] = [];
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (PART_NAME.test(entry.name)) continue;
        const child = base === "" ? entry.name : `${base}/${entry.name}`;
        const info = await Deno.stat(join(folder, entry.name)).catch(ignoreMissing);
        if (info === undefined) continue;
        found.push({ path: child, isDirectory: info.isDirectory, ...(info.isFile ? { fileSize: info.size } : {}) });
      }
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    return found.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** Opens a file. @throws {TrackingError} 404 where there is none. */
  async open(path: string): Promise<ArtifactFile> {
    const plain = safeArtifactPath(path);
    const place = await this.#inside(plain);
    const info = await Deno.stat(place).catch(ignoreMissing);
    if (info === undefined || !info.isFile) throw noSuchArtifact(plain);
    const file = await Deno.open(place, { read: true });
    return { path: plain, size: info.size, body: file.readable };
  }

  /** Stores a file, replacing one of that name. @throws {TrackingError} where a file stands in the way of a folder. */
  async write(path: string, body: ReadableStream<Uint8Array> | Uint8Array | null): Promise<void> {
    const plain = safeArtifactPath(path);
    if (plain === "") throw invalidParameter("Invalid path");
    await this.#inside(plain);
    const place = join(this.root, plain);
    const part = join(dirname(place), `.${crypto.randomUUID()}${PART_SUFFIX}`);
    try {
      await Deno.mkdir(dirname(place), { recursive: true });
      await Deno.writeFile(part, body ?? new Uint8Array(0));
      await Deno.rename(part, place);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      if (isMissing(error) || error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.IsADirectory) {
        throw invalidParameter(`Cannot store artifact '${plain}' as a file or folder of that name is in the way`);
      }
      throw error;
    }
  }

  /** Removes a file or a folder with all it holds; one that is not there is fine. */
  async remove(path: string): Promise<void> {
    const plain = safeArtifactPath(path);
    if (plain === "") throw invalidParameter("Invalid path");
    await this.#inside(plain);
    await Deno.remove(join(this.root, plain), { recursive: true }).catch(ignoreMissing);
  }

  /** The place of a path, once every link on the way is known to stay inside. */
  async #inside(path: string): Promise<string> {
    const place = path === "" ? this.root : join(this.root, path);
    const root = await Deno.realPath(this.root).catch(ignoreMissing);
    if (root === undefined) return place;
    for (let at = place;; at = dirname(at)) {
      const real = await Deno.realPath(at).catch(ignoreMissing);
      if (real !== undefined) {
        if (!contains(root, real)) throw outside(path);
        return place;
      }
      if (at === this.root || at === dirname(at)) return place;
    }
  }
}

/** Whether `path` is `folder` or lies in it; both normal, both absolute or both relative. */
export function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** The 403 for a file that the server does not serve. */
export function outside(path: string): TrackingError {
  return new TrackingError(
    "PERMISSION_DENIED",
    `Cannot serve '${path}' as it lies outside of the folders that this server serves`,
    { hint: "Serve its folder with --artifacts-destination or --default-artifact-root" },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function ignoreMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
