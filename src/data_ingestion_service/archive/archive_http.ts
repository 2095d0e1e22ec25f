import { createHash } from "node:crypto";
import { type CallOptions, DomainError, isDomainError, type Warning } from "../../core/mod.ts";
import { HostList, type HostListOptions } from "../http/host_list.ts";
import { fetchWhole, HttpFailure } from "../http/http_failure.ts";
import type { ArchiveCache } from "./archive_cache.ts";
import type { ArchiveFile } from "./archive_layout.ts";
import { type ArchiveAnswer, type ArchiveSource, parseChecksum } from "./archive_source.ts";

/** A month of minutes is 3 MB; a body larger than this is not read. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_CHECKSUM_BYTES = 4096;

/** Options of {@linkcode ArchiveHttp}. */
export interface ArchiveHttpOptions extends HostListOptions {
  /** How long one file may take. */
  readonly timeoutMs: number;
  /** Downloads of earlier runs; only the checksum of a file that it holds is asked for. */
  readonly cache?: ArchiveCache;
}

/** The published archive over HTTP: `<origin>/data/spot/…`. */
export class ArchiveHttp implements ArchiveSource {
  readonly kind = "http";
  readonly #hosts: HostList;
  readonly #timeoutMs: number;
  readonly #cache: ArchiveCache | undefined;

  /** See {@linkcode ArchiveHttpOptions}. */
  constructor(options: ArchiveHttpOptions) {
    this.#hosts = new HostList(options);
    this.#timeoutMs = options.timeoutMs;
    this.#cache = options.cache;
  }

  /** See {@linkcode ArchiveSource.name}. */
  get name(): string {
    return this.#hosts.origin;
  }

  /** Hosts that refused. */
  get warnings(): readonly Warning[] {
    return this.#hosts.warnings;
  }

  /** The archive has no listing that can be relied on. */
  list(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** See {@linkcode ArchiveSource.fetch}. */
  async fetch(file: ArchiveFile, options: CallOptions = {}): Promise<ArchiveAnswer> {
    const kept = await this.#cache?.read(file);
    if (kept !== undefined) {
      const expectedSha256 = await this.#checksum(file, options);
      if (expectedSha256 === sha256(kept)) return { found: true, bytes: kept, expectedSha256, cached: true };
    }
    const [zip, expectedSha256] = await Promise.all([
      this.#get(file.path, MAX_BYTES, options),
      this.#checksum(file, options),
    ]);
    if (zip === undefined) return { found: false };
    const { bytes, retries } = zip;
    if (expectedSha256 === sha256(bytes)) await this.#cache?.write(file, bytes);
    return { found: true, bytes, expectedSha256, retries };
  }

  async #checksum(file: ArchiveFile, options: CallOptions): Promise<string | undefined> {
    const answer = await this.#get(`${file.path}.CHECKSUM`, MAX_CHECKSUM_BYTES, options);
    if (answer === undefined) return undefined;
    const expectedSha256 = parseChecksum(new TextDecoder().decode(answer.bytes), file.name);
    if (expectedSha256 !== undefined) return expectedSha256;
    throw new DomainError("checksum-mismatch", `Cannot read the checksum of '${this.location(file)}'`, {
      hint: "The archive's answer is no checksum; try again later",
    });
  }

  /** See {@linkcode ArchiveSource.location}. */
  location(file: ArchiveFile): string {
    return `${this.#hosts.origin}/data/${file.path}`;
  }

  async #get(
    path: string,
    maxBytes: number,
    options: CallOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly retries: number } | undefined> {
    let attempts = 0;
    try {
      const { bytes } = await this.#hosts.request((origin) => {
        attempts++;
        return fetchWhole(`${origin}/data/${path}`, { ...options, timeoutMs: this.#timeoutMs, maxBytes });
      }, options);
      return { bytes, retries: attempts - 1 };
    } catch (error) {
      if (error instanceof HttpFailure && (error.status === 404 || error.status === 410)) return undefined;
      if (error instanceof HttpFailure || isDomainError(error, "exchange-unavailable")) {
        throw new DomainError("fetch-failed", `Cannot download '${path}': ${(error as Error).message}`, {
          hint: "Run again: only what is missing is asked for",
          cause: error,
        });
      }
      throw error;
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
