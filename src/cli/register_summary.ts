import { checkFigure, type GateCheck } from "../MLOps/promotion/mod.ts";
import { renderTable } from "./table.ts";

/** What {@linkcode registerSummary} shows. */
export interface RegisterSummary {
  readonly checks: readonly GateCheck[];
  readonly passed: boolean;
  readonly reason: string | undefined;
  /** Whether the evidence is that of a quick run. */
  readonly isQuick: boolean;
  /** What became of the version, as one clause. */
  readonly outcome: string;
}

/** The gate's evidence for a person: one row a check, then the verdict, then what was done. */
export function registerSummary({ checks, passed, reason, isQuick, outcome }: RegisterSummary): string {
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
      note ?? (value === null ? "unknown" : checkFigure(value)),
      interval === null ? "" : `[${interval.map(checkFigure).join(", ")}]`,
      rule,
    ]),
  );
  const verdict = passed
    ? "Gate: passed."
    : reason === undefined
    ? "Gate: refused."
    : `Gate: refused, and overridden: ${reason}`;
  const evidence = isQuick ? ["Evidence: a quick run, which says less than a full one."] : [];
  return [table, "", verdict, ...evidence, outcome].join("\n");
}
