import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type FileIdentity, isSameFile, TrackingError } from "../../core/mod.ts";
import { dirname, resolve } from "../artifacts/paths.ts";
import { NEEDED_COLUMNS, SCHEMA_REVISION, SCHEMA_STATEMENTS } from "./schema.ts";
import { isBusy, toTrackingError } from "./sqlite_errors.ts";

/** How long one call of SQLite may block this thread on a lock; longer waits happen between calls. */
const BLOCKING_WAIT_MS = 50;
/** How long a transaction waits for other processes before it gives up. */
const DEFAULT_WAIT_MS = 20_000;
const MAX_CACHED_STATEMENTS = 256;

/** What Deno's types of `node:sqlite` leave out. */
type ArrayStatement = StatementSync & { setReturnArrays(enabled: boolean): void };

/** A value that SQLite binds. */
export type SqlValue = SQLInputValue;

/** Options of {@linkcode Database.open}. */
export interface DatabaseOptions {
  /** Opens without writing anything: the file must exist. @default false */
  readonly readOnly?: boolean;
  /** Makes the file where there is none. @default true */
  readonly create?: boolean;
  /** How long a transaction waits for other processes. @default 20000 */
  readonly waitMs?: number;
  /** Called when the path led to another file than before, which is used from then on. */
  readonly onReplaced?: () => void;
}

/**
 * MLflow's SQLite file. Other processes, MLflow among them, may hold and even migrate it at the same time: nothing of
 * it is cached, transactions are short, and a lock is waited for between calls so that a server stays responsive. Each
 * transaction goes to the file that the path leads to then: one that was put in its place is opened anew.
 */
export class Database implements Disposable {
  /** Absolute path, or `:memory:`. */
  readonly path: string;
  readonly #options: DatabaseOptions;
  readonly #waitMs: number;
  #db: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  /** The file that is open; undefined in memory. */
  #file: FileIdentity | undefined;
  #replacements = 0;
  #reopening: Promise<void> | undefined;
  #closed = false;

  private constructor(path: string, db: DatabaseSync, options: DatabaseOptions) {
    this.path = path;
    this.#db = db;
    this.#options = options;
    this.#waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
    this.#file = path === ":memory:" ? undefined : fileAt(path);
  }

  /**
   * Opens the file, or creates it with MLflow's frozen schema. A database of another revision is taken as it is when it
   * has the tables and columns needed here; its schema is never changed.
   *
   * @throws {TrackingError} `store-damaged`, `store-busy`, or RESOURCE_DOES_NOT_EXIST for an open of nothing that may not make it.
   */
  static async open(path: string, options: DatabaseOptions = {}): Promise<Database> {
    const { readOnly = false, create = true } = options;
    const absolute = path === ":memory:" ? path : resolve(path);
    if (readOnly || !create) await refuseMissing(absolute);
    else if (absolute !== ":memory:") await Deno.mkdir(dirname(absolute), { recursive: true });
    let db: DatabaseSync;
    try {
      db = new DatabaseSync(absolute, { readOnly });
    } catch (error) {
      throw toTrackingError(error, absolute);
    }
    try {
      const database = new Database(absolute, db, options);
      await database.#prepare(readOnly);
      return database;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  async #prepare(readOnly: boolean): Promise<void> {
    await this.#retryBusy(() => {
      this.#execute(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
      this.#execute("PRAGMA foreign_keys = ON");
      // As MLflow opens it: LIKE is case-sensitive, ILIKE lowers both sides.
      this.#execute("PRAGMA case_sensitive_like = ON");
    });
    if (!readOnly && this.#tables().length === 0) {
      await this.#retryBusy(() => this.#execute("PRAGMA journal_mode = WAL"));
      await this.write(() => {
        if (this.#tables().length > 0) return; // another process was first
        for (const statement of SCHEMA_STATEMENTS) this.#execute(statement);
      });
    }
    // Before the first change that stays: a file that is not MLflow's is left as it was found.
    await this.read(() => this.#checkSchema());
    if (readOnly) return;
    await this.#retryBusy(() => {
      this.#execute("PRAGMA journal_mode = WAL");
      this.#execute("PRAGMA synchronous = NORMAL");
    });
  }

  #tables(): string[] {
    try {
      return this.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name);
    } catch (error) {
      throw toTrackingError(error, this.path);
    }
  }

  #checkSchema(): void {
    const tables = new Set(this.#tables());
    for (const [table, columns] of Object.entries(NEEDED_COLUMNS)) {
      const found = new Set(
        tables.has(table)
          ? this.all<{ name: string }>("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => name)
          : [],
      );
      const missing = columns.filter((column) => !found.has(column));
      if (missing.length === 0) continue;
      const revision = tables.has("alembic_version")
        ? this.get<{ version: string }>("SELECT version_num AS version FROM alembic_version")?.version
        : undefined;
      throw new TrackingError(
        "INVALID_STATE",
        `Cannot use '${this.path}' as table '${table}' lacks ${missing.join(", ")}: its revision is ${
          revision ?? "none, so it is no database of MLflow"
        }`,
        {
          code: "store-damaged",
          hint: revision === undefined
            ? "Point MLFLOW_TRACKING_URI at another file, such as sqlite:///mlruns/mlflow.db"
            : `Upgrade it with MLflow 3.0 or newer (this program writes ${SCHEMA_REVISION}): mlflow db upgrade sqlite:///${this.path}`,
        },
      );
    }
  }

  /** Runs `work` in one read transaction: it sees one state of the database. */
  read<T>(work: () => T): Promise<T> {
    return this.#transaction("BEGIN", work);
  }

  /** Runs `work` in one write transaction, all or nothing. It may run again after a lock, so it must only touch SQL. */
  write<T>(work: () => T): Promise<T> {
    return this.#transaction("BEGIN IMMEDIATE", work);
  }

  /**
   * Runs `work` in one write transaction that lasts across its awaits, all or nothing, and once. Other processes wait
   * meanwhile, and nothing else may use this connection.
   */
  async writeSlowly<T>(work: () => Promise<T>): Promise<T> {
    await this.#follow();
    await this.#retryBusy(() => this.#execute("BEGIN IMMEDIATE"));
    try {
      const result = await work();
      await this.#retryBusy(() => this.#execute("COMMIT"));
      return result;
    } catch (error) {
      this.#rollBack();
      throw toTrackingError(error, this.path);
    }
  }

  async #transaction<T>(begin: string, work: () => T): Promise<T> {
    await this.#follow();
    return await this.#retryBusy(() => {
      this.#execute(begin);
      try {
        const result = work();
        this.#execute("COMMIT");
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  /**
   * SQLite goes on with the file it opened, wherever the name of it goes: with one that was replaced, reads would be of the
   * past and writes would be lost, both without a word.
   */
  async #follow(): Promise<void> {
    if (this.#closed || this.#file === undefined || isSameFile(fileAt(this.path), this.#file)) return;
    await (this.#reopening ??= this.#reopen().finally(() => this.#reopening = undefined));
  }

  async #reopen(): Promise<void> {
    const { onReplaced, ...options } = this.#options;
    if (Deno.statSync(this.path).size === 0) {
      throw new TrackingError("INVALID_STATE", `Cannot use '${this.path}' as the file that stands there now is empty`, {
        code: "store-damaged",
        hint: "Put a whole copy in its place",
      });
    }
    const fresh = await Database.open(this.path, { ...options, create: false });
    // SQLite sees that the file it has was moved, and leaves the other one's write-ahead log alone.
    this.#db.close();
    this.#db = fresh.#db;
    this.#statements = fresh.#statements;
    this.#file = fresh.#file;
    this.#replacements++;
    onReplaced?.();
  }

  #rollBack(): void {
    try {
      this.#execute("ROLLBACK");
    } catch {
      // SQLite has already rolled back by itself (full disk, I/O error): nothing is left to undo.
    }
  }

  async #retryBusy<T>(attempt: () => T): Promise<T> {
    const startedAt = performance.now();
    for (let tries = 0;; tries++) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error)) throw toTrackingError(error, this.path);
        const waited = performance.now() - startedAt;
        if (waited >= this.#waitMs) {
          throw new TrackingError(
            "TEMPORARILY_UNAVAILABLE",
            `Cannot write to '${this.path}' as another process has held it for ${Math.round(waited / 1000)} s`,
            { code: "store-busy", hint: "Wait for the other process or stop it, then try again", cause: error },
          );
        }
      }
      await new Promise((done) => setTimeout(done, 5 + Math.random() * Math.min(100, 5 * 2 ** Math.min(tries, 6))));
    }
  }

  /** Runs a statement for its effect. Not by `exec`, whose errors lack SQLite's result code in Deno. */
  #execute(sql: string): void {
    this.#statement(sql).all();
  }

  /** All rows of a query. */
  all<T>(sql: string, ...values: readonly SqlValue[]): T[] {
    refuseNul(values);
    const statement = this.#statement(sql);
    return readAnyIntegers(statement, () => statement.all(...values) as unknown[], widened) as T[];
  }

  /** All rows of a query as arrays of columns: half the time of objects where rows are many. */
  arrays<T extends readonly unknown[]>(sql: string, ...values: readonly SqlValue[]): T[] {
    refuseNul(values);
    const statement = this.#statement(sql, "arrays");
    const read = () => statement.all(...values) as unknown as unknown[];
    return readAnyIntegers(statement, read, (row) => (row as unknown[]).map(widenedValue)) as T[];
  }

  /** The first row of a query, or undefined. */
  get<T>(sql: string, ...values: readonly SqlValue[]): T | undefined {
    refuseNul(values);
    const statement = this.#statement(sql);
    const read = () => [statement.get(...values)].filter((row) => row !== undefined);
    return readAnyIntegers(statement, read, widened)[0] as T | undefined;
  }

  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    refuseNul(values);
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Changes whenever another connection has committed to the file, or it was replaced. */
  dataVersion(): number {
    // SQLite counts in 32 bits, for each connection anew.
    return this.#replacements * 2 ** 32 + this.get<{ data_version: number }>("PRAGMA data_version")!.data_version;
  }

  #statement(sql: string, as: "objects" | "arrays" = "objects"): StatementSync {
    const key = `${as} ${sql}`;
    const known = this.#statements.get(key);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_CACHED_STATEMENTS) {
      this.#statements.delete(this.#statements.keys().next().value!);
    }
    const statement = this.#db.prepare(sql);
    if (as === "arrays") (statement as ArrayStatement).setReturnArrays(true);
    this.#statements.set(key, statement);
    return statement;
  }

  /** Closes the file; the last one to close folds the write-ahead log into it. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#db.close();
  }
}

/** The file of a `sqlite:` URI: three slashes for a relative path, four for an absolute one. */
export function sqlitePath(uri: string): string {
  const match = /^sqlite:\/\/(?:\/([^?#]*))?(?:[?#].*)?$/.exec(uri);
  if (match === null) {
    throw new TrackingError("INVALID_PARAMETER_VALUE", `Cannot read the store's address '${uri}'`, {
      code: "config-invalid",
      hint: "Write sqlite:///relative/path.db or sqlite:////absolute/path.db",
    });
  }
  const path = match[1] ?? "";
  return path === "" || path === ":memory:" ? ":memory:" : path;
}

/**
 * Reads rows. Other writers store any integer of 64 bits, a time in nanoseconds for one in milliseconds say, and one such
 * value is an error of the whole query: it is asked again with integers as BigInts, which are rounded to doubles.
 */
function readAnyIntegers(
  statement: StatementSync,
  read: () => readonly unknown[],
  widen: (row: unknown) => unknown,
): readonly unknown[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    statement.setReadBigInts(true);
    try {
      return read().map(widen);
    } finally {
      statement.setReadBigInts(false);
    }
  }
}

function widened(row: unknown): unknown {
  return Object.fromEntries(Object.entries(row as object).map(([name, value]) => [name, widenedValue(value)]));
}

function widenedValue(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** Deno reads a text back up to its first NUL, so one that has any would be cut without a word. */
function refuseNul(values: readonly SqlValue[]): void {
  for (const value of values) {
    if (typeof value !== "string" || !value.includes("\0")) continue;
    throw new TrackingError(
      "INVALID_PARAMETER_VALUE",
      `Invalid value ${JSON.stringify(value.slice(0, 100))}: a text must not hold the character NUL (\\u0000)`,
    );
  }
}

/** The file that a path leads to. Synchronous, as SQLite's calls are: it takes microseconds. */
function fileAt(path: string): FileIdentity {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TrackingError("TEMPORARILY_UNAVAILABLE", `Cannot use '${path}' as the file was removed or moved away`, {
      hint: "Put it back, or a copy in its place",
      cause: error,
    });
  }
}

async function refuseMissing(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Cannot open '${path}' as it does not exist`, {
      hint: "Make a run first: task track",
      cause: error,
    });
  }
}
