import { calledAs, DomainError, isDomainError, nearestWord, type Warning } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { errorObject, errorText, paint, toKnownError, traitsOf } from "./error_text.ts";
import { commandHelp, commandJson, PROGRAM, programHelp, programJson } from "./help.ts";
import { isShown, type LogLevel, readLogLevel } from "./log_level.ts";
import { refuseIdleOptions, wordOf } from "./option_rules.ts";
import { COMMON_OPTIONS, readOptions } from "./options.ts";
import { SYSTEM_CLOCK } from "./system_clock.ts";
import { createOutput, createProgress, writeText } from "./terminal.ts";
import { VERSION } from "./version.ts";
import { narrowToCommand } from "./walls.ts";

/** A subcommand by name: what `--help` says of it, and how to load it. */
export type CommandTable = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<{ readonly command: Command }> }>
>;

/** Runs the subcommand that `args` names and returns the exit code; prints results and errors. */
export async function dispatch(args: readonly string[], commands: CommandTable): Promise<number> {
  const json = args.includes("--json");
  try {
    return await dispatchWords(args, commands, json);
  } catch (error) {
    return reportError(error, json);
  }
}

async function dispatchWords(args: readonly string[], commands: CommandTable, json: boolean): Promise<number> {
  const { name, rest } = chosenCommand(args[0] === "--json" ? args.slice(1) : args, commands);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    print(json ? JSON.stringify(programJson(commands)) : programHelp(commands));
    return 0;
  }
  if (name === "--version") {
    print(json ? JSON.stringify({ program: PROGRAM, version: VERSION }) : VERSION);
    return 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const meant = nearestWord(name, Object.keys(commands));
    throw new DomainError("usage", `Unknown command '${name}'`, {
      hint: meant === undefined ? "See the commands with --help" : `Did you mean '${meant}'?`,
    });
  }
  await narrowToCommand(name, rest);
  const { command } = await entry.load();
  if (rest.includes("--help") || rest.includes("-h")) {
    const word = wordOf(command, rest.filter((each) => !each.startsWith("-")))?.name;
    print(json ? JSON.stringify(commandJson(name, command, word)) : commandHelp(name, command, word));
    return 0;
  }
  return await runCommand(name, command, rest);
}

/** The command that the words name, and the words after it; `api keys list` means `api-keys list`. */
function chosenCommand(
  args: readonly string[],
  commands: CommandTable,
): { readonly name: string | undefined; readonly rest: readonly string[] } {
  const [name, ...words] = args;
  // `deno task NAME -- --json` hands the separator on, which Task does not.
  const rest = words[0] === "--" ? words.slice(1) : words;
  const joined = `${name}-${rest[0]}`;
  return Object.hasOwn(commands, joined) ? { name: joined, rest: rest.slice(1) } : { name, rest };
}

async function runCommand(name: string, command: Command, args: readonly string[]): Promise<number> {
  const { positionals, given, options } = readOptions(
    name,
    args,
    { ...COMMON_OPTIONS, ...command.options },
    readProcessVariable("USER_WORKING_DIR"),
  );
  if (command.positionals === undefined && positionals.length > 0) {
    throw new DomainError("usage", `'${name}' takes options only: current value is '${positionals[0]}'`, {
      hint: `See the options with: ${name} --help`,
    });
  }
  refuseIdleOptions(name, command, { positionals, given });
  const json = options.boolean("json");
  const env = await environment();
  const level = readLogLevel(options.string("log-level"), env("LOG_LEVEL"));
  const quiet = options.boolean("quiet") || !isShown("info", level);
  const controller = new AbortController();
  let exitOnSignal = 0;
  const stop = (signalName: string, code: number) => () => {
    if (exitOnSignal !== 0) Deno.exit(code); // asked twice
    exitOnSignal = code;
    controller.abort(new DomainError("interrupted", `Stopped by ${signalName}`));
  };
  const onInterrupt = stop("SIGINT", 130), onTerminate = stop("SIGTERM", 143);
  Deno.addSignalListener("SIGINT", onInterrupt);
  Deno.addSignalListener("SIGTERM", onTerminate);
  const progress = createProgress({ quiet, events: options.boolean("events") });
  const context: CommandContext = {
    positionals,
    options,
    env,
    signal: controller.signal,
    output: createOutput({ json, quiet }),
    progress,
    clock: SYSTEM_CLOCK,
  };
  try {
    const result = await command.run(context);
    progress.end();
    return report(result, { json, quiet, level, exitOnSignal });
  } catch (error) {
    progress.end();
    const code = reportError(error, json, level);
    return isDomainError(error, "interrupted") && exitOnSignal !== 0 ? exitOnSignal : code;
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    Deno.removeSignalListener("SIGTERM", onTerminate);
  }
}

/** How a result is shown. */
interface ReportOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly level: LogLevel;
  /** Exit code of the signal that stopped the command, or 0. */
  readonly exitOnSignal: number;
}

function report(result: CommandResult, { json, quiet, level, exitOnSignal }: ReportOptions): number {
  const warnings = (result.warnings ?? []).map((each): Warning => ({ ...each, message: calledAs(each.message) }));
  if (json && result.isAnnounced === true && result.error === undefined) {
    // One object was promised, and it was printed when the service was ready.
  } else if (json) {
    const error = result.error === undefined ? {} : { error: errorObject(result.error) };
    print(JSON.stringify({ ...result.json, warnings, ...error }));
  } else {
    if (result.text !== "") print(result.text);
    for (const { message, code } of isShown("warning", level) ? warnings : []) {
      complain(`${paint("warning", 33)} ${message} [${code}]`);
    }
    if (result.error !== undefined) complain(errorText(result.error, level));
    if (!quiet && result.next !== undefined && result.next.length > 0) {
      complain(`\nNext:\n${result.next.map((line) => `  ${calledAs(line)}`).join("\n")}`);
    }
  }
  if (exitOnSignal !== 0 && (result.error === undefined || isDomainError(result.error, "interrupted"))) {
    return exitOnSignal;
  }
  if (result.error !== undefined) return traitsOf(result.error).exit;
  return result.exitCode ?? 0;
}

function reportError(error: unknown, json: boolean, level: LogLevel = "info"): number {
  const known = toKnownError(error);
  if (json) {
    try {
      print(JSON.stringify({ error: errorObject(known) }));
      return traitsOf(known).exit;
    } catch {
      // Where results cannot be written, the person at the terminal is told.
    }
  }
  complain(errorText(known, level));
  return traitsOf(known).exit;
}

async function environment(): Promise<(name: string) => string | undefined> {
  const stored = await readDotenv();
  return (name) => readProcessVariable(name) || stored[name] || undefined;
}

function readProcessVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    // A variable outside the command's set counts as unset; the set is the contract.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

async function readDotenv(): Promise<Readonly<Record<string, string>>> {
  let text: string;
  try {
    text = await Deno.readTextFile(".env");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return {};
    if (!(error instanceof Deno.errors.IsADirectory)) throw error;
    throw new DomainError("config-invalid", "Cannot read '.env' as it is a folder", {
      hint: "It holds NAME=VALUE lines, as .env.example shows; move the folder away",
      cause: error,
    });
  }
  const { parse } = await import("@std/dotenv");
  return parse(text);
}

function print(text: string): void {
  writeText(Deno.stdout, `${text}\n`);
}

/** The last word: where even this cannot be written, the exit status has to do. */
function complain(text: string): void {
  try {
    writeText(Deno.stderr, `${text}\n`);
  } catch {
    // nobody is left to be told
  }
}
