import { calledAs } from "../core/mod.ts";
import type { Command, OptionSpec } from "./command.ts";
import { usageOf } from "./option_rules.ts";
import { COMMON_OPTIONS } from "./options.ts";
import { VERSION } from "./version.ts";

/** Name of the compiled program. */
export const PROGRAM = "bitcoin-ml";

/** The object of `--help --json`. */
export function programJson(commands: Readonly<Record<string, { readonly summary: string }>>) {
  const list = Object.entries(commands).map(([name, { summary }]) => ({ name, summary }));
  return { program: PROGRAM, version: VERSION, commands: list };
}

/** What `--help` shows of a command, or of one of its words. */
function shownOf(name: string, command: Command, word: string | undefined) {
  const own = word === undefined ? undefined : command.words![word]!;
  if (own === undefined) return { ...command, name, usage: command.positionals ?? "" };
  const options = Object.fromEntries(Object.entries(command.options).filter(([each]) => own.options.includes(each)));
  return {
    ...own,
    name: `${name} ${word}`,
    usage: `${word} ${own.positionals ?? ""}`.trim(),
    options,
    words: undefined,
  };
}

/** The object of `<command> --help --json`, or of `<command> <word> --help --json`. */
export function commandJson(name: string, command: Command, word?: string) {
  const shown = shownOf(name, command, word);
  const options = Object.entries({ ...shown.options, ...COMMON_OPTIONS });
  return {
    command: shown.name,
    summary: shown.summary,
    ...(shown.words === undefined
      ? {}
      : { words: Object.entries(shown.words).map(([each, { summary }]) => ({ name: each, summary })) }),
    options: options.map(([option, { type, description, choices, multiple = false }]) => ({
      name: option,
      type,
      description,
      multiple,
      ...(choices === undefined ? {} : { choices }),
    })),
    examples: shown.examples.map(({ line, does }) => ({ line: calledAs(line), does })),
  };
}

/** Text of the top-level `--help`. */
export function programHelp(commands: Readonly<Record<string, { readonly summary: string }>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `Bitcoin ML Lifecycle Sandbox ${VERSION}: candles to a served, monitored forecast`,
    "",
    calledAs("Usage: task <command> -- [options]"),
    "",
    "Commands:",
    ...rows,
    "",
    "Start here:",
    ...aligned([
      [calledAs("./taskw demo"), "the whole line on bundled real candles, offline"],
      [calledAs("task <command> -- --help"), "options and examples of one command"],
    ]),
  ].join("\n");
}

/** Text of `<command> --help`, or of `<command> <word> --help`. */
export function commandHelp(name: string, command: Command, word?: string): string {
  const shown = shownOf(name, command, word);
  const own = optionRows(shown.options);
  const words = Object.entries(shown.words ?? {}).map(([each, { summary, positionals = "" }]) =>
    [`${each} ${positionals}`.trim(), summary] as const
  );
  const common = optionRows(COMMON_OPTIONS);
  const width = Math.max(...[...words, ...own, ...common].map(([left]) => left.length));
  const table = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return [
    shown.summary,
    "",
    calledAs(`Usage: task ${name} -- ${shown.usage === "" ? "" : `${shown.usage} `}[options]`),
    ...(words.length === 0 ? [] : ["", "Words:", ...table(words)]),
    ...(own.length === 0 ? [] : ["", "Options:", ...table(own)]),
    "",
    "Common options:",
    ...table(common),
    "",
    "Examples:",
    ...aligned(shown.examples.map(({ line, does }) => [calledAs(line), `# ${does}`])),
  ].join("\n");
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, spec]) => {
    return [usageOf(name, spec), spec.description + (spec.multiple ? " (may be repeated)" : "")] as const;
  });
}
