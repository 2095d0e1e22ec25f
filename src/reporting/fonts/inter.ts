import { INTER_REGULAR_BASE64 } from "./inter_regular.ts";
import { INTER_SEMIBOLD_BASE64 } from "./inter_semibold.ts";

/** Name under which charts and pages ask for the font. */
export const FONT_FAMILY = "Inter";

/** The two weights that reports use, as TrueType base64 without line breaks. */
export const FONT_BASE64 = {
  regular: INTER_REGULAR_BASE64.replaceAll("\n", ""),
  bold: INTER_SEMIBOLD_BASE64.replaceAll("\n", ""),
} as const;

/** A weight of {@linkcode FONT_BASE64}. */
export type FontWeight = keyof typeof FONT_BASE64;

/** The bytes of a weight. */
export function fontBytes(weight: FontWeight): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(FONT_BASE64[weight]), (char) => char.charCodeAt(0));
}
