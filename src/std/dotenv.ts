/**
 * Stand-in for `@std/dotenv`: reads `.env` text with Node's built-in parser.
 *
 * @module
 */
import { parseEnv } from "node:util";

/** Variables of a `.env` text; a later line wins. */
export function parse(text: string): Record<string, string> {
  return parseEnv(text) as Record<string, string>;
}
