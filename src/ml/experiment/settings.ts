import {
  DAY_MS,
  type GateLimits,
  type Horizon,
  type ModelFamily,
  type SeriesId,
  type TimeRange,
} from "../../core/mod.ts";
import { shortTestBlockDays } from "../evaluation/block_bootstrap.ts";
import { isSequenceFamily, sequenceShape } from "../models/sequence_shapes.ts";
import type { LinearOptions } from "../training/fit_linear.ts";
import type { NetworkFamily, NetworkOptions } from "../training/fit_network.ts";
import type { TreesOptions } from "../training/fit_trees.ts";
import type { LogisticLineOptions } from "../training/plain_lines.ts";

/** Everything that decides a run's numbers but for the candles and the code. */
export interface ExperimentSettings {
  readonly series: SeriesId;
  readonly family: ModelFamily;
  readonly horizonMinutes: Horizon;
  readonly seed: number;
  /** Decision times; labels end by its end too. */
  readonly range: TimeRange;
  /** A first look: half the range trains, and the evidence is called quick. */
  readonly quick: boolean;
  readonly mlp: Omit<NetworkOptions, "seed" | "line">;
  readonly gbdt: Omit<TreesOptions, "seed" | "line">;
  readonly linear: LinearOptions;
  /** Networks that read the last hour minute by minute. */
  readonly sequence: SequenceSettings;
  readonly split: SplitSettings;
  readonly blockDays: number;
  readonly resamples: number;
  readonly minimumDays: number;
  readonly verdict: GateLimits;
}

/** How the range is cut into what is learnt from and what is scored (evaluation section 4). */
export interface SplitSettings {
  /** `shuffled` can be written into a configuration, and is always refused. */
  readonly kind: "walk-forward" | "chronological" | "shuffled";
  /** Walk-forward: days of each training span. */
  readonly trainDays: number;
  /** Walk-forward: days from one test span to the next. */
  readonly stepDays: number;
  /** Walk-forward: the last so many folds alone; null for all. */
  readonly folds: number | null;
  /** Chronological: newest part of the range, scored. */
  readonly testShare: number;
  /** Last part of each training span: early stopping, shrinking, calibration. */
  readonly validationShare: number;
  /** Minutes that a training label must end before what is scored starts. */
  readonly embargoMinutes: number;
}

/** Shape and training of the families that read windows. */
export interface SequenceSettings extends Omit<NetworkOptions, "seed" | "sequence" | "rowStride" | "engine" | "line"> {
  /** Units of the trunk: channels of a convolution, or the state of a recurrent unit. */
  readonly units: number;
  /** Every n-th minute is a training row at most; fewer are left out where there are few. */
  readonly everyMinutes: number;
}

/** How the logistic line of every family is fitted that starts at one. */
export function logisticLine({ linear }: ExperimentSettings): LogisticLineOptions {
  return { everyMinutes: linear.everyMinutes, l2: linear.l2.direction };
}

/**
 * How much longer dense networks learn, and how much more the direction counts, where labels overlap little or not at all
 * and rows tell more: at 1 minute three times, at 5 twice, from 15 on as it is set. At 1 minute an epoch takes every row.
 */
function effortAt(horizonMinutes: Horizon): number {
  return horizonMinutes === 1 ? 3 : horizonMinutes === 5 ? 2 : 1;
}

/** How the networks of a family are shaped and trained. */
export function networkOptions(settings: ExperimentSettings, family: NetworkFamily): NetworkOptions {
  const { seed, mlp, horizonMinutes } = settings;
  if (!isSequenceFamily(family)) {
    const effort = effortAt(horizonMinutes), { lossWeights } = mlp;
    return {
      ...mlp,
      epochs: effort * mlp.epochs,
      lossWeights: { ...lossWeights, direction: effort * lossWeights.direction },
      rowStride: Math.min(mlp.rowStride, horizonMinutes),
      seed,
      line: logisticLine(settings),
    };
  }
  const { units, everyMinutes, ...rest } = settings.sequence;
  return {
    ...rest,
    seed,
    rowStride: 1,
    engine: "tensors",
    sequence: { shape: sequenceShape(family, units), everyMinutes },
  };
}

/**
 * Settings of `--quick`: of D days the first half trains and the rest is scored in steps of an eighth (evaluation section
 * 4); a chronological split scores the half in one.
 */
export function quickSettings(settings: ExperimentSettings): ExperimentSettings {
  const days = Math.floor((settings.range.endMs - settings.range.startMs) / DAY_MS), trainDays = Math.floor(days / 2);
  return {
    ...settings,
    quick: true,
    split: {
      ...settings.split,
      trainDays: Math.max(1, trainDays),
      stepDays: Math.max(1, Math.floor(days / 8)),
      testShare: 0.5,
    },
    blockDays: shortTestBlockDays(days - trainDays, settings.blockDays),
  };
}
