import { DomainError } from "../../core/mod.ts";
import type { Split } from "../labels/mod.ts";

/** Spans of fewer rows than this cannot carry a fit or a score. */
const FEWEST_ROWS = 1000;

/** Refuses a split of which one of these spans is too short. @throws {DomainError} `input-invalid` naming it. */
export function requireRows(split: Split, spans: readonly ("train" | "validation" | "test")[]): void {
  for (const span of spans) {
    if (split[span].length >= FEWEST_ROWS) continue;
    throw new DomainError(
      "input-invalid",
      `Cannot train as the ${span} span has too few rows with a label and 61 closes: current value is ${
        split[span].length
      }`,
      { hint: "Fill the gaps with: task ingest, or take a longer range" },
    );
  }
}
