import type { CallOptions, Progress } from "../../core/mod.ts";
import { type Dataset, timeSpanOf } from "../dataset.ts";
import { fitGbdt } from "../gbdt/training/fit_gbdt.ts";
import { milestoneOf } from "../gbdt/training/protocol.ts";
import type { Split } from "../labels/mod.ts";
import { fitPlainModel } from "../models/plain_models.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { fitLinear } from "../training/fit_linear.ts";
import { fitMlp, type TrainNetwork } from "../training/fit_mlp.ts";
import { fitTrees, type GrowTrees, type HeadReport } from "../training/fit_trees.ts";
import type { EpochReport, TrainingOutcome } from "../training/protocol.ts";
import { type FamilyDetails, linearDetails, treesDetails } from "./family_details.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What fitting a family needs from outside. */
export interface FitFamilyDeps extends CallOptions {
  /** Trains a network, in a Worker outside of tests. */
  readonly train: TrainNetwork;
  readonly progress: Progress;
  /** Called after the start and after each epoch; may write, so it is waited for at the end. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Grows boosted trees. @default in Workers, as many as there are cores but at most two */
  readonly grow?: GrowTrees;
  /** Called after each hundredth of the most trees that there can be. */
  readonly onTree?: (report: HeadReport) => void;
}

/** A fitted model. */
export interface FittedFamily {
  readonly model: SpecForecastModel;
  /** How training went; undefined for families without a network. */
  readonly training: TrainingOutcome | undefined;
  /** What else is to be told and kept; undefined for families that have nothing. */
  readonly details: FamilyDetails | undefined;
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
  const { family } = settings;
  switch (family) {
    case "mlp":
      return await fitNetworks(dataset, split, settings, deps);
    case "gbdt":
      return await fitBoostedTrees(dataset, split, settings, deps);
    case "linear": {
      const fit = fitLinear(dataset, split, settings.linear);
      return { model: fit.model, training: undefined, details: linearDetails(fit) };
    }
    default: {
      const ranges = { train: timeSpanOf(dataset, split.trainingSpan), validation: null };
      const spec = fitPlainModel(family, dataset, split.trainingSpan, ranges);
      return { model: new SpecForecastModel(spec), training: undefined, details: undefined };
    }
  }
}

async function fitBoostedTrees(
  dataset: Dataset,
  split: Split,
  { gbdt, seed }: ExperimentSettings,
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
  const { progress, signal, onTree } = deps;
  const workers = navigator.hardwareConcurrency > 1 ? 2 : 1;
  const tell = (done: number, note: string) =>
    progress.update({ stage: "train", done, total: 2 * gbdt.trees, unit: "trees", note });
  const fit = await fitTrees(dataset, split, { ...gbdt, seed }, {
    grow: deps.grow ?? ((task, options) => fitGbdt(task, { ...options, workers })),
    ...(signal === undefined ? {} : { signal }),
    onTree: (report) => {
      const { head, trees, validationLoss } = report;
      tell(trees + (head === "direction" ? 0 : gbdt.trees), `${head}, validation loss ${validationLoss?.toFixed(4)}`);
      if (trees % milestoneOf(gbdt) === 0) onTree?.(report);
    },
  });
  const details = treesDetails(fit, dataset, split.validation);
  tell(2 * gbdt.trees, details.sentence);
  return { model: fit.model, training: undefined, details };
}

async function fitNetworks(
  dataset: Dataset,
  split: Split,
  settings: ExperimentSettings,
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
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
  return { model, training: outcome, details: undefined };
}
