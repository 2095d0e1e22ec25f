import type { Clock } from "../../core/mod.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import {
  type AnsweredRequest,
  jsonLine,
  levelOf,
  type LogEntry,
  REQUEST_LOG_LEVELS,
  type RequestLogLevel,
  type ServiceEvent,
  textLine,
} from "./log_lines.ts";
import type { LogSink } from "./log_sinks.ts";

/** Settings of a {@linkcode RequestLog}. */
export interface RequestLogOptions {
  /** Where lines go; closed with the log. */
  readonly sink: LogSink;
  /** Lines of JSON, or for a person. */
  readonly format: "json" | "text";
  /** Least level that is written. */
  readonly level: RequestLogLevel;
  /** Share of the requests that went well which is written; all others always are. */
  readonly sampleShare: number;
  /** Time. */
  readonly clock: Clock;
  /** Numbers in [0, 1) that decide which. @default Math.random */
  readonly random?: () => number;
  /** Most lines that wait for a slow sink; further ones are counted as dropped. @default 10000 */
  readonly maxWaiting?: number;
}

const FLUSH_MS = 100;

/**
 * A line a request, and one for each thing that happens to the service. Lines are made and written after the answer: the
 * hot path only adds to a list, and a sink that stalls costs lines, never time.
 */
export class RequestLog implements AsyncDisposable {
  readonly #options: RequestLogOptions;
  readonly #random: () => number;
  readonly #maxWaiting: number;
  readonly #least: number;
  readonly #buffer = new ByteBuffer();
  #waiting: LogEntry[] = [];
  #dropped = 0;
  #droppedInAll = 0;
  #problem: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** Nothing is written before the first line. */
  constructor(options: RequestLogOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#least = REQUEST_LOG_LEVELS.indexOf(options.level);
  }

  /** Lines that were dropped since the start, as the sink was too slow or refused them. */
  get dropped(): number {
    return this.#droppedInAll;
  }

  /** Why lines could not be written the last time, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Notes an answer; returns at once. */
  request(request: AnsweredRequest): void {
    const level = levelOf(request);
    if (REQUEST_LOG_LEVELS.indexOf(level) < this.#least) return;
    const { sampleShare, clock } = this.#options;
    if (level === "info" && sampleShare < 1 && this.#random() >= sampleShare) return;
    this.#add({ atMs: clock.nowMs(), request });
  }

  /** Notes that something happened, whatever the level that requests are written from on; returns at once. */
  event(event: ServiceEvent): void {
    this.#add({ atMs: this.#options.clock.nowMs(), event });
  }

  /** Writes what waits; resolves when that is done, also where it failed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes what waits and closes the sink. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.sink.close();
  }

  #add(entry: LogEntry): void {
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(entry);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  async #write(): Promise<void> {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#noteDropped(taken);
    const { format, sampleShare, sink } = this.#options;
    this.#buffer.clear();
    for (const entry of taken) this.#buffer.append(format === "json" ? jsonLine(entry, sampleShare) : textLine(entry));
    try {
      if (this.#buffer.length > 0) await sink.write(this.#buffer.view());
      this.#problem = undefined;
    } catch (error) {
      this.#problem = `Cannot write the request log: ${(error as Error).message}`;
      this.#drop(taken.length);
    }
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#droppedInAll += lines;
  }

  #noteDropped(taken: LogEntry[]): void {
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    const message = `${lines} lines of this log were dropped, as they could not be written in time`;
    taken.unshift({
      atMs: this.#options.clock.nowMs(),
      event: { event: "lines-dropped", level: "warning", message, fields: { lines } },
    });
  }
}
