import { DomainError, LEAK_CHECKS_FILE } from "../../core/mod.ts";
import type { LeakCheck } from "./leak_check.ts";

/**
 * Why scores that a check has caught are not to be trusted: `leak-detected` naming each failed check with its value and
 * limit, what to look for, and where all checks are kept. Undefined where all passed.
 *
 * @param options.runId the run that keeps them. @default none does
 */
export function leakError(
  checks: readonly LeakCheck[],
  { runId }: { readonly runId?: string } = {},
): DomainError | undefined {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return undefined;
  const named = failed.map(({ name, figure, value, limit }) =>
    `${name} (${figure}: ${shown(value)}, limit ${shown(limit)})`
  );
  const kept = runId === undefined ? [] : [`all figures are kept in ${LEAK_CHECKS_FILE} of run '${runId}'`];
  return new DomainError("leak-detected", `Cannot trust this run's scores as leak checks failed: ${named.join("; ")}`, {
    hint: [...failed.map(({ name, reason }) => `${name}: ${reason}`), ...kept].join("; "),
  });
}

/** The checks as the text of `LEAK_CHECKS_FILE`. */
export function encodeLeakChecks(checks: readonly LeakCheck[]): string {
  return `${JSON.stringify({ passed: checks.every(({ passed }) => passed), checks }, null, 2)}\n`;
}

function shown(value: number | null): string {
  return value === null ? "no number" : String(Number(value.toPrecision(4)));
}
