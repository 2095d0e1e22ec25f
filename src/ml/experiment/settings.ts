import type { Horizon, SeriesId, TimeRange } from "../../core/mod.ts";
import type { VerdictLimits } from "../evaluation/verdict.ts";
import type { ModelFamily } from "../models/forecast_spec.ts";
import type { LinearOptions } from "../training/fit_linear.ts";
import type { NetworkOptions } from "../training/fit_network.ts";
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

/** Settings of `--quick`: half the range trains, the rest is scored in blocks of a day. */
export function quickSettings(settings: ExperimentSettings): ExperimentSettings {
  return { ...settings, quick: true, split: { ...settings.split, testShare: 0.5 }, blockDays: 1 };
}
