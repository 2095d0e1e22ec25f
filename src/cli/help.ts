import { calledAs } from "./called_as.ts";
import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./options.ts";
import { VERSION } from "./version.ts";

/** Name of the compiled program. */
export const PROGRAM = "bitcoin-ml";

/** The object of `--help --json`. */
export function programJson(commands: Readonly<Record<string, { readonly summary: string }>>) {
  const list = Object.entries(commands).map(([name, { summary }]) => ({ name, summary }));
  return { program: PROGRAM, version: VERSION, commands: list };
}

/** The object of `<command> --help --json`. */
export function commandJson(name: string, command: Command) {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  return {
    command: name,
    summary: command.summary,
    options: options.map(([option, { type, description, choices, multiple = false }]) => ({
      name: option,
      type,
      description,
      multiple,
      ...(choices === undefined ? {} : { choices }),
    })),
    examples: command.examples.map(({ line, does }) => ({ line: calledAs(line), does })),
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

/** Text of `<command> --help`. */
export function commandHelp(name: string, command: Command): string {
  const own = optionRows(command.options);
  const common = optionRows(COMMON_OPTIONS);
  const width = Math.max(...[...own, ...common].map(([left]) => left.length));
  const table = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return [
    command.summary,
    "",
    calledAs(`Usage: task ${name} -- ${command.positionals === undefined ? "" : `${command.positionals} `}[options]`),
    ...(own.length === 0 ? [] : ["", "Options:", ...table(own)]),
    "",
    "Common options:",
    ...table(common),
    "",
    "Examples:",
    ...aligned(command.examples.map(({ line, does }) => [calledAs(line), `# ${does}`])),
  ].join("\n");
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, spec]) => {
    const value = spec.type === "boolean" ? "" : ` ${spec.choices?.join("|") ?? spec.value ?? "VALUE"}`;
    return [`--${name}${value}`, spec.description + (spec.multiple ? " (may be repeated)" : "")] as const;
  });
}
