import type { CallOptions, Progress } from "../../core/mod.ts";
import { type Dataset, timeSpanOf } from "../dataset.ts";
import type { Split } from "../labels/mod.ts";
import { fitPlainModel } from "../models/plain_models.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { fitMlp, type TrainNetwork } from "../training/fit_mlp.ts";
import type { EpochReport, TrainingOutcome } from "../training/protocol.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What fitting a family needs from outside. */
export interface FitFamilyDeps extends CallOptions {
  /** Trains a network, in a Worker outside of tests. */
  readonly train: TrainNetwork;
  readonly progress: Progress;
  /** Called after the start and after each epoch; may write, so it is waited for at the end. */
  readonly onEpoch?: (report: EpochReport) => void;
}

/** A fitted model. */
export interface FittedFamily {
  readonly model: SpecForecastModel;
  /** How training went; undefined for families without a network. */
  readonly training: TrainingOutcome | undefined;
}

/**
 * Fits one family on a split: nothing of the test rows is read. Pure in its arguments, so that the same call can be a job
 * of a sweep, of a fold or of another machine.
 *
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from, `check-failed` where training
 * diverges.
 */
export async function fitFamily(
  dataset: Dataset,
  split: Split,
  settings: ExperimentSettings,
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
  if (settings.family !== "mlp") {
    const ranges = { train: timeSpanOf(dataset, split.trainingSpan), validation: null };
    const spec = fitPlainModel(settings.family, dataset, split.trainingSpan, ranges);
    return { model: new SpecForecastModel(spec), training: undefined };
  }
  const { epochs } = settings.mlp;
  let note = "";
  const { model, outcome } = await fitMlp(dataset, split, { ...settings.mlp, seed: settings.seed }, {
    train: deps.train,
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    onStep: ({ epoch, done, total }) =>
      deps.progress.update({
        stage: "train",
        done: Math.round(100 * (epoch - 1 + done / total)) / 100,
        total: epochs,
        unit: "epochs",
        note,
      }),
    onEpoch: (report) => {
      const { validation: { total, volatility } } = report;
      note = `validation loss ${total.toFixed(4)}, QLIKE ${volatility.toFixed(4)}`;
      deps.onEpoch?.(report);
    },
  });
  deps.progress.update({
    stage: "train",
    done: outcome.epochs,
    total: outcome.epochs,
    unit: "epochs",
    note: `best ${outcome.bestEpoch}${outcome.epochs < epochs ? `, stopped early of ${epochs}` : ""}`,
  });
  return { model, training: outcome };
}
