/** What stands where there is no figure. */
export const NONE = "–";

/** Widest line of a summary. */
export const LINE_WIDTH = 100;

/** A mean with its 95 % interval. */
interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A figure with so many decimals. */
export function fixed(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null || !Number.isFinite(value) ? NONE : value.toFixed(digits);
}

/** The same with its sign; what rounds to zero has none. */
export function signed(value: number, digits = 4): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return text.startsWith("-") ? text : `+${text}`;
}

/** A number of things. */
export function count(rows: number): string {
  return rows.toLocaleString("en");
}

/** `+0.0305 [+0.0133, +0.0587]`. */
export function gainText({ mean, low, high }: Estimate): string {
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}

/** Text in lines of at most `width` characters, where its words allow it, all but the first indented. */
export function wrapped(text: string, { width = LINE_WIDTH, indent = "  " } = {}): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
