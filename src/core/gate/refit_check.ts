import { type GateCheck, plainCheck } from "./gate_check.ts";

/** Path of what {@linkcode RefitSpread} is computed from, below a run. */
export const REFIT_FILE = "evaluation/refit.json";

/**
 * How far the logged model lies from the models of the last steps, whose recipe it is a refit of, on its golden rows; and
 * how far those lie from one another. Distances are mean absolute differences: of the logit, of ln σ, of quantiles in σ.
 */
export interface RefitSpread {
  /** Steps whose models were asked. */
  readonly steps: number;
  /** `direction`, `volatility`, `quantiles`. */
  readonly outputs: readonly {
    readonly name: string;
    /** From the logged model to the nearest of theirs; NaN where a forecast is no number. */
    readonly distance: number;
    /** Between the two of theirs that lie farthest apart. */
    readonly spread: number;
  }[];
}

/**
 * Spreads that the logged model may lie away at most. *Measured* with three steps: the flagship .6 on two years and .5 in
 * a quick run, other families and horizons at most .8, and climatology's constants 1.0; σ or quantiles that are 30 % off
 * 5 and more on two years.
 */
const MOST_SPREADS = 2;
/** A spread is taken for no smaller: a hundredth of a logit or of σ is no news, where models hardly differ at all. */
const SMALLEST_SPREAD = 0.01;

/**
 * Whether the logged model is of the recipe that was scored (evaluation section 3): no row was scored with it, so that its
 * scores are its own only as far as it forecasts what the last steps' models do. A single step has no spread, and says
 * nothing.
 */
export function refitCheck(refit: RefitSpread | null): GateCheck {
  const name = "refit_spread", rule = `≤ ${MOST_SPREADS} spreads of the last steps' models`;
  if (refit === null) return plainCheck(name, { passed: false, rule, note: "not compared", forceable: false });
  const { steps, outputs } = refit;
  if (steps < 2) {
    return plainCheck(name, { passed: true, rule, note: "one step alone has no spread", forceable: false });
  }
  const ratios = outputs.map(({ distance, spread }) => distance / Math.max(spread, SMALLEST_SPREAD));
  const value = ratios.some(Number.isNaN) ? NaN : Math.max(0, ...ratios);
  const worst = outputs[ratios.findIndex((ratio) => Number.isNaN(ratio) || ratio === value)];
  return plainCheck(name, {
    passed: value <= MOST_SPREADS,
    value: Number.isFinite(value) ? value : null,
    limit: MOST_SPREADS,
    rule,
    note: Number.isFinite(value)
      ? `${value.toFixed(2)} of ${steps} steps' models, in its ${worst?.name ?? "forecasts"}`
      : "a forecast of its golden rows is no number",
    forceable: false,
  });
}
