import type { FontMetrics } from "./metrics.ts";

/**
 * Breaks text into lines of at most `width` points. Words longer than a line (digests, paths) are broken anywhere;
 * line feeds in the text are kept.
 */
export function wrapText(text: string, metrics: FontMetrics, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ").flatMap((word) => breakWord(word, metrics, size, width))) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (line === "" || metrics.width(longer, size) <= width) line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

function breakWord(word: string, metrics: FontMetrics, size: number, width: number): string[] {
  if (metrics.width(word, size) <= width) return [word];
  const parts: string[] = [];
  let part = "";
  for (const char of word) {
    if (part !== "" && metrics.width(part + char, size) > width) {
      parts.push(part);
      part = "";
    }
    part += char;
  }
  return [...parts, part];
}

/** The text, or its beginning and an ellipsis where it is wider than `width` points. */
export function clipText(text: string, metrics: FontMetrics, size: number, width: number): string {
  if (metrics.width(text, size) <= width) return text;
  const chars = Array.from(text);
  while (chars.length > 0 && metrics.width(`${chars.join("")}…`, size) > width) chars.pop();
  return `${chars.join("").trimEnd()}…`;
}
