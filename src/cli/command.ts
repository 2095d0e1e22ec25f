import type { Clock, Progress, Warning } from "../core/mod.ts";

/** How one option of a command is read and described. */
export interface OptionSpec {
  /** Kind of value; `boolean` takes none. */
  readonly type: "string" | "number" | "boolean";
  /** One line for `--help`. */
  readonly description: string;
  /** Placeholder for `--help`: `DATE`, `DIR`. */
  readonly value?: string;
  /** Whether it may be given more than once (strings only). */
  readonly multiple?: boolean;
  /** Whether the value is a path, behind a colon where there is one: relative to where the user called from. */
  readonly isPath?: boolean;
  /** Values allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** Whether the value may be several choices with commas between. */
  readonly isList?: boolean;
  /** Options of which one has to be given too: without them it would do nothing. */
  readonly goesWith?: readonly string[];
  /** Options that it cannot stand beside. */
  readonly excludes?: readonly string[];
}

/** Typed access to the options given; each is undefined (or false, or empty) where the user did not give it. */
export interface OptionValues {
  /** Text of a string option. */
  string(name: string): string | undefined;
  /** All texts of a repeatable option. */
  strings(name: string): readonly string[];
  /** Value of a number option. */
  number(name: string): number | undefined;
  /** Whether a boolean option was given. */
  boolean(name: string): boolean;
}

/** How the program talks to its user; stdout is for results alone. */
export interface Output {
  /** Whether `--json` was given: stdout then holds exactly one object, which `main.ts` prints. */
  readonly json: boolean;
  /** Whether stderr is a terminal that may be coloured. */
  readonly color: boolean;
  /** A line on stderr that a person should see; not under `--quiet`. */
  note(line: string): void;
  /** A line on stdout while a service runs (its URL). Never used by a command that returns a result. */
  announce(line: string): void;
}

/** Everything a command may touch; adapters are built from it in `runtime.ts`. */
export interface CommandContext {
  /** Words that were no option. */
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  /** Reads an environment variable: the process's, else `.env`'s. */
  env(name: string): string | undefined;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly progress: Progress;
  readonly clock: Clock;
}

/** What a command hands back to `main.ts`. */
export interface CommandResult {
  /** The object of `--json`, without `warnings`, which is added. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What a person reads on stdout. */
  readonly text: string;
  /** Whether a service announced its object while it ran; stdout then gets nothing more. @default false */
  readonly isAnnounced?: boolean;
  /** Things to know that did not stop the work. */
  readonly warnings?: readonly Warning[];
  /** Failure after committed work: printed with the result, its exit code used. */
  readonly error?: Error;
  /** Commands worth running next, printed to stderr under the result. */
  readonly next?: readonly string[];
  /** Exit code where it is neither 0 nor that of `error`; 1 for a failed check. */
  readonly exitCode?: number;
}

/** Command lines for `--help`, with what each does. */
type Examples = readonly { readonly line: string; readonly does: string }[];

/** A word after a command that makes it do something else: `api verify-log`. */
export interface CommandWord {
  /** One line for `--help`. */
  readonly summary: string;
  /** Words behind it, for the usage line: `ID`. */
  readonly positionals?: string;
  /** Those of the command's options that it takes; any other is refused. */
  readonly options: readonly string[];
  /** Its own. */
  readonly examples: Examples;
}

/** A subcommand; one file each in `src/cli`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Words after the command, for the usage line: `create|list|revoke`. */
  readonly positionals?: string;
  /** Words that make it do something else, by word; undefined where all words take all options. */
  readonly words?: Readonly<Record<string, CommandWord>>;
  /** Options beyond the common ones. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines for `--help`, with what each does. */
  readonly examples: Examples;
  /** Does the work. */
  run(context: CommandContext): Promise<CommandResult>;
}
