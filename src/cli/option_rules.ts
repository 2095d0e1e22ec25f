import { DomainError } from "../core/mod.ts";
import type { Command, CommandWord, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./options.ts";

/** What was given to a command. */
export interface GivenWords {
  /** Words that were no option. */
  readonly positionals: readonly string[];
  /** Names of the options. */
  readonly given: readonly string[];
}

/** The word that makes the command do something else: of `api verify-log` the second. */
export function wordOf(
  { words = {} }: Pick<Command, "words">,
  positionals: readonly string[],
): { readonly name: string; readonly word: CommandWord } | undefined {
  const [name] = positionals;
  return name !== undefined && Object.hasOwn(words, name) ? { name, word: words[name]! } : undefined;
}

/**
 * Refuses options that would be ignored: those of another word of the command, those that go with one that is not given,
 * and those that another one excludes.
 *
 * @throws {DomainError} `usage`
 */
export function refuseIdleOptions(
  name: string,
  command: Pick<Command, "options" | "words">,
  { positionals, given }: GivenWords,
): void {
  const found = wordOf(command, positionals);
  for (const option of given.filter((each) => !Object.hasOwn(COMMON_OPTIONS, each))) {
    if (found !== undefined && !found.word.options.includes(option)) {
      throw new DomainError("usage", `Option '--${option}' does nothing with '${name} ${found.name}'`, {
        hint: `Leave it out; see: task ${name} -- ${found.name} --help`,
      });
    }
    const { goesWith = [], excludes = [] } = command.options[option] ?? {};
    if (goesWith.length > 0 && !goesWith.some((other) => given.includes(other))) {
      throw new DomainError(
        "usage",
        `Option '--${option}' goes with ${goesWith.map((other) => `'--${other}'`).join(" or ")}, which is not given`,
        {
          hint: `Add ${goesWith.map((other) => usageOf(other, command.options[other]!)).join(" or ")}, or leave it out`,
        },
      );
    }
    const rival = excludes.find((other) => given.includes(other));
    if (rival !== undefined) {
      throw new DomainError("usage", `Options '--${option}' and '--${rival}' exclude each other`, {
        hint: "Leave one of them out",
      });
    }
  }
}

/** `--sweep FILE`, as `--help` shows an option. */
export function usageOf(name: string, { type, choices, value = "VALUE" }: OptionSpec): string {
  return type === "boolean" ? `--${name}` : `--${name} ${choices?.join("|") ?? value}`;
}
