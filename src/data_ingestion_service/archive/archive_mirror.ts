import { join } from "node:path";
import {
  type ArchiveFileRecord,
  type CallOptions,
  DomainError,
  quoted,
  type SeriesId,
  type Warning,
} from "../../core/mod.ts";
import { type ArchiveFile, archiveFolder, type ArchiveKind, parseArchiveName } from "./archive_layout.ts";
import { type ArchiveAnswer, type ArchiveSource, parseChecksum } from "./archive_source.ts";

const KINDS: readonly ArchiveKind[] = ["monthly", "daily"];

/** A local folder in the archive's own layout. */
export class ArchiveMirror implements ArchiveSource {
  readonly kind = "mirror";
  readonly name: string;
  readonly warnings: readonly Warning[] = [];
  /** Checksum files seen when the series was listed: asking for hundreds that are not there takes its time. */
  #checksums: Set<string> | undefined;

  /** `root` is the folder that holds `spot/`. */
  constructor(root: string) {
    this.name = root;
  }

  /** See {@linkcode ArchiveSource.list}. @throws {DomainError} `not-found`, `permission-denied`. */
  async list(series: SeriesId): Promise<readonly ArchiveFile[]> {
    await this.#requireFolder();
    const files: ArchiveFile[] = [];
    const checksums = new Set<string>();
    for (const kind of KINDS) {
      for (const name of await namesIn(join(this.name, archiveFolder(series, kind)))) {
        if (name.endsWith(".CHECKSUM")) checksums.add(name);
        const file = parseArchiveName(series, kind, name);
        if (file !== undefined) files.push(file);
      }
    }
    this.#checksums = checksums;
    return files.sort((a, b) => a.range.startMs - b.range.startMs || b.range.endMs - a.range.endMs);
  }

  /** See {@linkcode ArchiveSource.fetch}. */
  async fetch(file: ArchiveFile, options: CallOptions = {}): Promise<ArchiveAnswer> {
    const path = join(this.name, file.path);
    const bytes = await readOptional(path, options);
    if (bytes === undefined) return { found: false };
    const published = this.#checksums?.has(`${file.name}.CHECKSUM`) ?? true;
    const checksum = published ? await readOptional(`${path}.CHECKSUM`, options) : undefined;
    if (checksum === undefined) return { found: true, bytes, expectedSha256: undefined };
    const expectedSha256 = parseChecksum(new TextDecoder().decode(checksum), file.name);
    if (expectedSha256 === undefined) {
      throw new DomainError("checksum-mismatch", `Cannot read the checksum in '${path}.CHECKSUM'`, {
        hint: "It must hold 64 hex digits, two spaces and the file's name; copy it again or remove it",
      });
    }
    return { found: true, bytes, expectedSha256 };
  }

  /** By size and time: to read a file again costs more than to look at it. */
  async mayHaveChanged(file: ArchiveFile, { bytes, fetchedAtMs }: ArchiveFileRecord): Promise<boolean> {
    try {
      const { size, mtime } = await Deno.stat(join(this.name, file.path));
      return size !== bytes || (mtime?.getTime() ?? 0) > fetchedAtMs;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** See {@linkcode ArchiveSource.location}. */
  location(file: ArchiveFile): string {
    return file.path;
  }

  async #requireFolder(): Promise<void> {
    try {
      if ((await Deno.stat(this.name)).isDirectory) return;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new DomainError(
          "permission-denied",
          `Cannot read the archive mirror '${this.name}' as it is not granted`,
          {
            hint: `Grant it: task ingest READ=${quoted(this.name)} -- --archive-dir ${quoted(this.name)}`,
            cause: error,
          },
        );
      }
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    throw new DomainError("not-found", `Cannot read the archive mirror as '${this.name}' is no folder`, {
      hint: "Name the folder that holds spot/daily/klines/…",
    });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    // A link may lead to a file; a folder is none, whatever its name.
    return (await Array.fromAsync(Deno.readDir(folder))).filter(({ isDirectory }) => !isDirectory)
      .map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

async function readOptional(path: string, options: CallOptions): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path, options);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  }
}
