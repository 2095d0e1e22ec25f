import { type CallOptions, type Clock, DomainError, toIso } from "../../core/mod.ts";
import { lockAttempt } from "./lock_attempt.ts";
import type { StoreMode } from "./store_path.ts";

/** Who holds a store, as written into its lock file. */
export interface LockHolder {
  /** Process id. */
  readonly pid: number;
  /** Subcommand or program that holds it. */
  readonly command: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
}

/** What {@linkcode StoreLock.acquire} needs to know. */
export interface StoreLockOptions extends CallOptions {
  readonly mode: StoreMode;
  /** Written into the lock file for whoever finds it held. */
  readonly command: string;
  readonly clock: Clock;
  /** How long to wait for the holder. */
  readonly waitMs: number;
  /** Since when the writer has had the store, where it takes the lock again. @default now */
  readonly startedAt?: string;
}

const POLL_MS = 15;
const ANNOUNCE_EVERY_MS = 200;
/** A waiter file older than this belongs to a process that gave up or died. */
const WAITER_FRESH_MS = 2_000;

/**
 * Guard of a store between processes: `flock` on a file beside it, exclusive for a writer, shared for readers. The
 * kernel drops it with the process, so a killed holder leaves none. DuckDB's own lock is not enough: it is lost
 * silently when the same process opens and closes the file by any other way.
 */
export class StoreLock implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #mode: StoreMode;

  private constructor(file: Deno.FsFile, mode: StoreMode) {
    this.#file = file;
    this.#mode = mode;
  }

  /**
   * Takes the lock of the store at `storePath`, waiting up to `waitMs`; a reader announces itself meanwhile.
   *
   * @returns undefined for a reader where there is no lock file and none may be written (a store on read-only media).
   * @throws {DomainError} `store-busy` saying who holds it and since when.
   */
  static acquire(storePath: string, options: StoreLockOptions): Promise<StoreLock | undefined> {
    return StoreLock.acquireFile(lockPath(storePath), storePath, options);
  }

  /** As {@linkcode acquire}, on a lock file of another name. */
  static async acquireFile(
    path: string,
    storePath: string,
    options: StoreLockOptions,
  ): Promise<StoreLock | undefined> {
    const file = await openLockFile(path, options.mode);
    if (file === undefined) return undefined;
    let announcedAt = -Infinity;
    try {
      const deadline = options.clock.monotonicMs() + options.waitMs;
      const tryLock = lockAttempt(file, options.mode === "write");
      while (!(await tryLock())) {
        const now = options.clock.monotonicMs();
        if (now >= deadline) throw busy(storePath, readHolder(path));
        // Writers do not ask a writer to give way: they would only take turns.
        if (options.mode === "read" && now - announcedAt >= ANNOUNCE_EVERY_MS) {
          announce(storePath);
          announcedAt = now;
        }
        await options.clock.sleep(POLL_MS, options);
      }
      if (options.mode === "write") {
        const startedAt = options.startedAt ?? toIso(options.clock.nowMs());
        await writeHolder(file, { pid: Deno.pid, command: options.command, startedAt });
      }
      return new StoreLock(file, options.mode);
    } catch (error) {
      file.close();
      throw error;
    } finally {
      // Others who wait announce themselves again.
      if (announcedAt > -Infinity) withdraw(storePath);
    }
  }

  /** Gives the lock back. */
  [Symbol.dispose](): void {
    try {
      if (this.#mode === "write") this.#file.truncateSync(0);
    } finally {
      this.#file.close();
    }
  }
}

/** Whether another process has announced within the last seconds that it waits for the store. */
export function hasWaiter(storePath: string, nowMs: number): boolean {
  try {
    const { mtime } = Deno.statSync(waiterPath(storePath));
    return mtime !== null && nowMs - mtime.getTime() < WAITER_FRESH_MS;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/** The error for a store that somebody else holds. */
export function busy(storePath: string, holder: LockHolder | undefined): DomainError {
  const who = holder === undefined
    ? "readers or another program"
    : `'${holder.command}' (pid ${holder.pid}) since ${holder.startedAt}`;
  return new DomainError("store-busy", `Cannot open the feature store '${storePath}' as it is held by ${who}`, {
    hint: "Wait for it to end, or stop it, then try again",
  });
}

/** Who the lock file names, or undefined where it names nobody. */
export function readHolder(path: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(Deno.readTextFileSync(path)) as Partial<LockHolder>;
    if (typeof holder.pid === "number" && typeof holder.command === "string" && typeof holder.startedAt === "string") {
      return { pid: holder.pid, command: holder.command, startedAt: holder.startedAt };
    }
  } catch {
    // Empty, half written or unreadable: the lock itself is what counts, the name is a courtesy.
  }
  return undefined;
}

/**
 * The writer's seat: kept from the first to the last moment, also while the writer lets readers in between. A second
 * writer waits for the seat and not for the store, so it never gets in where the first only gave way.
 *
 * @throws {DomainError} `store-busy` saying who has it and since when.
 */
export function takeWriterSeat(storePath: string, options: Omit<StoreLockOptions, "mode">): Promise<StoreLock> {
  return StoreLock.acquireFile(`${storePath}.writer`, storePath, { ...options, mode: "write" }) as Promise<StoreLock>;
}

/** Path of the lock file beside a store. */
export function lockPath(storePath: string): string {
  return `${storePath}.lock`;
}

function waiterPath(storePath: string): string {
  return `${storePath}.waiter`;
}

async function openLockFile(path: string, mode: StoreMode): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true });
  } catch (error) {
    const refused = error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied ||
      (error as { code?: string }).code === "EROFS";
    if (mode === "write" || !refused) throw error;
  }
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function writeHolder(file: Deno.FsFile, holder: LockHolder): Promise<void> {
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  const bytes = new TextEncoder().encode(`${JSON.stringify(holder)}\n`);
  for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
}

function announce(storePath: string): void {
  try {
    Deno.writeTextFileSync(waiterPath(storePath), `${Deno.pid}\n`);
  } catch (error) {
    // Waiting works without it, only longer: the holder then gives way when it is done.
    if (!(error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

function withdraw(storePath: string): void {
  try {
    Deno.removeSync(waiterPath(storePath));
  } catch (error) {
    const gone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    if (!gone) throw error;
  }
}
