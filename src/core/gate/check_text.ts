import type { GateCheck } from "./gate_check.ts";

/** A check in one line, for a tag that any MLflow page shows. */
export function checkText({ passed, value, interval, rule, note }: GateCheck): string {
  const found = note ?? (value === null ? "unknown" : checkFigure(value));
  const range = interval === null ? "" : ` [${interval.map(checkFigure).join(", ")}]`;
  return `${passed ? "passed" : "failed"}: ${found}${range}; ${rule}`;
}

/** A figure of a check: counts as they are, anything else with four decimals. */
export function checkFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
