import { assertEquals } from "@std/assert";
import { givenFeatures } from "../../../src/ml/dataset.ts";
import type { ExperimentSettings } from "../../../src/ml/experiment/mod.ts";
import { LEAK_CHECKS, runLeakChecks } from "../../../src/ml/leak_checks/mod.ts";
import { randomCandles } from "../candles.ts";
import { datasetOf, honestPipeline, quickRun, scoredBy } from "./scored_pipeline.ts";

const SEEDS = 100;
/** Days of a range, in turn. */
const DAYS = [30, 33, 41];

Deno.test(`no check of a quick run fires on clean candles of ${SEEDS} seeds`, async () => {
  const fired: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const days = DAYS[seed % DAYS.length]!, candles = randomCandles((days + 1) * 1440, { seed });
    const { settings: usual, folds: all } = quickRun(candles, 15, days), folds = all.slice(-2);
    // The others compare bits, of rows that drawn_rows_test.ts draws; and most seeds by the family that is fitted in no time.
    const isWhole = seed % 10 === 0, only = isWhole ? LEAK_CHECKS : ["rotation", "planted", "smell"] as const;
    const settings: ExperimentSettings = { ...usual, seed, family: isWhole ? "linear" : "contrarian" };
    const pipeline = honestPipeline(settings), dataset = datasetOf(candles, pipeline, settings);
    const features = givenFeatures(dataset.features);
    const scored = scoredBy(pipeline, dataset, folds);
    const checks = await runLeakChecks({ candles, features, folds, settings, scored }, pipeline, { only });
    for (const { passed, name, figure, value, limit } of checks) {
      if (!passed) fired.push(`seed ${seed}: ${name}, ${figure} ${value}, limit ${limit}`);
    }
  }
  assertEquals(fired, []);
});
