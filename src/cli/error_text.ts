import { calledAs, DomainError, ERROR_TRAITS, type ErrorTraits, lackingGrant } from "../core/mod.ts";
import type { LogLevel } from "./log_level.ts";
import { isColorWanted } from "./terminal.ts";

/** Names the failures that runtime and system raise in ways a user meets; leaves bugs as they are. */
export function toKnownError(error: unknown): Error {
  if (error instanceof DomainError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    const lacking = lackingGrant(error);
    const message = lacking === undefined
      ? error.message
      : `Cannot ${lacking.act} '${lacking.place}' as it is not granted`;
    return new DomainError("permission-denied", message, {
      hint: `Grant it to the task: task NAME ${
        lacking?.grant ?? "READ=DIR WRITE=DIR NET=HOST:PORT"
      } -- … (README, Permissions)`,
      cause: error,
    });
  }
  const systemCode = (error as { readonly code?: unknown } | null)?.code;
  if (error instanceof Deno.errors.PermissionDenied || systemCode === "EACCES" || systemCode === "EROFS") {
    return new DomainError("permission-denied", `The system refused it: ${(error as Error).message}`, {
      hint: "Check who owns the file or folder and whether it may be written",
      cause: error,
    });
  }
  if (systemCode === "ENOSPC" || systemCode === "EDQUOT") {
    return new DomainError("disk-full", `The disk is full: ${(error as Error).message}`, {
      hint: "Make room; what was committed stays, and running again goes on from there",
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** Exit status and more of any error; an unknown one is a bug. */
export function traitsOf(error: Error): ErrorTraits {
  return error instanceof DomainError ? error.traits : ERROR_TRAITS.bug;
}

/** An error as `--json` prints it. */
export function errorObject(error: Error): Record<string, unknown> {
  if (error instanceof DomainError) {
    return { code: error.code, message: error.message, hint: error.hint === undefined ? null : calledAs(error.hint) };
  }
  return {
    code: "bug",
    message: error.message,
    hint: "This is a bug: please report it with the stack",
    stack: error.stack,
  };
}

/** An error for a person: a line and a hint; at `debug` with its stack and what was underneath. */
export function errorText(error: Error, level: LogLevel = "info"): string {
  const isKnown = error instanceof DomainError;
  const lines = isKnown
    ? [`${paint("error", 31)} ${error.message} [${error.code}]`]
    : [`${paint("bug", 31)} ${error.stack ?? error.message}`];
  const hint = isKnown ? error.hint : "Please report it with the command line and this stack";
  if (hint !== undefined) lines.push(`${paint("hint", 36)}  ${calledAs(hint)}`);
  if (level === "debug") {
    if (isKnown && error.stack !== undefined) lines.push(error.stack);
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
      lines.push(`caused by ${cause.stack ?? cause.message}`);
    }
  }
  return lines.join("\n");
}

/** Text in a terminal colour, where colours are wanted. */
export function paint(text: string, code: number): string {
  return isColorWanted() ? `\x1b[${code}m${text}\x1b[0m` : text;
}
