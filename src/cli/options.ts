import { DomainError, nearestWord } from "../core/mod.ts";
import { parseArgs } from "@std/cli";
import type { OptionSpec, OptionValues } from "./command.ts";

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  config: {
    type: "string",
    value: "FILE",
    isPath: true,
    description: "Configuration file in place of the one in config/",
  },
  json: { type: "boolean", description: "Print exactly one JSON object on stdout" },
  events: { type: "boolean", description: "Write progress as JSON lines on stderr" },
  quiet: { type: "boolean", description: "No progress and no notes" },
  "log-level": {
    type: "string",
    value: "LEVEL",
    description: "How much to log on stderr",
    choices: ["debug", "info", "warning", "error"],
  },
  help: { type: "boolean", description: "Show this help" },
};

/**
 * Reads a command's words by its option table.
 *
 * @param callerDir where the user called from, if that is not the working directory: relative paths are taken from there.
 * @returns the words that are no option, the names of the options given, and their values.
 * @throws {DomainError} `usage`: unknown option (nearest named), missing value, no number, value not allowed.
 */
export function readOptions(
  command: string,
  args: readonly string[],
  specs: Readonly<Record<string, OptionSpec>>,
  callerDir?: string,
): { readonly positionals: readonly string[]; readonly given: readonly string[]; readonly options: OptionValues } {
  for (const word of args) {
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-" || /^-\.?\d/.test(word)) continue;
    const name = word.replace(/^--?/, "").split("=", 1)[0]!;
    if (word.startsWith("--") && Object.hasOwn(specs, name)) continue;
    const meant = nearestWord(name, Object.keys(specs));
    throw new DomainError("usage", `Unknown option '${word.split("=", 1)[0]}' of '${command}'`, {
      hint: meant === undefined ? `See the options with: ${command} --help` : `Did you mean '--${meant}'?`,
    });
  }
  const flags = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, {
      type: spec.type === "boolean" ? "boolean" as const : "string" as const,
      multiple: spec.multiple ?? false,
    }]),
  );
  const words = withValuesAttached(command, args, specs);
  let parsed;
  try {
    parsed = parseArgs(words, flags);
  } catch (error) {
    const message = (error as Error).message.split("\n", 1)[0]!.replace(/\.$/, "");
    throw new DomainError("usage", `Cannot read the options of '${command}': ${message}`, {
      hint: `See the options with: ${command} --help`,
      cause: error,
    });
  }
  const values = parsed.values;
  for (const [name, spec] of Object.entries(specs)) {
    for (const value of [values[name] ?? []].flat() as readonly (string | boolean)[]) {
      if (spec.type === "number" && (value === "" || !Number.isFinite(Number(value)))) {
        throw new DomainError("usage", `Option '--${name}' must be a number: current value is '${value}'`);
      }
      if (spec.type === "string" && value === "") {
        throw new DomainError("usage", `Option '--${name}' must not be empty`);
      }
      requireChoice(command, name, spec, String(value));
    }
  }
  return {
    positionals: parsed.positionals,
    given: Object.keys(specs).filter((name) => values[name] !== undefined),
    options: {
      string: (name) => fromCaller(values[name] as string | undefined, specs[name], callerDir),
      strings: (name) =>
        ([values[name] ?? []].flat() as string[]).map((value) => fromCaller(value, specs[name], callerDir)!),
      number: (name) => values[name] === undefined ? undefined : Number(values[name]),
      boolean: (name) => values[name] === true,
    },
  };
}

/** @throws {DomainError} `usage` for a value, or a part of a list, that is none of the choices. */
function requireChoice(command: string, name: string, { choices, isList }: OptionSpec, value: string): void {
  if (choices === undefined) return;
  for (const part of isList ? value.split(",") : [value]) {
    if (choices.includes(part)) continue;
    const meant = nearestWord(part, choices);
    throw new DomainError(
      "usage",
      `Option '--${name}' must be ${isList ? "some" : "one"} of ${choices.join(", ")}: current value is '${value}'`,
      {
        hint: meant === undefined
          ? `Take ${isList ? "any" : "one"} of those: ${command} --help`
          : `Did you mean '${meant}'?`,
      },
    );
  }
}

/**
 * The words with `--port -1` as `--port=-1`, which would be read as two options.
 *
 * @throws {DomainError} `usage` for an option whose value is missing.
 */
function withValuesAttached(
  command: string,
  args: readonly string[],
  specs: Readonly<Record<string, OptionSpec>>,
): string[] {
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") return [...words, ...args.slice(i)];
    const name = word.startsWith("--") ? word.slice(2) : "";
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined || spec.type === "boolean") {
      words.push(word);
      continue;
    }
    const value = args[i + 1];
    if (value === undefined || (value.startsWith("-") && value !== "-" && !/^-\.?\d/.test(value))) {
      throw new DomainError("usage", `Option '${word}' of '${command}' needs a value`, {
        hint: spec.choices === undefined
          ? `Write ${word} ${spec.value ?? "VALUE"}; a value that begins with a dash is written ${word}=-…`
          : `Values are ${spec.choices.join(", ")}`,
      });
    }
    words.push(`${word}=${value}`);
    i++;
  }
  return words;
}

function fromCaller(
  value: string | undefined,
  spec: OptionSpec | undefined,
  callerDir: string | undefined,
): string | undefined {
  if (value === undefined || callerDir === undefined || spec?.isPath !== true) return value;
  const [, kind, path] = /^([a-z]+:)?(.*)$/s.exec(value)!;
  return path!.startsWith("/") ? value : `${kind ?? ""}${callerDir}/${path}`;
}
