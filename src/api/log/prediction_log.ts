import { CHAIN_START, type Clock, toIso, toIsoDay } from "../../core/mod.ts";
import { cannotUse, isConfiguredWrongly, predictionLogAt } from "./configured_path.ts";
import { writeAll } from "./log_sinks.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import { chainLink, chainStart, sealText } from "./chain.ts";
import { isGone, logFileHarm, type OpenLogFile } from "./open_log_file.ts";
import { type ForecastKind, type PendingRecord, recordMembers } from "./records.ts";

/** Who is told of what becomes of the log. */
export interface PredictionLogReporter {
  /** Why records cannot be written from now on; undefined once they can again. */
  logState(problem: string | undefined): void;
  /** Somebody took away records that had been written: how many at most, and what was seen. */
  recordsGone(records: number, reason: string): void;
}

/** Settings of a {@linkcode PredictionLog}. */
export interface PredictionLogOptions {
  /** Folder that holds a folder for each instance. */
  readonly directory: string;
  /** Key of the chain. */
  readonly key: Uint8Array;
  /** Time. */
  readonly clock: Clock;
  /** How long a record may wait: the stated loss when the process is killed. */
  readonly flushMs: number;
  /** Size from which on the next file of the day is begun. */
  readonly maxFileBytes: number;
  /** Most bytes that wait while the disk refuses them; further records are counted as lost. @default 32 MiB */
  readonly maxPendingBytes?: number;
  /** What forecasts are called. @default "forecast" */
  readonly forecastKind?: ForecastKind;
  /** Name of this instance's folder. @default start time and a random part */
  readonly instance?: string;
  /** Told of problems as they come and go. */
  readonly reporter?: PredictionLogReporter;
}

/** Records that wait are sealed in parts of this many, so that no pause is long. */
const SEAL_EVERY = 64;

/** Sealed bytes that are written without waiting for more, so that a busy service gathers no megabytes. */
const WRITE_FROM_BYTES = 131_072;

/** How often at most a write looks whether the path still leads to the open file. */
const LOOK_EVERY_MS = 1000;

/**
 * The append-only record of what was answered: one folder an instance, each batch of lines chained to the one before.
 * Sealing and writing happen after the answer; a disk that refuses is told by {@linkcode problem} and by a record
 * of what was lost. A file that is removed, moved, replaced or cut while it is open is noticed within a second of the
 * next record; the chain goes on in the next file, so that a file that is put back makes it whole again.
 */
export class PredictionLog implements AsyncDisposable {
  /** Name of this instance's folder. */
  readonly instance: string;
  readonly #options: PredictionLogOptions;
  readonly #folder: string;
  readonly #maxPendingBytes: number;
  #waiting: PendingRecord[] = [];
  #sealed = new ByteBuffer();
  #spare = new ByteBuffer();
  #n = 0;
  #link: string;
  #written = { n: 0, link: CHAIN_START };
  #lost = 0;
  #lostInAll = 0;
  #bytes = 0;
  #failures = 0;
  #problem: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Writes that were asked for and have not ended. */
  #writes = 0;
  #file: OpenLogFile | undefined;
  #fileBytes = 0;
  #fileDay = "";
  #fileNumber = 0;
  #lookedAtMs = 0;
  /** Last record of those that were taken away. */
  #gone = 0;

  private constructor(options: PredictionLogOptions) {
    this.#options = options;
    const stamp = toIso(options.clock.nowMs()).replaceAll(/[-:]|\.\d+/g, "");
    this.instance = options.instance ?? `${stamp}-${crypto.randomUUID().slice(0, 8)}`;
    this.#link = chainStart(options.key, this.instance);
    this.#folder = `${options.directory}/${this.instance}`;
    this.#maxPendingBytes = options.maxPendingBytes ?? 33_554_432;
  }

  /**
   * Makes the instance's folder; where the disk is full the log starts with a {@linkcode problem} and tries again.
   *
   * @throws {DomainError} `config-invalid` or `permission-denied` where no log can be at that place.
   */
  static async open(options: PredictionLogOptions): Promise<PredictionLog> {
    const log = new PredictionLog(options);
    try {
      await log.#makeFolder();
    } catch (error) {
      if (isConfiguredWrongly(error)) {
        throw cannotUse(predictionLogAt(options.directory), { verb: "write", cause: error });
      }
      log.#setProblem(log.#cannotWrite(error));
    }
    return log;
  }

  /** Why records cannot be written at present, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Records that were lost since the start. */
  get lost(): number {
    return this.#lostInAll;
  }

  /** Bytes on disk, of all files of this instance. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are sealed and not on disk. */
  get waitingBytes(): number {
    return this.#sealed.length;
  }

  /** Records that are not sealed yet. */
  get waitingRecords(): number {
    return this.#waiting.length;
  }

  /** Writes that failed; each is tried again. */
  get failures(): number {
    return this.#failures;
  }

  /** Number and link of the last record on disk. */
  get head(): { readonly n: number; readonly link: string } {
    return this.#written;
  }

  /** Takes an answer; returns at once. */
  append(record: PendingRecord): void {
    if (this.#sealed.length > this.#maxPendingBytes) {
      this.#lost++;
      this.#lostInAll++;
      return;
    }
    this.#noteLost();
    this.#waiting.push(record);
    if (this.#waiting.length >= SEAL_EVERY) this.#seal();
    if (this.#sealed.length >= WRITE_FROM_BYTES && this.#writes === 0 && this.#problem === undefined) void this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.flushMs);
  }

  /** Writes all that waits; resolves when it is on its way to the disk, also where that failed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writes++;
    this.#writing = this.#writing.then(() => this.#write()).finally(() => this.#writes--);
    return this.#writing;
  }

  /** Looks now whether the open file is still where it was made, whatever waits. */
  check(): Promise<void> {
    this.#lookedAtMs = -Infinity;
    return this.flush();
  }

  /** Writes what waits and closes the file; a folder without records is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closeFile();
    if (this.#written.n > 0) return;
    try {
      await Deno.remove(this.#folder);
    } catch {
      // Never made, or somebody put something there: it stays.
    }
  }

  #seal(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#chain(waiting.map((record) => recordMembers(record, this.#options.forecastKind)));
  }

  /** Numbers records, seals them as one batch and queues its bytes. */
  #chain(members: readonly string[]): void {
    const start = this.#sealed.length;
    members.forEach((text, i) => this.#sealed.append(`${i === 0 ? "" : "}\n"}{"n":${++this.#n},${text}`));
    this.#link = chainLink(this.#options.key, this.#link, this.#sealed.view(start));
    this.#sealed.append(sealText(this.#link));
  }

  /** The record of a hole stands where the hole is: behind what was kept, before what comes next. */
  #noteLost(): void {
    if (this.#lost === 0 || this.#sealed.length > this.#maxPendingBytes) return;
    this.#chainHole(this.#lost, this.#problem ?? "the disk was too slow");
    this.#lost = 0;
  }

  #chainHole(records: number, reason: string): void {
    const at = toIso(this.#options.clock.nowMs());
    this.#chain([JSON.stringify({ at, kind: "lost", records, reason }).slice(1, -1)]);
  }

  /** Lets go of a file that its path does not lead to any more: the next write makes another, or says why it cannot. */
  async #lookAtFile(): Promise<void> {
    const opened = this.#file, now = this.#options.clock.monotonicMs();
    if (opened === undefined || now - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = now;
    let harm: string | undefined;
    try {
      harm = await logFileHarm(opened, this.#fileBytes);
      if (harm === undefined) return;
    } catch {
      // The path cannot be followed, so what became of the file is unknown: nothing of it counts as lost.
    }
    this.#closeFile();
    if (harm !== undefined) await this.#noteGone(opened, harm);
  }

  async #noteGone({ path, first }: OpenLogFile, harm: string): Promise<void> {
    const to = this.#written.n, from = Math.max(this.#gone + 1, await isGone(this.#folder) ? 1 : first);
    this.#gone = to;
    const records = to - from + 1;
    if (records <= 0) return;
    const reason = `'${path}' ${harm}; records ${from} to ${to} were there`;
    this.#lostInAll += records;
    this.#chainHole(records, reason);
    this.#options.reporter?.recordsGone(records, reason);
  }

  #closeFile(): void {
    this.#file?.handle.close();
    this.#file = undefined;
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.reporter?.logState(problem);
  }

  async #write(): Promise<void> {
    await this.#lookAtFile();
    this.#seal();
    this.#noteLost();
    if (this.#sealed.length === 0) return;
    const head = { n: this.#n, link: this.#link };
    const taken = this.#sealed;
    this.#sealed = this.#spare;
    try {
      if (this.#file === undefined) await this.#makeFolder();
      await this.#append(taken.view());
      this.#written = head;
      this.#setProblem(undefined);
    } catch (error) {
      this.#setProblem(this.#cannotWrite(error));
      this.#failures++;
      // Behind it comes what was sealed meanwhile: the chain's order is the file's order.
      taken.appendAll(this.#sealed);
      this.#spare = this.#sealed;
      this.#spare.clear();
      this.#sealed = taken;
      this.#timer ??= setTimeout(() => void this.flush(), Math.max(1000, this.#options.flushMs));
      return;
    }
    taken.clear();
    this.#spare = taken;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const day = toIsoDay(this.#options.clock.nowMs());
    if (this.#file === undefined || day !== this.#fileDay || this.#fileBytes >= this.#options.maxFileBytes) {
      await this.#nextFile(day);
    }
    const { handle } = this.#file!;
    try {
      await writeAll(handle, bytes);
    } catch (error) {
      // Half a line would break the chain: the file goes back to its last whole one.
      await handle.truncate(this.#fileBytes).catch(() => undefined);
      throw error;
    }
    this.#fileBytes += bytes.length;
    this.#bytes += bytes.length;
  }

  async #nextFile(day: string): Promise<void> {
    this.#closeFile();
    let number = day === this.#fileDay ? this.#fileNumber + 1 : 1, path: string, handle: Deno.FsFile;
    for (;; number++) {
      path = `${this.#folder}/${day}-${number}.jsonl`;
      try {
        handle = await Deno.open(path, { createNew: true, write: true, append: true, mode: 0o600 });
        break;
      } catch (error) {
        // A clock that was set back comes to a day that has files already.
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
    this.#fileDay = day;
    this.#fileNumber = number;
    this.#fileBytes = 0;
    this.#file = { handle, path, identity: await handle.stat(), first: this.#written.n + 1 };
    this.#lookedAtMs = this.#options.clock.monotonicMs();
  }

  #cannotWrite(error: unknown): string {
    return `Cannot write the prediction log in '${this.#folder}': ${(error as Error).message}`;
  }

  async #makeFolder(): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true });
  }
}
