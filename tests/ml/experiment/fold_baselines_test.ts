import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS } from "../../../src/core/mod.ts";
import { buildDataset } from "../../../src/ml/dataset.ts";
import { BASELINES } from "../../../src/ml/evaluation/baselines.ts";
import type { ScaledForecasts } from "../../../src/ml/evaluation/test_rows.ts";
import { BASELINES_VERSION } from "../../../src/ml/experiment/baselines_key.ts";
import { foldBaselines } from "../../../src/ml/experiment/fold_baselines.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { walkForwardFolds } from "../../../src/ml/labels/mod.ts";
import { randomCandles } from "../candles.ts";

const DAYS = 12, candles = randomCandles(DAYS * 1440), startMs = candles.openTimeMs[0]!;
const range = { startMs, endMs: startMs + DAYS * DAY_MS };

function foldsOf(horizonMinutes: number) {
  const dataset = buildDataset(candles, defaultFeatureEngine(), { horizonMinutes, sinceMs: startMs });
  const folds = walkForwardFolds(range, { horizonMinutes, trainDays: 8, stepDays: 2, validationDays: 1 });
  return { dataset, folds };
}

Deno.test("foldBaselines() answers on every scorable row of the test, each baseline with what it claims", () => {
  for (const horizonMinutes of [1, 15]) {
    const { dataset, folds } = foldsOf(horizonMinutes);
    const [first, last] = folds.map((fold) => foldBaselines(dataset, fold));
    assertEquals(first!.test.length, 2 * 1440);
    assertEquals(last!.test.length, 2 * 1440 - horizonMinutes + 1);
    assertEquals(first!.test.decisionTimeMs.at(-1)! + MINUTE_MS, last!.test.decisionTimeMs[0]);
    assertEquals(Object.keys(first!.baselines), [...BASELINES]);
    for (const name of BASELINES) {
      const { probabilityUp, volatilityBps, standardizedQuantiles }: Partial<ScaledForecasts> = last!.baselines[name];
      const hasDirection = name === "climatology" || name === "contrarian";
      assertEquals(probabilityUp?.length, hasDirection ? last!.test.length : undefined, name);
      assertEquals(standardizedQuantiles?.length, name === "contrarian" ? undefined : 9, name);
      assert(name === "contrarian" || volatilityBps!.every((sigma) => sigma > 0 && Number.isFinite(sigma)), name);
    }
  }
});

Deno.test("foldBaselines() does not move with anything after the last training label", () => {
  const { dataset, folds } = foldsOf(15), fold = folds[0]!;
  const shaken = { ...candles, close: candles.close.slice() };
  for (let i = 0; i < candles.length; i++) {
    if (candles.openTimeMs[i]! >= fold.test.startMs) shaken.close[i]! *= 1 + 0.01 * Math.sin(i);
  }
  const other = buildDataset(shaken, defaultFeatureEngine(), { horizonMinutes: 15, sinceMs: startMs });
  const before = foldBaselines(dataset, fold).baselines, after = foldBaselines(other, fold).baselines;
  // The first test row's features end with the last training label.
  for (const name of BASELINES) {
    const [was, is]: Partial<ScaledForecasts>[] = [before[name], after[name]];
    for (const output of ["probabilityUp", "volatilityBps"] as const) {
      assertEquals(is![output]?.[0], was![output]?.[0], `${name} ${output}`);
    }
    assertEquals(is!.standardizedQuantiles, was!.standardizedQuantiles, name);
  }
});

/** Mean size of probabilities, σ and constants by horizon, of version 1. */
const FROZEN: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "1": {
    "climatology": [0.48992148, 10.358444, 1.1754707],
    "contrarian": [0.48992043, 0, 0],
    "ewma": [0, 15.775754, 1.3989351],
    "har": [0, 14.610547, 1.3147698],
    "har_diurnal": [0, 14.419615, 1.3235935],
    "har_x": [0, 14.682367, 1.3143039],
  },
  "15": {
    "climatology": [0.49200734, 37.619946, 1.1828374],
    "contrarian": [0.49229616, 0, 0],
    "ewma": [0, 75.872014, 1.3253533],
    "har": [0, 55.347617, 1.2859963],
    "har_diurnal": [0, 54.654437, 1.281932],
    "har_x": [0, 53.555806, 1.2802554],
  },
};

Deno.test("foldBaselines() mean what they meant: whoever changes them counts BASELINES_VERSION up", () => {
  const found = (horizonMinutes: number) => {
    const { dataset, folds: [fold] } = foldsOf(horizonMinutes), { baselines } = foldBaselines(dataset, fold!);
    return Object.fromEntries(BASELINES.map((name) => {
      const { probabilityUp, volatilityBps, standardizedQuantiles }: Partial<ScaledForecasts> = baselines[name];
      const mean = (values: ArrayLike<number> = []) =>
        Array.from(values).reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, values.length);
      return [name, [mean(probabilityUp), mean(volatilityBps), mean(standardizedQuantiles)]];
    }));
  };
  assertEquals(BASELINES_VERSION, 1);
  for (const [horizon, expected] of Object.entries(FROZEN)) {
    const actual = found(Number(horizon));
    for (const name of BASELINES) {
      expected[name]!.forEach((value, i) =>
        assertAlmostEquals(actual[name]![i]!, value, 1e-5 * Math.max(1, value), name)
      );
    }
  }
});
