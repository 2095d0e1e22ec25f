import type { GateCheck } from "../MLOps/promotion/mod.ts";
import { renderTable } from "./table.ts";

/** What {@linkcode registerSummary} shows. */
export interface RegisterSummary {
  readonly checks: readonly GateCheck[];
  readonly passed: boolean;
  readonly reason: string | undefined;
  /** What became of the version, as one clause. */
  readonly outcome: string;
}

/** The gate's evidence for a person: one row a check, then the verdict, then what was done. */
export function registerSummary({ checks, passed, reason, outcome }: RegisterSummary): string {
  const table = renderTable(
    [
      { title: "check" },
      { title: "" },
      { title: "value", align: "right" },
      { title: "95 % interval", align: "right" },
      { title: "limit" },
    ],
    checks.map(({ name, passed, value, interval, rule, note }) => [
      name,
      passed ? "ok" : "FAILED",
      note ?? (value === null ? "unknown" : figure(value)),
      interval === null ? "" : `[${interval.map(figure).join(", ")}]`,
      rule,
    ]),
  );
  const verdict = passed
    ? "Gate: passed."
    : reason === undefined
    ? "Gate: refused."
    : `Gate: refused, and overridden: ${reason}`;
  return [table, "", verdict, outcome].join("\n");
}

/** A check in one line, for a tag that any MLflow page shows. */
export function checkText({ passed, value, interval, rule, note }: GateCheck): string {
  const found = note ?? (value === null ? "unknown" : figure(value));
  const range = interval === null ? "" : ` [${interval.map(figure).join(", ")}]`;
  return `${passed ? "passed" : "failed"}: ${found}${range}; ${rule}`;
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
