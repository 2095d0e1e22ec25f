import { join } from "node:path";
import type { ArchiveFile } from "./archive_layout.ts";

/** Keeps downloads that were proven, so that a run that was cut short does not ask for them again. */
export interface ArchiveCache {
  /** Bytes kept of a file, whatever they are by now: the caller proves them again. */
  read(file: ArchiveFile): Promise<Uint8Array | undefined>;
  /** Keeps a proven file. A full disk is no failure of the run: then nothing is kept. */
  write(file: ArchiveFile, bytes: Uint8Array): Promise<void>;
}

/** Suffix of a file that is being written; one that stays behind belongs to a process that was killed. */
const DRAFT = ".part";

/** A cache in a folder of its own, held to a size. */
export class FolderArchiveCache implements ArchiveCache, AsyncDisposable {
  readonly #folder: string;
  readonly #maxBytes: number;
  #isUsed = false;

  /** Nothing is made before the first file is kept; at most `maxBytes` stay when it is disposed. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** See {@linkcode ArchiveCache.read}. */
  async read(file: ArchiveFile): Promise<Uint8Array | undefined> {
    try {
      return await Deno.readFile(join(this.#folder, file.name));
    } catch (error) {
      if (isNoCache(error)) return undefined;
      throw error;
    }
  }

  /** See {@linkcode ArchiveCache.write}. */
  async write(file: ArchiveFile, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#maxBytes) return;
    const path = join(this.#folder, file.name), draft = `${path}.${crypto.randomUUID()}${DRAFT}`;
    this.#isUsed = true;
    try {
      await Deno.mkdir(this.#folder, { recursive: true });
      await Deno.writeFile(draft, bytes);
      await Deno.rename(draft, path);
    } catch (error) {
      await Deno.remove(draft).catch(() => undefined);
      // A download that cannot be kept is stored all the same.
      if (!isDiskFull(error) && !isNoCache(error)) throw error;
    }
  }

  /** Removes what other runs left unfinished, and the oldest files beyond the size. */
  async prune(): Promise<void> {
    const kept: { readonly path: string; readonly size: number; readonly keptAtMs: number }[] = [];
    for await (const entry of entriesOf(this.#folder)) {
      const path = join(this.#folder, entry.name);
      if (entry.name.endsWith(DRAFT)) await removeIfThere(path);
      else if (entry.isFile) {
        const { size, mtime } = await Deno.stat(path);
        kept.push({ path, size, keptAtMs: mtime?.getTime() ?? 0 });
      }
    }
    kept.sort((a, b) => b.keptAtMs - a.keptAtMs || (a.path < b.path ? 1 : -1));
    let bytes = 0;
    for (const { path, size } of kept) {
      bytes += size;
      if (bytes > this.#maxBytes) await removeIfThere(path);
    }
  }

  /** Prunes where this run kept something. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isUsed) await this.prune();
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    if (!isNoCache(error)) throw error;
  }
}

/** There is no folder, or something else is in its place. */
function isNoCache(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.IsADirectory;
}

/** Another run may prune at the same time. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error &&
    /ENOSPC|no space left|EDQUOT|quota/i.test(`${(error as { code?: string }).code} ${error.message}`);
}
