import { sha256Of } from "../sha256.ts";
import { experimentFolds } from "./experiment_folds.ts";
import type { ExperimentSettings } from "./settings.ts";

/**
 * Version of what the baselines mean: whoever changes what one of them forecasts counts it up, or runs would go on with
 * what was fitted before. A test on frozen candles fails otherwise.
 */
export const BASELINES_VERSION = 1;

/**
 * Names what the baselines of a run are fitted and asked by (evaluation section 5): the candles, the features that their
 * lines read, the horizon, and of each fold what it trains on and what it scores. Runs of one key have equal baselines,
 * whatever their own family.
 */
export function baselinesKey(
  settings: ExperimentSettings,
  { datasetSha256, featureSetDigest }: { readonly datasetSha256: string; readonly featureSetDigest: string },
): string {
  const { range, horizonMinutes } = settings;
  const folds = experimentFolds(settings).folds.map(({ index, trainingSpan, test }) => [
    index,
    ...[trainingSpan.startMs, trainingSpan.endMs, test.startMs, test.endMs],
  ]);
  return sha256Of(JSON.stringify([
    BASELINES_VERSION,
    datasetSha256,
    featureSetDigest,
    horizonMinutes,
    [range.startMs, range.endMs],
    folds,
  ]));
}
