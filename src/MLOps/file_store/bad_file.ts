import { DomainError, quoted } from "../../core/mod.ts";

/** What an error about a file of the store can say beside its path. */
export interface BadFileDetails {
  /** Line, from 1. */
  readonly line?: number | undefined;
  /** What was found there. */
  readonly value?: string | undefined;
  /** What to do, where it is not to correct the file. */
  readonly hint?: string;
  /** The failure underneath. */
  readonly cause?: unknown;
}

const LONGEST_VALUE_SHOWN = 120;

/** The error for a file that cannot be taken as it is; `why` follows "as". */
export function badFile(path: string, why: string, details: BadFileDetails = {}): DomainError {
  const { line, value, hint, cause } = details;
  const at = line === undefined ? `'${path}'` : `line ${line} of '${path}'`;
  const seen = value === undefined ? "" : `: current value is ${shown(value)}`;
  return new DomainError("input-invalid", `Cannot import ${at} as ${why}${seen}`, {
    hint: hint ?? "Correct the file, or move it out of the store, and import again: nothing was written",
    cause,
  });
}

/** Reads through `read`, and names the file or folder where the system refuses it. */
export function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new DomainError("permission-denied", `Cannot read '${path}' as it is not granted`, {
        hint: `Grant the folder that it, or what it links to, lies in: task import-mlruns READ=${
          quoted(path)
        } -- --source DIR`,
        cause: error,
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new DomainError("permission-denied", `Cannot read '${path}' as the system refuses it`, {
        hint: "Give this user read permission for the whole store",
        cause: error,
      });
    }
    if (error instanceof Deno.errors.FilesystemLoop) throw badFile(path, "its links lead round in a ring");
    throw error;
  }
}

function shown(value: string): string {
  return JSON.stringify(value.length > LONGEST_VALUE_SHOWN ? `${value.slice(0, LONGEST_VALUE_SHOWN)}…` : value);
}
