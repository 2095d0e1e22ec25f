import { type Clock, DomainError, toIso } from "../../core/mod.ts";
import { type DuckDbLimits, DuckDbSession } from "../duckdb_session.ts";
import { checkSchema, migrate } from "../tables/migrations.ts";
import { requireTables } from "../tables/table_columns.ts";
import { hasWaiter, StoreLock, type StoreLockOptions, takeWriterSeat } from "./store_lock.ts";
import { checkStorePath, type StoreMode } from "./store_path.ts";

/** How a store file is opened. */
export interface StoreHandleOptions extends DuckDbLimits {
  readonly mode: StoreMode;
  readonly clock: Clock;
  readonly command: string;
  /** How long to wait for whoever holds the store. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** At most this often does a writer close for those who wait. */
const YIELD_EVERY_MS = 500;
/** How long a writer leaves the store alone so that a waiter gets in. */
const YIELD_FOR_MS = 40;
/** How long a writer that gave way waits to get back in. */
const RETURN_WAIT_MS = 120_000;

const OPEN = new Map<string, Promise<StoreHandle>>();

/**
 * One open database file with its lock, shared by all stores of this process that are open on it: two instances on
 * one file in a process would drop DuckDB's lock.
 */
export class StoreHandle {
  readonly path: string;
  readonly mode: StoreMode;
  readonly #options: StoreHandleOptions;
  #session: DuckDbSession;
  #lock: StoreLock | undefined;
  /** A writer's; held until the end. */
  readonly #seat: StoreLock | undefined;
  readonly #startedAt: string;
  /** Lets readers in while the writer has nothing to write: it may wait for a network. */
  readonly #idle: ReturnType<typeof setInterval> | undefined;
  #users = 1;
  #scans = 0;
  #isGivingWay = false;
  /** Why the store could not be taken back after others were let in. */
  #failure: { readonly error: unknown } | undefined;
  #yieldedAt: number;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    options: StoreHandleOptions,
    session: DuckDbSession,
    locks: { readonly lock?: StoreLock | undefined; readonly seat?: StoreLock | undefined; readonly startedAt: string },
  ) {
    const { lock, seat, startedAt } = locks;
    this.path = path;
    this.#seat = seat;
    this.#startedAt = startedAt;
    if (seat !== undefined) {
      const idle = setInterval(() => this.#giveWayIdly(), YIELD_EVERY_MS);
      Deno.unrefTimer(idle);
      this.#idle = idle;
    }
    this.mode = options.mode;
    this.#options = options;
    this.#session = session;
    this.#lock = lock;
    this.#yieldedAt = options.clock.monotonicMs();
  }

  /** Opens the file, or joins the handle that this process already has on it. */
  static async open(path: string, options: StoreHandleOptions): Promise<StoreHandle> {
    if (path === ":memory:") {
      const session = await DuckDbSession.open(path, "write", options);
      await migrate(session, options.clock.nowMs());
      return new StoreHandle(path, options, session, { startedAt: toIso(options.clock.nowMs()) });
    }
    const file = checkStorePath(path, options.mode);
    const joined = OPEN.get(file);
    if (joined !== undefined) {
      const handle = await joined;
      if (handle.#users > 0) {
        if (options.mode === "write" && handle.mode === "read") {
          throw new DomainError("store-busy", `Cannot write to '${path}' as this process has it open for reading`, {
            hint: "Close the readers first",
          });
        }
        handle.#users++;
        return handle;
      }
    }
    const opening = StoreHandle.#openFile(file, options);
    OPEN.set(file, opening);
    // A failed opening must not be joined; the caller gets the error from the promise itself.
    opening.catch(() => OPEN.delete(file));
    return await opening;
  }

  static async #openFile(file: string, options: StoreHandleOptions): Promise<StoreHandle> {
    const startedAt = toIso(options.clock.nowMs());
    const wait = { ...lockOptions(options, options.waitMs), startedAt };
    const seat = options.mode === "write" ? await takeWriterSeat(file, wait) : undefined;
    let lock: StoreLock | undefined;
    try {
      lock = await StoreLock.acquire(file, wait);
      return new StoreHandle(file, options, await openSession(file, options), { lock, seat, startedAt });
    } catch (error) {
      lock?.[Symbol.dispose]();
      seat?.[Symbol.dispose]();
      throw error;
    }
  }

  /** The session; do not keep it across an `await` of {@linkcode write}. */
  get session(): DuckDbSession {
    return this.#session;
  }

  /** Clock of the process. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** Runs statements of one caller after those of the others: they share a connection. */
  exclusive<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (this.#failure !== undefined) throw this.#failure.error;
      return this.#session.guard(() => work(this.#session));
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Runs `work` in a transaction of its own, then lets waiting processes in where it is time to. */
  write<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    return this.exclusive(async (session) => {
      const result = await session.transaction(() => work(session));
      await this.#giveWay();
      return result;
    });
  }

  /** Keeps the instance open while `items` are read. */
  async *scan<T>(items: (session: DuckDbSession) => AsyncIterable<T>): AsyncGenerator<T> {
    this.#scans++;
    try {
      yield* items(this.#session);
    } finally {
      this.#scans--;
    }
  }

  /** Gives up one use; the last one closes file and lock. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    // At once, so that an opener of the next moment waits for the lock rather than joining what is closing.
    OPEN.delete(this.path);
    clearInterval(this.#idle);
    await this.#queue;
    try {
      this.#session[Symbol.dispose]();
    } finally {
      this.#lock?.[Symbol.dispose]();
      this.#seat?.[Symbol.dispose]();
    }
  }

  /** In its turn, so that nobody is in the middle of something; what fails is met by the next who works. */
  #giveWayIdly(): void {
    if (this.#isGivingWay || !hasWaiter(this.path, this.#options.clock.nowMs())) return;
    this.#isGivingWay = true;
    this.#queue = this.#queue.then(() => this.#giveWay()).catch((error) => {
      this.#failure = { error };
    }).finally(() => this.#isGivingWay = false);
  }

  async #giveWay(): Promise<void> {
    const { clock } = this.#options;
    if (this.#lock === undefined || this.#users !== 1 || this.#scans > 0) return;
    if (clock.monotonicMs() - this.#yieldedAt < YIELD_EVERY_MS || !hasWaiter(this.path, clock.nowMs())) return;
    this.#session[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
    this.#lock = undefined;
    await clock.sleep(YIELD_FOR_MS);
    const startedAt = this.#startedAt;
    try {
      this.#lock = await StoreLock.acquire(this.path, { ...lockOptions(this.#options, RETURN_WAIT_MS), startedAt });
      this.#session = await openSession(this.path, this.#options);
    } catch (error) {
      this.#failure = { error }; // the session is closed: whoever works next is told why
      throw error;
    }
    this.#yieldedAt = clock.monotonicMs();
  }
}

function lockOptions(options: StoreHandleOptions, waitMs: number): StoreLockOptions {
  const { mode, command, clock, signal } = options;
  return { mode, command, clock, waitMs, ...(signal === undefined ? {} : { signal }) };
}

async function openSession(file: string, options: StoreHandleOptions): Promise<DuckDbSession> {
  const session = await DuckDbSession.open(file, options.mode, options);
  try {
    await (options.mode === "write" ? migrate(session, options.clock.nowMs()) : checkSchema(session));
    await requireTables(session);
    return session;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}
