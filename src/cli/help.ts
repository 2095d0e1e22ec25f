import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./options.ts";
import { VERSION } from "./version.ts";

/** Text of the top-level `--help`. */
export function programHelp(commands: Readonly<Record<string, { readonly summary: string }>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `Bitcoin ML Lifecycle Sandbox ${VERSION}: candles to a served, monitored forecast`,
    "",
    "Usage: task <command> -- [options]        (or: bitcoin-ml <command> [options])",
    "",
    "Commands:",
    ...rows,
    "",
    "Start here:",
    "  ./taskw demo                     the whole line on bundled real candles, offline",
    "  task <command> -- --help         options and examples of one command",
  ].join("\n");
}

/** Text of `<command> --help`. */
export function commandHelp(name: string, command: Command): string {
  const own = optionRows(command.options);
  const common = optionRows(COMMON_OPTIONS);
  const width = Math.max(...[...own, ...common].map(([left]) => left.length));
  const table = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  const exampleWidth = Math.max(0, ...command.examples.map(({ line }) => line.length));
  return [
    command.summary,
    "",
    `Usage: task ${name} -- ${command.positionals === undefined ? "" : `${command.positionals} `}[options]`,
    ...(own.length === 0 ? [] : ["", "Options:", ...table(own)]),
    "",
    "Common options:",
    ...table(common),
    "",
    "Examples:",
    ...command.examples.map(({ line, does }) => `  ${line.padEnd(exampleWidth)}  # ${does}`),
  ].join("\n");
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, spec]) => {
    const value = spec.type === "boolean" ? "" : ` ${spec.choices?.join("|") ?? spec.value ?? "VALUE"}`;
    return [`--${name}${value}`, spec.description + (spec.multiple ? " (may be repeated)" : "")] as const;
  });
}
