import { DomainError } from "../../core/mod.ts";
import { contentDigest } from "../content_digest.ts";
import type { Dataset } from "../dataset.ts";
import { DAILY_LOSSES, type DailyLosses, dailyLosses, meanLoss } from "../evaluation/daily_losses.ts";
import { rowLosses } from "../evaluation/scores.ts";
import { testRowsOf } from "../evaluation/test_rows.ts";
import { fitFamily, type FitFamilyDeps } from "../experiment/fit_family.ts";
import { requireRows } from "../experiment/require_rows.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { requireReadable } from "../training/require_trainable.ts";
import { forecastRows } from "../window_dataset.ts";
import { type FitJob, fitJobDigest, rowsOfJob } from "./fit_job.ts";

/** What a job gives, as plain JSON: nothing in it depends on who ran it, or when. */
export interface FitJobResult {
  /** Digest of the job. */
  readonly job: string;
  /** sha256 over the fitted model, which has no histograms: equal where the models are equal to the bit. */
  readonly modelSha256: string;
  readonly validation: ValidationLosses;
  /** How the training of each network went; empty for families without one. */
  readonly training: readonly { readonly bestEpoch: number; readonly epochs: number; readonly steps: number }[];
}

/** Losses on the purged validation rows. */
export interface ValidationLosses {
  readonly rows: number;
  /** Mean of the realised volatility, by which pinball losses in bps become free of units. */
  readonly realizedVolatilityBps: number;
  readonly daily: DailyLosses;
}

/**
 * Fits the model of a job and scores it on the validation rows. The same job on the same data gives the same result.
 *
 * @throws {DomainError} as {@linkcode fitFamily}; `check-failed` where a forecast has no finite loss.
 */
export async function runFitJob(job: FitJob, dataset: Dataset, deps: FitFamilyDeps): Promise<FitJobResult> {
  const split = rowsOfJob(job, dataset);
  requireRows(split, job.fold, ["train", "validation"]);
  requireReadable(dataset, split.trainingSpan);
  const { model, training } = await fitFamily(dataset, split, job.settings, {
    ...deps,
    withoutDetails: true,
    withoutHistograms: true,
  });
  return {
    job: fitJobDigest(job),
    modelSha256: modelDigest(model),
    validation: await validate(model, dataset, split.validation),
    training: training.map(({ bestEpoch, epochs, steps }) => ({ bestEpoch, epochs, steps })),
  };
}

async function validate(model: SpecForecastModel, dataset: Dataset, rows: Int32Array): Promise<ValidationLosses> {
  const outcomes = testRowsOf(dataset, rows);
  const forecasts = await forecastRows(model, dataset, rows, () => Promise.resolve());
  const daily = dailyLosses(outcomes, rowLosses(outcomes, forecasts));
  for (const name of DAILY_LOSSES) {
    const mean = meanLoss(daily, name);
    if (Number.isFinite(mean)) continue;
    throw new DomainError("check-failed", `The fitted model has no finite ${name} on its validation rows: ${mean}`, {
      hint: "Lower mlp.learningRate, or take a longer range",
    });
  }
  const volatility = outcomes.realizedVarianceBps2.reduce((sum, variance) => sum + Math.sqrt(variance), 0);
  return { rows: rows.length, realizedVolatilityBps: volatility / rows.length, daily };
}

/** sha256 over a model's spec and its parts, arrays of numbers by their bytes. */
export function modelDigest({ spec, parts }: SpecForecastModel): string {
  return contentDigest({ spec, parts });
}
