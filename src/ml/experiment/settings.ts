import type { Horizon, ModelFamily, SeriesId, TimeRange } from "../../core/mod.ts";
import type { VerdictLimits } from "../evaluation/verdict.ts";
import { isSequenceFamily, sequenceShape } from "../models/sequence_shapes.ts";
import type { LinearOptions } from "../training/fit_linear.ts";
import type { NetworkFamily, NetworkOptions } from "../training/fit_network.ts";
import type { TreesOptions } from "../training/fit_trees.ts";

/** Everything that decides a run's numbers but for the candles and the code. */
export interface ExperimentSettings {
  readonly series: SeriesId;
  readonly family: ModelFamily;
  readonly horizonMinutes: Horizon;
  readonly seed: number;
  /** Decision times; labels end by its end too. */
  readonly range: TimeRange;
  /** Half the range is scored, by blocks of a day. */
  readonly quick: boolean;
  readonly mlp: Omit<NetworkOptions, "seed">;
  readonly gbdt: Omit<TreesOptions, "seed">;
  readonly linear: LinearOptions;
  /** Networks that read the last hour minute by minute. */
  readonly sequence: SequenceSettings;
  /** `shuffled` can be written into a configuration, and is always refused. */
  readonly split: {
    readonly kind: "chronological" | "shuffled";
    readonly testShare: number;
    readonly validationShare: number;
  };
  readonly blockDays: number;
  readonly resamples: number;
  readonly minimumDays: number;
  readonly verdict: VerdictLimits;
}

/** Shape and training of the families that read windows. */
export interface SequenceSettings extends Omit<NetworkOptions, "seed" | "sequence" | "rowStride" | "engine"> {
  /** Units of the trunk: channels of a convolution, or the state of a recurrent unit. */
  readonly units: number;
  /** Every n-th minute is a training row at most; fewer are left out where there are few. */
  readonly everyMinutes: number;
}

/** How the networks of a family are shaped and trained. */
export function networkOptions(settings: ExperimentSettings, family: NetworkFamily): NetworkOptions {
  const { seed } = settings;
  if (!isSequenceFamily(family)) return { ...settings.mlp, seed };
  const { units, everyMinutes, ...rest } = settings.sequence;
  return {
    ...rest,
    seed,
    rowStride: 1,
    engine: "tensors",
    sequence: { shape: sequenceShape(family, units), everyMinutes },
  };
}

/** Settings of `--quick`: half the range trains, the rest is scored in blocks of a day. */
export function quickSettings(settings: ExperimentSettings): ExperimentSettings {
  return { ...settings, quick: true, split: { ...settings.split, testShare: 0.5 }, blockDays: 1 };
}
