import { calledAs, type Progress, type ProgressState } from "../core/mod.ts";
import type { Output } from "./command.ts";

const PLAIN_LINE_EVERY_MS = 3_000;
const BAR_EVERY_MS = 100;
/** Machines are told more often than people; the first and last of a stage always. */
const EVENT_EVERY_MS = 500;
const BAR_WIDTH = 28;

/** Progress as this process shows it; `end` clears the bar. */
export interface TerminalProgress extends Progress {
  /** Ends the bar, so that the next line starts clean. */
  end(): void;
}

/** How fast a stage goes, from what was shown of it. */
export interface Pace {
  /** Units a second. */
  readonly perSecond: number;
  /** Seconds that the rest will take; undefined where the total is not known. */
  readonly remainingSeconds: number | undefined;
}

/** One line of text for a state: a bar where the total is known, rate and remaining time where they are. */
export function renderProgress(state: ProgressState, options: { readonly bar: boolean; readonly pace?: Pace }): string {
  const unit = state.unit === undefined ? "" : ` ${state.unit}`;
  const note = `${options.pace === undefined ? "" : `  ${paceText(options.pace)}`}${
    state.note === undefined ? "" : `  ${state.note}`
  }`;
  if (state.total === undefined || state.total <= 0) return `${state.stage} ${state.done}${unit}${note}`;
  const share = Math.min(1, state.done / state.total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = options.bar ? ` [${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]` : "";
  return `${state.stage}${bar} ${
    String(Math.floor(share * 100)).padStart(3)
  }% ${state.done}/${state.total}${unit}${note}`;
}

function paceText({ perSecond, remainingSeconds }: Pace): string {
  const rate = `${Number(perSecond.toPrecision(2)).toLocaleString("en")}/s`;
  if (remainingSeconds === undefined) return rate;
  const seconds = Math.ceil(remainingSeconds);
  if (seconds < 60) return `${rate}, ${seconds} s left`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${rate}, ${minutes} min ${seconds % 60} s left`
    : `${rate}, ${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

/** Too short a time says nothing of a rate. */
const PACE_AFTER_MS = 1_000;

/** Rates of stages, each from its first report on. */
export class PaceMeter {
  #stage: string | undefined;
  #startedAtMs = 0;
  #startedWith = 0;
  #lastDone = 0;

  /** The pace of the state's stage; undefined until there is something to go by, and at the end. */
  measure({ stage, done, total }: ProgressState, nowMs: number): Pace | undefined {
    const isNew = stage !== this.#stage || done < this.#lastDone;
    this.#lastDone = done;
    if (isNew) {
      this.#stage = stage;
      this.#startedAtMs = nowMs;
      this.#startedWith = done;
      return undefined;
    }
    const tookMs = nowMs - this.#startedAtMs, gained = done - this.#startedWith;
    if (tookMs < PACE_AFTER_MS || gained <= 0 || (total !== undefined && done >= total)) return undefined;
    const perSecond = gained / tookMs * 1000;
    return { perSecond, remainingSeconds: total === undefined ? undefined : (total - done) / perSecond };
  }
}

/** A bar on a terminal, a plain line every few seconds elsewhere, JSON lines with `events`, nothing when quiet. */
export function createProgress(options: { readonly quiet: boolean; readonly events: boolean }): TerminalProgress {
  const terminal = !options.quiet && !options.events && Deno.stderr.isTerminal();
  const meter = new PaceMeter();
  let shownAt = -Infinity;
  let barOpen = false;
  let lastStage = "";
  const write = (text: string) => writeText(Deno.stderr, text);
  const clear = () => {
    if (barOpen) write("\r\x1b[K");
    barOpen = false;
  };
  return {
    update(state) {
      if (options.quiet && !options.events) return;
      const now = performance.now();
      const pace = meter.measure(state, now);
      const isLast = state.total !== undefined && state.done >= state.total;
      const every = terminal ? BAR_EVERY_MS : options.events ? EVENT_EVERY_MS : PLAIN_LINE_EVERY_MS;
      const newStage = state.stage !== lastStage;
      const isForced = isLast || newStage && (terminal || options.events);
      if (!isForced && now - shownAt < every) return;
      if (newStage && !isForced) {
        // The first line of a stage waits its turn too, so that quick stages print one line, not two.
        lastStage = state.stage;
        shownAt = now;
        return;
      }
      shownAt = now;
      lastStage = state.stage;
      if (options.events) write(`${JSON.stringify({ event: "progress", ...state, ...pace })}\n`);
      else if (terminal) {
        write(`\r\x1b[K${renderProgress(state, { bar: true, ...(pace === undefined ? {} : { pace }) })}`);
        barOpen = true;
        if (isLast) {
          write("\n");
          barOpen = false;
        }
      } else write(`${renderProgress(state, { bar: false, ...(pace === undefined ? {} : { pace }) })}\n`);
    },
    log(message) {
      if (options.events) return write(`${JSON.stringify({ event: "log", message })}\n`);
      if (options.quiet) return;
      clear();
      write(`${message}\n`);
    },
    end: clear,
  };
}

/** Notes to stderr, announcements to stdout. */
export function createOutput(options: { readonly json: boolean; readonly quiet: boolean }): Output {
  return {
    json: options.json,
    color: isColorWanted(),
    note(line) {
      if (!options.quiet) writeText(Deno.stderr, `${calledAs(line)}\n`);
    },
    announce(line) {
      writeText(Deno.stdout, `${line}\n`);
    },
  };
}

/** Whether stderr takes colours: a terminal, and NO_COLOR is not set. */
export function isColorWanted(): boolean {
  return Deno.stderr.isTerminal() && !Deno.noColor;
}

/** Writes all of the text; a reader that went away is no failure of the work, and what it would have read is dropped. */
export function writeText(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let offset = 0; offset < bytes.length;) offset += stream.writeSync(bytes.subarray(offset));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
