import fontkit from "@pdf-lib/fontkit";
import { fontBytes, type FontWeight } from "./inter.ts";

/** What stands in for a character that the font lacks. */
const SUBSTITUTE = "?";

/** Widths of text in a font of the reports; exact, as the fonts carry no kerning and no ligatures. */
export interface FontMetrics {
  /** Width in points at `size` points. */
  width(text: string, size: number): number;
  /** The text with every character that the font lacks replaced by `?`. */
  printable(text: string): string;
}

const cache = new Map<FontWeight, FontMetrics>();

/** Metrics of a weight; read from the font once a process. */
export function fontMetrics(weight: FontWeight): FontMetrics {
  let metrics = cache.get(weight);
  if (metrics === undefined) cache.set(weight, metrics = readMetrics(weight));
  return metrics;
}

function readMetrics(weight: FontWeight): FontMetrics {
  const font = fontkit.create(fontBytes(weight));
  const known = new Set(font.characterSet);
  const advances = new Map<string, number>();
  const advance = (char: string) => {
    let value = advances.get(char);
    if (value === undefined) {
      const code = char.codePointAt(0)!;
      const glyph = font.glyphForCodePoint(known.has(code) ? code : SUBSTITUTE.codePointAt(0)!);
      advances.set(char, value = glyph.advanceWidth / font.unitsPerEm);
    }
    return value;
  };
  return {
    width(text, size) {
      let sum = 0;
      for (const char of text) sum += advance(char);
      return sum * size;
    },
    printable(text) {
      let all = true;
      for (const char of text) all &&= known.has(char.codePointAt(0)!);
      return all ? text : Array.from(text, (char) => known.has(char.codePointAt(0)!) ? char : SUBSTITUTE).join("");
    },
  };
}
