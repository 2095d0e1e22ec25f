import type { Progress, ProgressState } from "../core/mod.ts";
import type { Output } from "./command.ts";

const PLAIN_LINE_EVERY_MS = 3_000;
const BAR_EVERY_MS = 100;
const BAR_WIDTH = 28;

/** Progress as this process shows it; `end` clears the bar. */
export interface TerminalProgress extends Progress {
  /** Ends the bar, so that the next line starts clean. */
  end(): void;
}

/** One line of text for a state: a bar where the total is known. */
export function renderProgress(state: ProgressState, options: { readonly bar: boolean }): string {
  const unit = state.unit === undefined ? "" : ` ${state.unit}`;
  const note = state.note === undefined ? "" : `  ${state.note}`;
  if (state.total === undefined || state.total <= 0) return `${state.stage} ${state.done}${unit}${note}`;
  const share = Math.min(1, state.done / state.total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = options.bar ? ` [${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]` : "";
  return `${state.stage}${bar} ${
    String(Math.floor(share * 100)).padStart(3)
  }% ${state.done}/${state.total}${unit}${note}`;
}

/** A bar on a terminal, a plain line every few seconds elsewhere, JSON lines with `events`, nothing when quiet. */
export function createProgress(options: { readonly quiet: boolean; readonly events: boolean }): TerminalProgress {
  const terminal = !options.quiet && !options.events && Deno.stderr.isTerminal();
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
      const isLast = state.total !== undefined && state.done >= state.total;
      const every = terminal ? BAR_EVERY_MS : PLAIN_LINE_EVERY_MS;
      const newStage = state.stage !== lastStage;
      if (!isLast && !(newStage && terminal) && now - shownAt < every) return;
      if (newStage && !terminal && !isLast) {
        // The first line of a stage waits its turn too, so that quick stages print one line, not two.
        lastStage = state.stage;
        shownAt = now;
        return;
      }
      shownAt = now;
      lastStage = state.stage;
      if (options.events) write(`${JSON.stringify({ event: "progress", ...state })}\n`);
      else if (terminal) {
        write(`\r\x1b[K${renderProgress(state, { bar: true })}`);
        barOpen = true;
        if (isLast) {
          write("\n");
          barOpen = false;
        }
      } else write(`${renderProgress(state, { bar: false })}\n`);
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
      if (!options.quiet) writeText(Deno.stderr, `${line}\n`);
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
