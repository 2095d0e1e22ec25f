import { DomainError } from "../../core/mod.ts";
import type { LeakCheck } from "./leak_check.ts";

/**
 * Refuses a run that a check has caught.
 *
 * @throws {DomainError} `leak-detected` naming each failed check with its value and limit, and what to look for.
 */
export function requireClean(checks: readonly LeakCheck[]): void {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const named = failed.map(({ name, figure, value, limit }) =>
    `${name} (${figure}: ${shown(value)}, limit ${shown(limit)})`
  );
  throw new DomainError("leak-detected", `Cannot trust this run's scores as leak checks failed: ${named.join("; ")}`, {
    hint: failed.map(({ name, reason }) => `${name}: ${reason}`).join("; "),
  });
}

/** The checks as the text of `LEAK_CHECKS_FILE`. */
export function encodeLeakChecks(checks: readonly LeakCheck[]): string {
  return `${JSON.stringify({ passed: checks.every(({ passed }) => passed), checks }, null, 2)}\n`;
}

function shown(value: number | null): string {
  return value === null ? "no number" : String(Number(value.toPrecision(4)));
}
