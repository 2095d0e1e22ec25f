/**
 * Scores the baselines of evaluation section 3 by a walk-forward over an archive of minute candles and prints a table:
 * `deno run -q -P=test scripts/walk_forward_baselines.ts ARCHIVE_DIR [HORIZON…]`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { allocateCandles, CANDLE_FIELDS, type CandleColumns, DAY_MS, sliceCandles } from "../src/core/mod.ts";
import { renderTable } from "../src/cli/table.ts";
import { parseKlineCsv } from "../src/data_ingestion_service/archive/kline_csv.ts";
import { readOnlyMember } from "../src/data_ingestion_service/archive/zip_member.ts";
import { buildDataset } from "../src/ml/dataset.ts";
import { rowLosses, scoreForecasts } from "../src/ml/evaluation/scores.ts";
import type { Forecasts, TestRows } from "../src/ml/evaluation/test_rows.ts";
import { BASELINES } from "../src/ml/evaluation/baselines.ts";
import { foldBaselines, type FoldForecasts } from "../src/ml/experiment/fold_baselines.ts";
import { defaultFeatureEngine } from "../src/ml/features/mod.ts";
import { walkForwardFolds } from "../src/ml/labels/mod.ts";

const DAILY_ZIPS = "spot/daily/klines/BTCUSDT/1m";
const SHOWN = ["qlike", "pinball", "coverage_90", "log_loss", "auc", "accuracy"];

async function loadCandles(folder: string): Promise<CandleColumns> {
  const days: CandleColumns[] = [];
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  for (const name of names) {
    const member = readOnlyMember(await Deno.readFile(`${folder}/${name}`), name.replace(/zip$/, "csv"));
    days.push(parseKlineCsv(member).columns);
  }
  const all = allocateCandles(days.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const day of days) {
    for (const field of CANDLE_FIELDS) all[field].set(day[field], at);
    at += day.length;
  }
  return sliceCandles(all, 0, at);
}

/** All folds' test rows as one. */
function pooled(
  folds: readonly FoldForecasts[],
  forecastsOf: (fold: FoldForecasts) => Forecasts,
): [TestRows, Forecasts] {
  const length = folds.reduce((sum, { test }) => sum + test.length, 0);
  const join = <T extends Float32Array | Float64Array>(out: T, part: (fold: FoldForecasts) => T): T => {
    let at = 0;
    for (const fold of folds) {
      out.set(part(fold), at);
      at += part(fold).length;
    }
    return out;
  };
  const column = (part: (fold: FoldForecasts) => Float32Array) => join(new Float32Array(length), part);
  const { probabilityUp, volatilityBps, quantilesBps } = forecastsOf(folds[0]!);
  const test: TestRows = {
    length,
    horizonMinutes: folds[0]!.test.horizonMinutes,
    decisionTimeMs: join(new Float64Array(length), ({ test }) => test.decisionTimeMs),
    returnBps: column(({ test }) => test.returnBps),
    realizedVarianceBps2: column(({ test }) => test.realizedVarianceBps2),
  };
  return [test, {
    ...(probabilityUp && { probabilityUp: column((fold) => forecastsOf(fold).probabilityUp!) }),
    ...(volatilityBps && { volatilityBps: column((fold) => forecastsOf(fold).volatilityBps!) }),
    ...(quantilesBps &&
      { quantilesBps: join(new Float32Array(9 * length), (fold) => forecastsOf(fold).quantilesBps!) }),
  }];
}

async function main(archiveDir: string, horizons: readonly number[]): Promise<void> {
  const candles = await loadCandles(`${archiveDir}/${DAILY_ZIPS}`);
  const range = {
    startMs: candles.openTimeMs[0]!,
    endMs: Math.ceil(candles.openTimeMs[candles.length - 1]! / DAY_MS) * DAY_MS,
  };
  for (const horizonMinutes of horizons) {
    const dataset = buildDataset(candles, defaultFeatureEngine(), { horizonMinutes, sinceMs: range.startMs });
    const trainDays = horizonMinutes === 1440 ? 365 : 180;
    const folds = walkForwardFolds(range, { horizonMinutes, trainDays, stepDays: 30, validationDays: 18 })
      .map((fold) => foldBaselines(dataset, fold));
    const rows = BASELINES.map((name) => {
      const [test, forecasts] = pooled(folds, ({ baselines }) => baselines[name]);
      const scores = scoreForecasts(test, forecasts, rowLosses(test, forecasts));
      return [name, ...SHOWN.map((score) => scores[score]?.toFixed(4) ?? "")];
    });
    console.log(`${horizonMinutes} minutes, ${folds.length} folds`);
    console.log(
      renderTable([{ title: "baseline" }, ...SHOWN.map((title) => ({ title, align: "right" as const }))], rows),
    );
  }
}

if (import.meta.main) {
  const [archiveDir, ...horizons] = Deno.args;
  if (archiveDir === undefined) {
    throw new RangeError("Cannot score baselines as the folder of the archive is not given");
  }
  await main(archiveDir, horizons.length > 0 ? horizons.map(Number) : [1, 5, 15, 60, 1440]);
}
