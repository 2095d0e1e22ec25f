import { z } from "zod";
import { type ForecastColumns, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { RefitEvidence } from "./refit_spread.ts";

const LEVELS = QUANTILE_LEVELS.length;

// JSON has no NaN: what is missing, or could not be told, is null.
const FIGURES = z.array(z.number().nullable());
const SCHEMA = z.strictObject({
  rows: z.array(FIGURES).min(1),
  steps: z.array(z.strictObject({
    index: z.int().nonnegative(),
    probabilityUp: FIGURES,
    volatilityBps: FIGURES,
    quantilesBps: z.array(FIGURES.length(LEVELS)),
  })),
}).refine(
  ({ rows, steps }) =>
    rows.every(({ length }) => length === rows[0]!.length) &&
    steps.every(({ probabilityUp, volatilityBps, quantilesBps }) =>
      [probabilityUp, volatilityBps, quantilesBps].every(({ length }) => length === rows.length)
    ),
  { error: "a forecast or a row has another length" },
);

/** `evaluation/refit.json`: the golden rows, and what the last steps' models say of them. */
export function encodeRefit({ rows, count, steps }: RefitEvidence): string {
  const document: z.input<typeof SCHEMA> = {
    rows: inRows(rows, rows.length / count),
    steps: steps.map(({ index, forecasts: { probabilityUp, volatilityBps, quantilesBps } }) => ({
      index,
      probabilityUp: figures(probabilityUp),
      volatilityBps: figures(volatilityBps),
      quantilesBps: inRows(quantilesBps, LEVELS),
    })),
  };
  return `${JSON.stringify(document)}\n`;
}

/**
 * Reads what {@linkcode encodeRefit} wrote.
 *
 * @throws {SyntaxError} for no JSON, {@linkcode z.ZodError} for JSON of another shape.
 */
export function decodeRefit(text: string): RefitEvidence {
  const { rows, steps } = SCHEMA.parse(JSON.parse(text));
  const column = (values: readonly (number | null)[]) => Float32Array.from(values, (value) => value ?? NaN);
  return {
    rows: column(rows.flat()),
    count: rows.length,
    steps: steps.map(({ index, probabilityUp, volatilityBps, quantilesBps }) => {
      const forecasts: ForecastColumns = {
        length: rows.length,
        probabilityUp: column(probabilityUp),
        volatilityBps: column(volatilityBps),
        quantilesBps: column(quantilesBps.flat()),
      };
      return { index, forecasts };
    }),
  };
}

function figures(values: Float32Array): (number | null)[] {
  return Array.from(values, (value) => Number.isFinite(value) ? value : null);
}

function inRows(values: Float32Array, width: number): (number | null)[][] {
  return Array.from({ length: values.length / width }, (_, i) => figures(values.subarray(i * width, (i + 1) * width)));
}
