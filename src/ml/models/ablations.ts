import { type CalibrationSpec, type ForecastSpec, type HeadsSpec, NO_CALIBRATION } from "./forecast_spec.ts";
import { SpecForecastModel } from "./spec_forecast_model.ts";

/** Parts of a model that can be switched off. */
export const ABLATED_PARTS = ["correction", "direction_learner", "logistic_line", "calibration"] as const;

/** One of {@linkcode ABLATED_PARTS}. */
export type AblatedPart = typeof ABLATED_PARTS[number];

/**
 * The same model with parts switched off one at a time, so that the same rows tell what each brings, without a fit: what it
 * adds is its loss without the part less its loss with it.
 *
 * - `correction`: σ² is that of the HAR line
 * - `direction_learner`: what networks or trees add to the logit; what is left is the logistic line, or the cells
 * - `logistic_line`: the line, and what was learnt on top of it; what is left are the cells of the last move's sign
 * - `calibration`: slope and intercept of the logit, multipliers of the quantiles
 *
 * @returns variants of those parts alone that the model has.
 */
export function ablations({ spec, parts }: SpecForecastModel): ReadonlyMap<AblatedPart, SpecForecastModel> {
  const variants = ABLATED_PARTS.map((part) => [part, without(part, spec)] as const);
  return new Map(
    variants.flatMap(([part, changed]) => changed === undefined ? [] : [[part, new SpecForecastModel(changed, parts)]]),
  );
}

function without(part: AblatedPart, spec: ForecastSpec): ForecastSpec | undefined {
  const { direction, volatility } = spec.heads;
  const withHeads = (heads: Partial<HeadsSpec>): ForecastSpec => ({ ...spec, heads: { ...spec.heads, ...heads } });
  const learns = direction.kind === "sign-network" || direction.kind === "sign-trees";
  switch (part) {
    case "correction":
      if (volatility.kind === "constant" || volatility.kind === "har") return undefined;
      return withHeads({ volatility: { ...volatility, shrink: 0, level: 0 } });
    case "direction_learner":
      return learns ? withHeads({ direction: { ...direction, shrink: 0 } }) : undefined;
    case "logistic_line": {
      if (direction.kind !== "line" && !(learns && direction.line !== undefined)) return undefined;
      const { feature, logits } = direction;
      return withHeads({ direction: { kind: "sign", feature, logits } });
    }
    case "calibration":
      return isCalibrated(spec.calibration) ? { ...spec, calibration: NO_CALIBRATION } : undefined;
  }
}

function isCalibrated({ logit, quantileMultipliers }: CalibrationSpec): boolean {
  return logit.slope !== 1 || logit.intercept !== 0 || quantileMultipliers.some((multiplier) => multiplier !== 1);
}
