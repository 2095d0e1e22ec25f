import { gainCheck, isDomainError, type Run, type Tracker } from "../core/mod.ts";
import type { RankedRun, RankRuns } from "../MLOps/promotion/mod.ts";
import type { GainSeries } from "../ml/evaluation/rank_by_gain.ts";
import { artifact, BASELINES_FILE, PREDICTIONS_FILE } from "./evaluation_evidence.ts";

/** What {@linkcode rankRuns} goes by. */
export interface RankSettings {
  readonly blockDays: number;
  readonly resamples: number;
  /** Largest QLIKE that still counts as no worse than HAR-X. */
  readonly margin: number;
}

/** Ranks runs by what their predictions gain over HAR-X; runs whose files are lost or damaged are left out. */
export function rankRuns(tracker: Tracker, { blockDays, resamples, margin }: RankSettings): RankRuns {
  return async (runs) => {
    const { rankByGain } = await import("../ml/evaluation/rank_by_gain.ts");
    const known: { readonly run: Run; readonly series: GainSeries }[] = [];
    for (const run of runs) {
      const series = await seriesOf(tracker, run);
      if (series !== undefined) known.push({ run, series });
    }
    if (known.length === 0) return undefined;
    const days = Number(runs[0]!.params.find(({ key }) => key === "block_days")?.value ?? blockDays);
    const { order, best, commonDays } = rankByGain(known.map(({ series }) => series), { blockDays: days, resamples });
    const check = gainCheck("chosen_gain_over_har_x", best, margin), count = known.length;
    const ranked: RankedRun = {
      run: known[order[0]!]!.run,
      commonDays,
      check: { ...check, rule: `${check.rule}, at 95 % for ${count} ${count === 1 ? "run" : "runs"} at once` },
    };
    return ranked;
  };
}

async function seriesOf(tracker: Tracker, { info: { runId } }: Run): Promise<GainSeries | undefined> {
  const predictions = await artifact(tracker, runId, PREDICTIONS_FILE);
  const baselines = await artifact(tracker, runId, BASELINES_FILE);
  if (predictions === undefined || baselines === undefined) return undefined;
  const { readBaselines, readPredictions } = await import("../ml/evaluation/read_prediction_files.ts");
  const { gainSeries } = await import("../ml/evaluation/rank_by_gain.ts");
  try {
    const { test, forecasts } = await readPredictions(predictions);
    const { har_x: { volatilityBps } } = await readBaselines(baselines, test);
    return volatilityBps === undefined ? undefined : gainSeries(test, forecasts.volatilityBps, volatilityBps);
  } catch (error) {
    if (isDomainError(error, "model-invalid")) return undefined;
    throw error;
  }
}
