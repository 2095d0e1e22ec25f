/**
 * Stand-in for `@std/cli`: the one function used here, over Node's built-in argument parser. The JSR registry is
 * not needed to build this program (design section 10).
 *
 * @module
 */
import { parseArgs as nodeParseArgs } from "node:util";

/** How one flag is read. */
export interface FlagSpec {
  /** Whether the flag takes a value. */
  readonly type: "string" | "boolean";
  /** Whether it may be given more than once. */
  readonly multiple?: boolean;
}

/** What {@linkcode parseArgs} found. */
export interface ParsedArgs {
  /** Values by flag name; boolean flags are `true`. */
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  /** Everything that was no flag. */
  readonly positionals: readonly string[];
}

/**
 * Splits command-line arguments into flags and positionals. `--name=value` and `--name value` are alike.
 *
 * @throws {TypeError} on an unknown flag or a missing value; `code` is Node's `ERR_PARSE_ARGS_…`.
 */
export function parseArgs(args: readonly string[], flags: Readonly<Record<string, FlagSpec>>): ParsedArgs {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, multiple }]) => [name, { type, multiple: multiple ?? false }]),
  );
  const { values, positionals } = nodeParseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  return { values: values as ParsedArgs["values"], positionals };
}
