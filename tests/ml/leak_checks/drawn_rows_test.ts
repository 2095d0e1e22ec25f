import { assertEquals } from "@std/assert";
import { DAY_MS, lowerBound, MINUTE_MS, sliceCandles } from "../../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../../src/cli/system_clock.ts";
import { DuckDbFeatureStore } from "../../../src/feature_store/mod.ts";
import { givenFeatures } from "../../../src/ml/dataset.ts";
import { FeatureSet } from "../../../src/ml/features/feature_set.ts";
import { realizedVariance } from "../../../src/ml/features/indicators.ts";
import { type LeakCheckName, type RecomputeOutcomes, runLeakChecks } from "../../../src/ml/leak_checks/mod.ts";
import { BTC } from "../../fakes/archive_files.ts";
import { randomCandles } from "../candles.ts";
import { honestPipeline, quickRun } from "./scored_pipeline.ts";

/** The longest and the shortest look-back of the sets, and nothing that takes time. */
const ENGINE = new FeatureSet("ends", [realizedVariance(31_680), realizedVariance(1)]);
const OLDER_DAYS = 24;

/** A clean run as `track` has it: features of the whole store, and candles from the look-back before the range on. */
function storedRun(days: number) {
  const missing = (minute: number) => minute % 9_001 < 7;
  const stored = randomCandles((OLDER_DAYS + days) * 1440, { seed: days, missing });
  const { settings, folds } = quickRun(stored, 15, days), { range } = settings;
  const { openTimeMs } = stored, lookbackMs = ENGINE.lookbackMinutes * MINUTE_MS;
  const candles = sliceCandles(stored, lowerBound(openTimeMs, range.startMs - lookbackMs), stored.length);
  const features = givenFeatures(ENGINE.compute(stored));
  return {
    stored,
    input: { candles, features, folds, settings },
    pipeline: { ...honestPipeline(settings), engine: ENGINE },
  };
}

/** What fires of the checks whose rows are drawn by the seed. */
async function fired(
  { input, pipeline }: Pick<ReturnType<typeof storedRun>, "input" | "pipeline">,
  seeds: number,
  deps: { readonly only: readonly LeakCheckName[]; readonly recompute?: RecomputeOutcomes },
): Promise<string[]> {
  const { only, ...replaced } = deps, texts: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const settings = { ...input.settings, seed };
    const checks = await runLeakChecks({ ...input, settings }, { ...pipeline, ...replaced }, { only });
    texts.push(...checks.filter(({ passed }) => !passed).map(({ name, reason }) => `seed ${seed}: ${name}: ${reason}`));
  }
  return texts;
}

for (const [days, seeds] of [[30, 100], [33, 40], [41, 40]] as const) {
  Deno.test(`no check whose rows are drawn fires on clean candles: ${days} days, ${seeds} seeds`, async () => {
    const run = storedRun(days);
    assertEquals(await fired(run, seeds, { only: ["truncation", "labels"] }), []);
    assertEquals(await fired(run, 1, { only: ["split"] }), [], "which reads no seed");
  });
}

Deno.test("the check 'labels' agrees with SQL over a store, whatever rows are drawn", async () => {
  const run = storedRun(30), { range } = run.input.settings, seeds = 20;
  await using store = await DuckDbFeatureStore.open(":memory:", { mode: "write", clock: SYSTEM_CLOCK });
  await store.writeCandles(BTC, [{ source: "rest", columns: run.stored }]);
  assertEquals(range.endMs - range.startMs, 30 * DAY_MS);
  const recompute: RecomputeOutcomes = (times, horizon) => store.outcomes(BTC, times, horizon);
  assertEquals(await fired(run, seeds, { only: ["labels"], recompute }), []);
});
