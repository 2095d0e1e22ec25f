import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from "@duckdb/node-api";
import { DomainError } from "../core/mod.ts";
import { type DuckDbApi, loadDuckDb } from "./duckdb_library.ts";
import { busy, lockPath, readHolder } from "./files/store_lock.ts";
import type { StoreMode } from "./files/store_path.ts";

/** Limits of an instance. */
export interface DuckDbLimits {
  /** As DuckDB writes it: `1GB`. */
  readonly memoryLimit: string;
  /** Threads of the query engine. */
  readonly threads: number;
}

/**
 * Of an instance that reads a wide table once from end to end. A thread holds a block of 256 kB of each column, 25 MB of
 * a hundred; a second one is no faster, and what is above that is a cache.
 */
export const LEAN_LIMITS: DuckDbLimits = { memoryLimit: "64MB", threads: 1 };

/** A row as DuckDB gives it back; read by the functions of `values.ts`. */
export type SqlRow = Readonly<Record<string, DuckDBValue>>;

/**
 * How much may be in the log before it is folded into the file on the way, not only at closing. Each fold on the way
 * rewrites the row group that is not full yet and leaves a hole; at DuckDB's default of 16 MB a bulk load was up to a
 * third larger.
 */
const CHECKPOINT_THRESHOLD = "256MB";

/** An open instance and the connection that most statements use. */
export class DuckDbSession implements Disposable {
  readonly api: DuckDbApi;
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #path: string;
  #open = true;

  private constructor(api: DuckDbApi, instance: DuckDBInstance, connection: DuckDBConnection, path: string) {
    this.api = api;
    this.#instance = instance;
    this.connection = connection;
    this.#path = path;
  }

  /**
   * Opens the database file at `path` (absolute and checked), or a database in memory for `:memory:`, with no way out
   * of it: no other file, no network, no extension, and the configuration locked.
   *
   * @throws {DomainError} `store-damaged`, or `store-busy` where a program without our lock has it open.
   */
  static async open(path: string, mode: StoreMode, limits: DuckDbLimits): Promise<DuckDbSession> {
    const api = await loadDuckDb();
    let instance: DuckDBInstance;
    try {
      instance = await api.DuckDBInstance.create(path, {
        access_mode: mode === "read" ? "READ_ONLY" : "AUTOMATIC",
        memory_limit: limits.memoryLimit,
        threads: String(limits.threads),
        checkpoint_threshold: CHECKPOINT_THRESHOLD,
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
        enable_external_access: "false",
        lock_configuration: "true",
      });
    } catch (error) {
      throw openError(path, error);
    }
    return new DuckDbSession(api, instance, await instance.connect(), path);
  }

  /** A database in memory that may read and write files in `folder` (absolute, links followed), and nothing else. */
  static async openForFolder(folder: string, limits: DuckDbLimits): Promise<DuckDbSession> {
    const api = await loadDuckDb();
    const instance = await api.DuckDBInstance.create(":memory:", {
      memory_limit: limits.memoryLimit,
      threads: String(limits.threads),
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const session = new DuckDbSession(api, instance, await instance.connect(), ":memory:");
    const allowed = `${folder}/`.replace("//", "/").replaceAll("'", "''");
    // In this order: the list cannot be set once access is off, nor access once the configuration is locked.
    await session.run(`SET allowed_directories = ['${allowed}']`);
    await session.run("SET enable_external_access = false");
    await session.run("SET lock_configuration = true");
    return session;
  }

  /** A connection of its own, for a result that is read while other statements run. The caller closes it. */
  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Runs a statement; values are bound, never spliced in. */
  async run(sql: string, values: readonly DuckDBValue[] = []): Promise<void> {
    await this.guard(() => this.connection.run(sql, [...values]));
  }

  /** Rows of a query, all at once. */
  async rows(sql: string, values: readonly DuckDBValue[] = []): Promise<SqlRow[]> {
    const reader = await this.guard(() => this.connection.runAndReadAll(sql, [...values]));
    return reader.getRowObjects();
  }

  /** Runs `work` between BEGIN and COMMIT; any failure rolls back. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run("BEGIN TRANSACTION");
    try {
      const result = await work();
      await this.run("COMMIT");
      return result;
    } catch (error) {
      // After a failed COMMIT there is nothing left to roll back; the first error is the one to show.
      await this.connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** A `TIMESTAMP` value of epoch milliseconds. */
  timestamp(ms: number): DuckDBValue {
    return new this.api.DuckDBTimestampValue(BigInt(Math.trunc(ms)) * 1000n);
  }

  /** Names the failures of native code that a user meets: a damaged file, a full disk. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw nameFailure(this.#path, error);
    }
  }

  /** The error for what is no store of ours any more. */
  damaged(reason: string): DomainError {
    return damaged(this.#path, new Error(reason));
  }

  /** Closes connection and instance; a writer's log is folded into the file. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.connection.closeSync();
    this.#instance.closeSync();
  }
}

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function openError(path: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (/Could not set lock|Conflicting lock|being used by another process/i.test(message)) {
    return busy(path, readHolder(lockPath(path)) ?? lockOwner(message));
  }
  const named = nameFailure(path, error);
  return named instanceof DomainError ? named : damaged(path, error);
}

const DAMAGE = /^(IO Error|FATAL Error|INTERNAL Error|Serialization Error)|corrupt|checksum|has been invalidated/i;
/** A table or column that our own statements name is not there: other hands have been at the file. */
const OTHER_SCHEMA =
  /^(Catalog Error: Table with name .* (does not|already) exists?|Binder Error: Referenced column .* not found)/;

/** DuckDB names the program whose lock it met. */
function lockOwner(message: string): { pid: number; command: string; startedAt: string } | undefined {
  const match = /held in (\S+) \(PID (\d+)\)/.exec(message);
  return match === null
    ? undefined
    : { pid: Number(match[2]), command: match[1]!.split("/").at(-1)!, startedAt: "an unknown time" };
}

/** What DuckDB cannot do within its memory; `reason` completes "Cannot use the feature store as …". */
export function outOfMemory(reason: string, cause?: unknown): DomainError {
  return new DomainError("config-invalid", `Cannot use the feature store as ${reason}`, {
    hint: "Raise featureStore.memoryLimit in config/bitcoin_ingest.json",
    ...(cause === undefined ? {} : { cause }),
  });
}

function nameFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DomainError) return error;
  if (/No space left on device|not enough space|disk is full/i.test(error.message)) {
    return new DomainError("disk-full", `Cannot write the feature store '${path}' as its disk is full`, {
      hint: "Free some space and run again: what was committed is there",
      cause: error,
    });
  }
  if (error.message.startsWith("Out of Memory Error")) {
    return outOfMemory(`DuckDB says: ${error.message.split("\n", 1)[0]}`, error);
  }
  return DAMAGE.test(error.message) || OTHER_SCHEMA.test(error.message) ? damaged(path, error) : error;
}

function damaged(path: string, error: unknown): DomainError {
  const message = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
  return new DomainError("store-damaged", `Cannot read the feature store '${path}' as it is damaged: ${message}`, {
    hint: `Move it aside (with ${path}.wal, if there is one) and run ingest again: every candle can be fetched anew`,
    cause: error,
  });
}
