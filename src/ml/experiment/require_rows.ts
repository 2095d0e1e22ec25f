import { DomainError, toIsoDay } from "../../core/mod.ts";
import type { Fold, Split } from "../labels/mod.ts";

/** Spans of fewer rows than this cannot carry a fit. */
const FEWEST_ROWS = { train: 1000, validation: 1000, test: 1 } as const;

/** Refuses a fold of which a span is too short. @throws {DomainError} `input-invalid` naming fold, span and days. */
export function requireRows(
  split: Split,
  fold: Fold,
  spans: readonly (keyof typeof FEWEST_ROWS)[] = ["train", "validation", "test"],
): void {
  for (const span of spans) {
    const rows = split[span].length;
    if (rows >= FEWEST_ROWS[span]) continue;
    const { startMs, endMs } = fold[span], isScored = fold.test.endMs > fold.test.startMs;
    const whose = isScored ? `step ${fold.index + 1}` : "the model to serve";
    throw new DomainError(
      "input-invalid",
      `Cannot train as the ${span} span of ${whose} (${toIsoDay(startMs)} to ${
        toIsoDay(endMs)
      }) has too few rows with a label and 61 closes: current value is ${rows}`,
      { hint: "Fill the gaps with: task ingest, or take another range" },
    );
  }
}

/** Fewer scored rows than this say nothing of a model. */
const FEWEST_SCORED = 1000;

/** Refuses a walk-forward of which too few rows were scored. @throws {DomainError} `input-invalid`. */
export function requireScored(rows: number): void {
  if (rows >= FEWEST_SCORED) return;
  throw new DomainError(
    "input-invalid",
    `Cannot score a model on ${rows} rows with a label and 61 closes as at least ${FEWEST_SCORED} are needed`,
    { hint: "Fill the gaps with: task ingest, or take a longer range or more folds" },
  );
}
