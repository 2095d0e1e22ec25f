import { badFile, reading } from "./bad_file.ts";

/** Longest line of a metric file, in bytes: a longer one shows that the file is something else. */
const CHUNK_BYTES = 256 * 1024;
const LINE_END = 10;
/** Strict, and a byte order mark is part of the text, as in Python's `utf-8`. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Some lines of a file. */
export interface LineBatch {
  /** Number of the first of them, from 1. */
  readonly firstLine: number;
  /** Without their ends. */
  readonly lines: readonly string[];
}

/** The whole text of a file, as it is. @throws {DomainError} `input-invalid` for what is no UTF-8, or holds a NUL. */
export function readText(path: string): string {
  return decode(path, reading(path, () => Deno.readFileSync(path)), 1);
}

/** The lines of a file in batches of about a quarter of a megabyte, whatever its size. */
export function* lineBatches(path: string): Generator<LineBatch> {
  using file = reading(path, () => Deno.openSync(path));
  // Most files are tiny, and there may be very many of them.
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(4096, file.statSync().size + 1)));
  let kept = 0, firstLine = 1;
  for (;;) {
    const count = file.readSync(buffer.subarray(kept));
    const filled = buffer.subarray(0, kept + (count ?? 0));
    const whole = count === null ? filled.length : filled.lastIndexOf(LINE_END) + 1;
    if (whole > 0) {
      const lines = decode(path, filled.subarray(0, whole), firstLine).split("\n");
      if (lines.at(-1) === "") lines.pop();
      yield { firstLine, lines };
      firstLine += lines.length;
    } else if (filled.length === buffer.length) {
      throw badFile(path, `it is longer than ${CHUNK_BYTES} bytes`, { line: firstLine });
    }
    if (count === null) return;
    buffer.copyWithin(0, whole, filled.length);
    kept = filled.length - whole;
  }
}

function decode(path: string, bytes: Uint8Array, firstLine: number): string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (error) {
    throw badFile(path, "it is no UTF-8", { ...firstBadLine(bytes, firstLine), cause: error });
  }
  // Deno's SQLite reads a text back up to its first NUL.
  const nul = text.indexOf("\0");
  if (nul < 0) return text;
  throw badFile(path, "it holds the character NUL", { line: firstLine + text.slice(0, nul).split("\n").length - 1 });
}

function firstBadLine(bytes: Uint8Array, firstLine: number): { readonly line: number; readonly value: string } {
  for (let start = 0, line = firstLine;; line++) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found < 0 ? bytes.length : found;
    try {
      UTF8.decode(bytes.subarray(start, end));
    } catch {
      return { line, value: new TextDecoder().decode(bytes.subarray(start, end)) };
    }
    if (found < 0) return { line, value: "" };
    start = end + 1;
  }
}
