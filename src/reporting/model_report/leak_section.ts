import type { Section } from "../model.ts";
import { formatSignificant } from "../numbers.ts";
import type { StoredLeakCheck } from "./stored_evaluation.ts";

/** What looked for leaks in the run, and what it found. */
export function leakSection(checks: readonly StoredLeakCheck[]): Section {
  const failed = checks.filter(({ passed }) => !passed), taken = checks.filter(({ skipped }) => !skipped).length;
  const figure = (value: number | null) => value === null ? "–" : formatSignificant(value, 3);
  return {
    id: "leaks",
    title: "Leak checks",
    lead:
      "Each check plants, moves or removes something and looks whether the forecasts notice what they must not, or " +
      "miss what they must find.",
    blocks: [
      failed.length === 0 ? { kind: "callout", tone: "good", text: `No leak found: all ${taken} figures hold.` } : {
        kind: "callout",
        tone: "bad",
        text: `${failed.length} of ${taken} figures do not hold: the scores cannot be trusted.`,
      },
      {
        kind: "table",
        caption: "Figures of the leak checks",
        columns: [
          { title: "Check" },
          { title: "Figure", wrap: true },
          { title: "Value", align: "right" },
          { title: "Limit", align: "right" },
          { title: "Result" },
          { title: "What was seen", wrap: true },
        ],
        rows: checks.map(({ name, figure: what, value, limit, skipped, passed, reason }) => [
          name,
          what,
          figure(value),
          figure(limit),
          skipped ? "not taken" : passed ? "holds" : "does not hold",
          reason,
        ]),
      },
    ],
  };
}
