import type { CallOptions } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { type GbdtModel, withFloat32Leaves } from "../gbdt/gbdt_model.ts";
import type { GbdtOptions } from "../gbdt/gbdt_options.ts";
import { GbdtPredictor } from "../gbdt/gbdt_predictor.ts";
import type { GbdtFit, GbdtTask } from "../gbdt/training/fit_gbdt.ts";
import type { GbdtRows } from "../gbdt/training/gbdt_rows.ts";
import type { StopReason, TreeReport } from "../gbdt/training/protocol.ts";
import { rotatingMinutes, type Split } from "../labels/mod.ts";
import type { TREE_HEADS } from "../models/forecast_trees.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { bounded, calibratedModel, shrinkCorrection, shrinkDirection } from "./calibrated_model.ts";
import { fitLearnersLines, type LogisticLineOptions, movedRows, type PlainLines } from "./plain_lines.ts";
import { sharedColumn } from "./training_rows.ts";
import { requireTrainable } from "./require_trainable.ts";

/** One of the two heads that have trees. */
export type TreeHead = typeof TREE_HEADS[number];

/** How the trees of both heads are grown. */
export interface TreesOptions extends Omit<GbdtOptions, "loss" | "monotone"> {
  /** Training rows are those of every n-th minute, the phase rotating: neighbours overlap almost wholly. */
  readonly everyMinutes: number;
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
  /** The logistic line that the direction starts at where the features hold the plain lines'. @default none, the sign cells */
  readonly line?: LogisticLineOptions;
  /** By head and feature, 1 where the forecast must not fall as the feature rises, −1 where it must not rise. */
  readonly monotone: Readonly<Record<TreeHead, GbdtOptions["monotone"]>>;
}

/** Trains the trees of one head; in Workers outside of tests. */
export type GrowTrees = (
  task: GbdtTask,
  options: CallOptions & { readonly onTree?: (report: TreeReport) => void },
) => Promise<GbdtFit>;

/** Progress of one head. */
export interface HeadReport extends TreeReport {
  readonly head: TreeHead;
}

/** How the trees of one head came out. */
export interface HeadOutcome {
  /** Kept: those up to the best validation loss. */
  readonly trees: number;
  readonly grownTrees: number;
  readonly stopReason: StopReason;
  /** Share of their score that the validation rows bear out. */
  readonly shrink: number;
}

/** A fitted model with how its trees came out. */
export interface FittedTrees {
  readonly model: SpecForecastModel;
  readonly outcome: Readonly<Record<TreeHead, HeadOutcome>>;
}

/**
 * Fits boosted trees on rows of `split.train`, stops early, shrinks and calibrates on `split.validation`.
 *
 * Direction: logistic trees that start from the plain logit, on rows that moved. Started from a constant instead, they
 * would have to find the line again, and where they find nothing the forecast would be worse than the plain line; so no
 * tree, or a share of 0, *is* the plain line.
 * Volatility: trees on ln max(RV, floor) − HAR, bounded and shrunk, then the level of the line is fitted again.
 *
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from, `config-invalid` for a
 * constraint on an unknown feature.
 */
export async function fitTrees(
  dataset: Dataset,
  split: Split,
  options: TreesOptions,
  deps: CallOptions & { readonly grow: GrowTrees; readonly onTree?: (report: HeadReport) => void },
): Promise<FittedTrees> {
  requireTrainable(dataset, split.train);
  const { everyMinutes, correctionBound, monotone, line: logistic, ...growing } = options;
  const rows = rotatingMinutes(split.train, dataset.features.decisionTimeMs, everyMinutes);
  const { lines, inputs } = fitLearnersLines(dataset, split, logistic);
  const grow = async (head: TreeHead) => {
    const { onTree, signal } = deps;
    const fit = await deps.grow({
      featureNames: dataset.features.names,
      ...taskRows(head, dataset, lines, { train: rows, validation: split.validation }),
      options: { ...growing, loss: { kind: LOSSES[head] }, monotone: monotone[head] },
    }, {
      ...(signal === undefined ? {} : { signal }),
      ...(onTree === undefined ? {} : { onTree: (report) => onTree({ ...report, head }) }),
    });
    // The level is fitted below, or is the line's.
    return { ...fit, model: withFloat32Leaves({ ...fit.model, baseScore: 0 }) };
  };
  const scores = (model: GbdtModel, of: Int32Array) =>
    new GbdtPredictor(model).scoresOfColumns(dataset.features.columns, of);

  const direction = await grow("direction"), volatility = await grow("volatility");
  const directionShrink = shrinkDirection(dataset, split, lines, scores(direction.model, split.validation));
  const correction = shrinkCorrection(dataset, split, lines, {
    rows,
    fitted: bounded(correctionBound, scores(volatility.model, rows)),
    validation: bounded(correctionBound, scores(volatility.model, split.validation)),
  });
  const model = calibratedModel(dataset, split, {
    family: "gbdt",
    scaler: lines.direction.line === undefined ? null : inputs!.spec,
    direction: { kind: "sign-trees", shrink: directionShrink, ...lines.direction },
    volatility: { kind: "har-trees", bound: correctionBound, ...correction, ...lines.har },
    parts: { trees: { direction: direction.model, volatility: volatility.model } },
    served: lines.served,
  }, rows);
  return {
    model,
    outcome: {
      direction: outcomeOf(direction, directionShrink),
      volatility: outcomeOf(volatility, correction.shrink),
    },
  };
}

const LOSSES = { direction: "logistic", volatility: "squared" } as const;

function taskRows(
  head: TreeHead,
  dataset: Dataset,
  lines: PlainLines,
  { train, validation }: { readonly train: Int32Array; readonly validation: Int32Array },
): { train: GbdtRows; validation: GbdtRows } {
  const { features, labels } = dataset;
  const gather = (rows: Int32Array) =>
    features.columns.map((column) => sharedColumn(rows.length, (i) => column[rows[i]!]!));
  const rowsOf = (of: Int32Array): GbdtRows => {
    if (head === "volatility") return { columns: gather(of), labels: lines.logVarianceResiduals(of) };
    const moved = movedRows(dataset, of);
    return {
      columns: gather(moved),
      labels: Float32Array.from(moved, (row) => Number(labels.returnBps[row]! > 0)),
      startScores: lines.logits(moved),
    };
  };
  return { train: rowsOf(train), validation: rowsOf(validation) };
}

function outcomeOf({ model, grownTrees, stopReason }: GbdtFit, shrink: number): HeadOutcome {
  return { trees: model.trees.length, grownTrees, stopReason, shrink };
}
