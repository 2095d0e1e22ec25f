import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { allocateForecasts, type ForecastModel, QUANTILE_LEVELS } from "../../../src/core/mod.ts";
import { decodeRefit, encodeRefit } from "../../../src/ml/evaluation/refit_file.ts";
import { refitEvidence, refitSpread } from "../../../src/ml/evaluation/refit_spread.ts";

const pure = { permissions: "none" } as const;

/** A model of two features that says the same of every row. */
function modelOf(logit: number, sigma: number, width = 1): ForecastModel {
  return {
    info: { featureNames: ["a", "b"] } as unknown as ForecastModel["info"],
    predict(rows, count) {
      assertEquals(rows.length, 2 * count);
      const forecasts = allocateForecasts(count);
      forecasts.probabilityUp.fill(1 / (1 + Math.exp(-logit)));
      forecasts.volatilityBps.fill(sigma);
      forecasts.quantilesBps.forEach((_, at) => {
        forecasts.quantilesBps[at] = width * sigma * (QUANTILE_LEVELS[at % 9]! - 0.5);
      });
      return forecasts;
    },
  };
}

const ROWS = Float32Array.of(1, 2, 3, NaN, 5, 6);
const steps = [[9, 1], [0.1, 10], [0.2, 11], [0.4, 12]].map(([logit, sigma], index) => ({
  fold: { index },
  fitted: modelOf(logit!, sigma!),
}));

Deno.test("refitSpread() is from the nearest of the last three steps, beside the farthest two of them", pure, () => {
  const evidence = refitEvidence(ROWS, steps);
  assertEquals([evidence.count, evidence.steps.map(({ index }) => index)], [3, [1, 2, 3]]);
  const { steps: asked, outputs } = refitSpread(modelOf(0.45, 24, 2), evidence);
  assertEquals([asked, outputs.map(({ name }) => name)], [3, ["direction", "volatility", "quantiles"]]);
  const [direction, volatility, quantiles] = outputs;
  assertAlmostEquals(direction!.distance, 0.05, 1e-6);
  assertAlmostEquals(direction!.spread, 0.3, 1e-6);
  assertAlmostEquals(volatility!.distance, Math.log(2), 1e-6);
  assertAlmostEquals(volatility!.spread, Math.log(1.2), 1e-6);
  // In σ they are as wide as the others' once more.
  const meanWidth = QUANTILE_LEVELS.reduce((sum, level) => sum + Math.abs(level - 0.5), 0) / 9;
  assertAlmostEquals(quantiles!.distance, meanWidth, 1e-6);
  assertAlmostEquals(quantiles!.spread, 0, 1e-6);
});

Deno.test("decodeRefit() gives back what was kept, and refuses another shape", pure, () => {
  const evidence = refitEvidence(ROWS, steps), text = encodeRefit(evidence);
  assertEquals(decodeRefit(text), evidence);
  const document = JSON.parse(text);
  assertEquals(document.rows, [[1, 2], [3, null], [5, 6]]);
  for (
    const changed of [
      { ...document, rows: [[1, 2], [3]] },
      { ...document, rows: [] },
      { ...document, rows: document.rows.slice(1) },
      { ...document, steps: [{ ...document.steps[0], quantilesBps: [[1]] }] },
      { ...document, steps: [{ ...document.steps[0], index: -1 }] },
    ]
  ) assertThrows(() => decodeRefit(JSON.stringify(changed)));
  assertThrows(() => decodeRefit("{"), SyntaxError);
});
