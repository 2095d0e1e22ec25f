import { TrackingError } from "../../core/mod.ts";

/** Primary result codes of SQLite that callers are told apart by. */
const BUSY = 5, LOCKED = 6, READONLY = 8, CORRUPT = 11, FULL = 13, CANTOPEN = 14, CONSTRAINT = 19, NOTADB = 26;

/** SQLite's texts of the codes that matter where no code is given (sqlite3_errstr). */
const TEXTS = [
  ["unable to open database file", CANTOPEN],
  ["attempt to write a readonly database", READONLY],
  ["database or disk is full", FULL],
  ["database disk image is malformed", CORRUPT],
  ["file is not a database", NOTADB],
  ["database is locked", BUSY],
  ["database table is locked", LOCKED],
] as const;

/** Whether an error is a violated constraint (a key that exists, mostly). */
export function isConstraintError(error: unknown): boolean {
  return resultCode(error) === CONSTRAINT;
}

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code === "number") return code & 0xff;
  // Deno gives errors of opening and of exec() no code, only SQLite's text for it.
  const text = error instanceof Error ? error.message : "";
  return TEXTS.find(([part]) => text.includes(part))?.[1];
}

/** Whether another connection holds a lock. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/** Names the failures of SQLite that a user meets; anything else is passed on as it is. */
export function toTrackingError(error: unknown, path: string): unknown {
  const why = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case CORRUPT:
    case NOTADB:
      return new TrackingError("INVALID_STATE", `Cannot read '${path}' as the database is damaged: ${why}`, {
        code: "store-damaged",
        hint: "Restore it from a copy, or move it away to start a new one",
        cause: error,
      });
    case FULL:
      return new TrackingError("INTERNAL_ERROR", `Cannot write to '${path}' as the disk is full`, {
        hint: "Free some space and try again; everything committed is intact",
        cause: error,
      });
    case READONLY:
      return new TrackingError("PERMISSION_DENIED", `Cannot write to '${path}' as it is read-only: ${why}`, {
        code: "permission-denied",
        hint: "Give this user write permission for the file and its folder",
        cause: error,
      });
    case CANTOPEN:
      return new TrackingError("INVALID_STATE", `Cannot open '${path}': ${why}`, {
        code: "permission-denied",
        hint: "Check that the folder exists and may be read and written",
        cause: error,
      });
    default:
      return error;
  }
}
