import type { SweepConfig } from "../../config/sweep_config.ts";
import { DAILY_LOSSES, type DailyLoss, meanLoss } from "../evaluation/daily_losses.ts";
import type { ExperimentSettings } from "../experiment/mod.ts";
import type { ValidationLosses } from "../jobs/run_fit_job.ts";

/** What the best trial of a sweep has least of, on the validation rows. */
export interface Objective {
  readonly kind: SweepConfig["objective"];
  /** Those of the settings that all trials start from: with weights of its own, each trial would have its own scale. */
  readonly lossWeights: ExperimentSettings["mlp"]["lossWeights"];
}

/** The objective as a weighted sum of mean losses. Pinball, in bps, is put on the scale of the rows' own volatility. */
export function objectiveWeights(
  { kind, lossWeights }: Objective,
  { realizedVolatilityBps }: ValidationLosses,
): Partial<Record<DailyLoss, number>> {
  switch (kind) {
    case "qlike":
      return { qlike: 1 };
    case "log_loss":
      return { logLoss: 1 };
    case "pinball":
      return { pinball: 1 };
    case "loss": {
      const { direction, volatility, quantiles } = lossWeights;
      return { logLoss: direction, qlike: volatility, pinball: quantiles / realizedVolatilityBps };
    }
  }
}

/** The objective of a fit. */
export function objectiveLoss(objective: Objective, validation: ValidationLosses): number {
  const weights = objectiveWeights(objective, validation);
  return DAILY_LOSSES.reduce(
    (sum, name) => weights[name] === undefined ? sum : sum + weights[name] * meanLoss(validation.daily, name),
    0,
  );
}
