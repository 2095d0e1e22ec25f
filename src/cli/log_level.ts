import { DomainError, nearestWord } from "../core/mod.ts";

/** How much a command says on stderr; results on stdout are not logs. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/**
 * The level of the flag, else that of `LOG_LEVEL`, else `info`.
 *
 * @throws {DomainError} `config-invalid` where the variable holds none.
 */
export function readLogLevel(flag: string | undefined, variable: string | undefined): LogLevel {
  const text = flag ?? variable?.toLowerCase() ?? "info";
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const meant = nearestWord(text, LOG_LEVELS);
  throw new DomainError(
    "config-invalid",
    `LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}: current value is '${text}'`,
    {
      ...(meant === undefined ? {} : { hint: `Did you mean '${meant}'?` }),
    },
  );
}

/** Whether something of this weight is shown at the level asked for. */
export function isShown(weight: LogLevel, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(weight) >= LOG_LEVELS.indexOf(level);
}
