import type { CallOptions, Progress } from "../../core/mod.ts";
import { type Dataset, timeSpanOf } from "../dataset.ts";
import { fitGbdt } from "../gbdt/training/fit_gbdt.ts";
import { milestoneOf } from "../gbdt/training/protocol.ts";
import type { Split } from "../labels/mod.ts";
import { regressHar } from "../models/har.ts";
import { fitPlainModel, isPlain } from "../models/plain_models.ts";
import { referenceHistograms } from "../models/reference_histograms.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { fitLinear } from "../training/fit_linear.ts";
import { fitNetwork, type NetworkFamily, type NetworkOptions, type TrainNetwork } from "../training/fit_network.ts";
import { fitTrees, type GrowTrees, type HeadReport } from "../training/fit_trees.ts";
import { bestEpochs, type EpochReport, type TrainingOutcome } from "../training/protocol.ts";
import { type FamilyDetails, harDetails, linearDetails, networkDetails, treesDetails } from "./family_details.ts";
import { type ExperimentSettings, logisticLine, networkOptions } from "./settings.ts";

/** What fitting a family needs from outside. */
export interface FitFamilyDeps extends CallOptions {
  /** Trains a network, in a Worker outside of tests. */
  readonly train: TrainNetwork;
  /** Networks of an ensemble that `train` may be asked for at the same time. @default 1 */
  readonly membersAtOnce?: number;
  readonly progress: Progress;
  /** Called after the start and after each epoch of each member, counted from 1; may write, so it is waited for at the end. */
  readonly onEpoch?: (report: EpochReport, member: number) => void;
  /** Grows boosted trees. @default in Workers, as many as there are cores but at most two */
  readonly grow?: GrowTrees;
  /** Leaves out `details`, which cost more than some fits do. @default false */
  readonly withoutDetails?: boolean;
  /** Leaves out what drift is measured against, of a model that is not kept. @default false */
  readonly withoutHistograms?: boolean;
  /** Called after each hundredth of the most trees that there can be. */
  readonly onTree?: (report: HeadReport) => void;
}

/** A fitted model. */
export interface FittedFamily {
  readonly model: SpecForecastModel;
  /** How the training of each member went; empty for families without a network. */
  readonly training: readonly TrainingOutcome[];
  /** What else is to be told and kept; undefined for families that have nothing. */
  readonly details: FamilyDetails | undefined;
}

/**
 * Fits one family on a split of a dataset, for families that read windows one of the set `base`: nothing of the test rows
 * is read. Pure in its arguments, so that the same call can be a job of a sweep, of a fold or of another machine.
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
  const fitted = await fitWithoutHistograms(dataset, split, settings, deps);
  if (deps.withoutHistograms) return fitted;
  const { spec, parts } = fitted.model, rows = isPlain(settings.family) ? split.trainingSpan : split.train;
  const histograms = referenceHistograms(dataset.features, rows);
  return { ...fitted, model: new SpecForecastModel({ ...spec, referenceHistograms: histograms }, parts) };
}

async function fitWithoutHistograms(
  dataset: Dataset,
  split: Split,
  settings: ExperimentSettings,
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
  const { family } = settings;
  switch (family) {
    case "gbdt":
      return await fitBoostedTrees(dataset, split, settings, deps);
    case "linear": {
      const fit = fitLinear(dataset, split, settings.linear), details = linearDetails(fit);
      deps.progress.update({ stage: "train", done: 2, total: 2, unit: "lines", note: details.sentence });
      return { model: fit.model, training: [], details };
    }
    case "har":
    case "contrarian":
    case "climatology": {
      const ranges = { train: timeSpanOf(dataset, split.trainingSpan), validation: null };
      const har = family === "har" ? regressHar(dataset.features, dataset.labels, split.trainingSpan) : undefined;
      const spec = fitPlainModel(family, dataset, split.trainingSpan, ranges, har?.line);
      return { model: new SpecForecastModel(spec), training: [], details: har && harDetails(har) };
    }
    default:
      return await fitNetworks(dataset, split, { family, options: networkOptions(settings, family) }, deps);
  }
}

async function fitBoostedTrees(
  dataset: Dataset,
  split: Split,
  settings: ExperimentSettings,
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
  const { progress, signal, onTree } = deps, { gbdt, seed } = settings;
  const workers = navigator.hardwareConcurrency > 1 ? 2 : 1;
  const tell = (done: number, note: string) =>
    progress.update({ stage: "train", done, total: 2 * gbdt.trees, unit: "trees", note });
  const fit = await fitTrees(dataset, split, { ...gbdt, seed, line: logisticLine(settings) }, {
    grow: deps.grow ?? ((task, options) => fitGbdt(task, { ...options, workers })),
    ...(signal === undefined ? {} : { signal }),
    onTree: (report) => {
      const { head, trees, validationLoss } = report;
      tell(trees + (head === "direction" ? 0 : gbdt.trees), `${head}, validation loss ${validationLoss?.toFixed(4)}`);
      if (trees % milestoneOf(gbdt) === 0) onTree?.(report);
    },
  });
  const details = deps.withoutDetails ? undefined : treesDetails(fit, dataset, split.validation);
  tell(2 * gbdt.trees, details?.sentence ?? "grown");
  return { model: fit.model, training: [], details };
}

async function fitNetworks(
  dataset: Dataset,
  split: Split,
  { family, options }: { readonly family: NetworkFamily; readonly options: NetworkOptions },
  deps: FitFamilyDeps,
): Promise<FittedFamily> {
  const { epochs, members = 1 } = options, total = epochs * members;
  const update = (done: number, note: string) =>
    deps.progress.update({ stage: "train", done, total, unit: "epochs", note });
  const epochsDone = new Float64Array(members);
  let note = "";
  const { model, outcomes } = await fitNetwork(dataset, split, options, {
    family,
    train: deps.train,
    ...(deps.membersAtOnce === undefined ? {} : { membersAtOnce: deps.membersAtOnce }),
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    onStep: ({ epoch, done, total: steps }, member) => {
      epochsDone[member - 1] = epoch - 1 + done / steps;
      update(Math.round(100 * epochsDone.reduce((sum, value) => sum + value, 0)) / 100, note);
    },
    onEpoch: (report, member) => {
      const { validation: { total: loss, volatility } } = report;
      const which = members === 1 ? "" : `member ${member} of ${members}, `;
      note = `${which}validation loss ${loss.toFixed(4)}, QLIKE ${volatility.toFixed(4)}`;
      deps.onEpoch?.(report, member);
    },
  });
  update(total, `best ${bestEpochs(outcomes)}`);
  // Windows have 240 columns more: dealing out each would take minutes.
  const details = deps.withoutDetails || options.sequence !== undefined
    ? undefined
    : networkDetails(model, dataset, split.validation);
  return { model, training: outcomes, details };
}
