import type { ArchiveFileRecord, CallOptions, SeriesId, Warning } from "../../core/mod.ts";
import type { ArchiveFile } from "./archive_layout.ts";

/** What came of asking for a file. */
export type ArchiveAnswer =
  | {
    readonly found: true;
    readonly bytes: Uint8Array;
    readonly expectedSha256: string | undefined;
    /** Times the file had to be asked for again before it came whole. @default 0 */
    readonly retries?: number;
    /** Whether the bytes are those of an earlier download that still has the published checksum. @default false */
    readonly cached?: boolean;
  }
  | { readonly found: false };

/** A place that holds archive files. */
export interface ArchiveSource {
  /** `mirror` is a local folder, whose files are final; a file of `http` may be asked for again. */
  readonly kind: "mirror" | "http";
  /** How the source is named in messages: a folder or an origin. */
  readonly name: string;
  /** Files of the series that are there, oldest first, monthly before daily; undefined where it cannot be listed. */
  list(series: SeriesId): Promise<readonly ArchiveFile[] | undefined>;
  /**
   * Bytes of a file with its published checksum, if there is one.
   *
   * @throws {DomainError} `fetch-failed`, `region-blocked`, `permission-denied`.
   */
  fetch(file: ArchiveFile, options?: CallOptions): Promise<ArchiveAnswer>;
  /**
   * Whether a file may hold something else than when the ledger's row of it was written; without this it may.
   */
  mayHaveChanged?(file: ArchiveFile, record: ArchiveFileRecord): Promise<boolean>;
  /** What a user should know of how it went. */
  readonly warnings: readonly Warning[];
  /** What the ledger says of where a file is from. */
  location(file: ArchiveFile): string;
}

/**
 * The 64 hex digits of a `.CHECKSUM` text (`HEX  NAME`), in lower case, or undefined where it is no checksum of the
 * file.
 */
export function parseChecksum(text: string, name: string): string | undefined {
  const match = /^([0-9a-fA-F]{64})[ \t]+\*?(\S+)\s*$/.exec(text);
  return match !== null && match[2] === name ? match[1]!.toLowerCase() : undefined;
}
