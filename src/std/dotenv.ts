/**
 * Stand-in for `@std/dotenv`: reads `.env` text with npm's dotenv.
 *
 * @module
 */
import dotenv from "dotenv";

/** Variables of a `.env` text; a later line wins. */
export function parse(text: string): Record<string, string> {
  return dotenv.parse(text);
}
