import { Buffer } from "node:buffer";
import { type ArtifactInfo, TrackingError } from "../../core/mod.ts";
import { artifactPathParts } from "./artifact_path.ts";
import { basename, dirname, join } from "./paths.ts";

/** Name of a file that is being written; never listed, and no name for an artifact. */
const PARTIAL = /^\.[0-9a-f-]{36}\.partial$/;
/** No upload takes as long: what is older was left by a process that was killed. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Writes a file under `root`: beside its target, then renamed into place, so that a reader sees all of it or nothing.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE for a path that could leave the root, that is the root, or in whose
 * way a file or folder stands.
 */
export async function writeLocalArtifact(
  root: string,
  path: string,
  content: Uint8Array | ReadableStream<Uint8Array>,
): Promise<void> {
  const target = await insidePath(root, path);
  if (artifactPathParts(path).length === 0) throw inTheWay(path);
  if (PARTIAL.test(basename(target))) {
    throw new TrackingError("INVALID_PARAMETER_VALUE", `Invalid path: '${path}' is a name for files under way`);
  }
  const partial = join(dirname(target), `.${crypto.randomUUID()}.partial`);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(partial, content, { createNew: true });
    await Deno.rename(partial, target);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    if (error instanceof Deno.errors.AlreadyExists || isNoFile(error)) throw inTheWay(path, error);
    throw error;
  }
}

/**
 * Gives a file under one root the other's place too, where its bytes are those wanted: it is then on the disk once, and
 * stays while either is there. Nothing here writes into a file, so that neither changes by the other.
 *
 * @returns whether it did; where the bytes differ, or the file system links no files, all is left as it was.
 */
export async function linkLocalArtifact(
  fromRoot: string,
  root: string,
  path: string,
  content: Uint8Array,
): Promise<boolean> {
  const [source, target] = [await insidePath(fromRoot, path), await insidePath(root, path)];
  const partial = join(dirname(target), `.${crypto.randomUUID()}.partial`);
  try {
    const { isFile, size } = await Deno.lstat(source);
    if (!isFile || size !== content.length || !equalBytes(await Deno.readFile(source), content)) return false;
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.link(source, partial);
    await Deno.rename(partial, target);
    return true;
  } catch {
    await Deno.remove(partial).catch(() => {});
    return false; // writing it says what is wrong, where something is
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function inTheWay(path: string, cause?: unknown): TrackingError {
  return new TrackingError(
    "INVALID_PARAMETER_VALUE",
    `Cannot write artifact '${path}' as a file or folder is in its place`,
    { cause },
  );
}

/** Whether there is no file at a path: nothing, a folder, a file where a folder should be, a link to itself. */
function isNoFile(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory ||
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.FilesystemLoop;
}

/** A file that can be read bit by bit. */
export interface OpenArtifact {
  /** Bytes. */
  readonly size: number;
  /** Its bytes; must be read to the end or cancelled, as it holds the file open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Opens a file under `root`. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST; INVALID_PARAMETER_VALUE for a folder */
export async function openLocalArtifact(root: string, path: string): Promise<OpenArtifact> {
  const target = await insidePath(root, path);
  try {
    const { isFile, isDirectory, size } = await Deno.stat(target);
    if (isDirectory) {
      throw new TrackingError(
        "INVALID_PARAMETER_VALUE",
        `Artifact path refers to a directory, not a file: '${path}'`,
      );
    }
    if (!isFile) throw new Deno.errors.NotFound();
    const file = await Deno.open(target, { read: true });
    return { size, body: file.readable };
  } catch (error) {
    if (isNoFile(error)) {
      throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`, { cause: error });
    }
    throw error;
  }
}

/** Removes a file, or a folder with all it holds, under `root`; one that is not there is fine, the root is not. */
export async function removeLocalArtifact(root: string, path: string): Promise<void> {
  const target = await insidePath(root, path);
  if (artifactPathParts(path).length === 0) {
    throw new TrackingError("INVALID_PARAMETER_VALUE", "Cannot remove the whole artifact folder");
  }
  try {
    await Deno.remove(target, { recursive: true });
  } catch (error) {
    if (!isNoFile(error)) throw error;
  }
}

/** The bytes of a file under `root`. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST */
export async function readLocalArtifact(root: string, path: string): Promise<Uint8Array> {
  const target = await insidePath(root, path);
  try {
    return await Deno.readFile(target);
  } catch (error) {
    if (isNoFile(error)) {
      throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`, { cause: error });
    }
    throw error;
  }
}

/** Direct children of a folder under `root`, by path; none where it is a file or does not exist. */
export async function listLocalArtifacts(root: string, path = ""): Promise<ArtifactInfo[]> {
  const parts = artifactPathParts(path);
  const folder = await insidePath(root, path);
  const found: ArtifactInfo[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (PARTIAL.test(entry.name)) continue;
      if (entry.isSymlink && !await leadsInside(root, join(folder, entry.name))) continue; // it cannot be fetched either
      const info = await Deno.stat(join(folder, entry.name)).catch(() => undefined);
      if (info === undefined) continue; // removed since
      const childPath = [...parts, entry.name].join("/");
      found.push(
        info.isDirectory
          ? { path: childPath, isDirectory: true }
          : { path: childPath, isDirectory: false, fileSize: info.size },
      );
    }
  } catch (error) {
    if (isNoFile(error)) return [];
    throw error;
  }
  return found.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

/**
 * Removes what uploads left behind whose process was killed, anywhere under `root`; returns how many files. A folder that
 * cannot be read is passed over.
 */
export async function removeAbandonedUploads(root: string, nowMs: number, signal?: AbortSignal): Promise<number> {
  let removed = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && signal?.aborted !== true; folder = folders.pop()) {
    try {
      for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
        const path = join(folder, name);
        if (isDirectory) folders.push(path);
        if (!isFile || !PARTIAL.test(name)) continue;
        const { mtime } = await Deno.stat(path);
        if (mtime === null || nowMs - mtime.getTime() < ABANDONED_MS) continue;
        await Deno.remove(path);
        removed++;
      }
    } catch (error) {
      if (!isNoFile(error) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  return removed;
}

async function leadsInside(root: string, link: string): Promise<boolean> {
  try {
    const [realRoot, real] = await Promise.all([Deno.realPath(root), Deno.realPath(link)]);
    return real === realRoot || real.startsWith(`${realRoot}/`);
  } catch {
    return false; // to nowhere, to itself, or out of reach
  }
}

/** The absolute path of an artifact, after symbolic links were shown not to lead out of the root. */
async function insidePath(root: string, path: string): Promise<string> {
  const parts = artifactPathParts(path);
  const target = join(root, ...parts);
  // The deepest existing ancestor decides: what is created below it cannot be a link.
  const realRoot = await Deno.realPath(root).catch(() => undefined);
  if (realRoot === undefined) return target;
  for (let depth = parts.length; depth > 0; depth--) {
    const real = await Deno.realPath(join(root, ...parts.slice(0, depth))).catch(() => undefined);
    if (real === undefined) continue;
    if (real !== realRoot && !real.startsWith(`${realRoot}/`)) {
      throw new TrackingError(
        "INVALID_PARAMETER_VALUE",
        "Invalid path: resolved path is outside the artifact directory",
        {
          hint: "A symbolic link in it leads out of the artifact folder",
        },
      );
    }
    break;
  }
  return target;
}
