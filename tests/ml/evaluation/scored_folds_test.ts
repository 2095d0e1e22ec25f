import { assertEquals, assertThrows } from "../../../src/std/assert.ts";
import { type FoldScored, joinFolds } from "../../../src/ml/evaluation/scored_folds.ts";

function fold(index: number, rows: number): FoldScored<"ewma" | "har"> {
  const from = index * 10,
    column = (offset: number) => Float32Array.from({ length: rows }, (_, i) => from + i + offset);
  const forecasts = {
    probabilityUp: column(0.25),
    volatilityBps: column(0.5),
    quantilesBps: Float32Array.from({ length: rows * 9 }, (_, i) => from + i / 16),
  };
  return {
    fold: { index, train: { startMs: from, endMs: from + 5 } },
    test: {
      length: rows,
      horizonMinutes: 15,
      decisionTimeMs: Float64Array.from({ length: rows }, (_, i) => from + i),
      returnBps: column(0),
      realizedVarianceBps2: column(0.75),
    },
    model: forecasts,
    baselines: { ewma: { volatilityBps: column(0.125) }, har: forecasts },
  };
}

Deno.test("joinFolds puts every column of every fold one after the other and says whose each row is", () => {
  const parts = [fold(3, 2), fold(4, 1), fold(5, 3)];
  const all = joinFolds(parts);
  assertEquals([...all.foldOf], [0, 0, 1, 2, 2, 2]);
  assertEquals(all.folds.map(({ index }) => index), [3, 4, 5]);
  assertEquals([...all.test.decisionTimeMs], [30, 31, 40, 50, 51, 52]);
  assertEquals([...all.test.realizedVarianceBps2], [30.75, 31.75, 40.75, 50.75, 51.75, 52.75]);
  assertEquals([...all.model.quantilesBps], parts.flatMap(({ model }) => [...model.quantilesBps]));
  assertEquals([...all.baselines.ewma.volatilityBps!], [30.125, 31.125, 40.125, 50.125, 51.125, 52.125]);
  assertEquals(Object.keys(all.baselines.ewma), ["volatilityBps"]);
});

Deno.test("joinFolds leaves out an output that a fold lacks, and refuses no folds", () => {
  const { model, ...rest } = fold(0, 1);
  const lacking = { ...rest, model, baselines: { ...rest.baselines, har: { volatilityBps: model.volatilityBps } } };
  assertEquals(Object.keys(joinFolds([fold(1, 1), lacking]).baselines.har), ["volatilityBps"]);
  assertThrows(() => joinFolds([]), RangeError, "no folds");
});

Deno.test("quantiles that are σ × the constants of a fold come out as the columns that they stand for", () => {
  const nine = [[-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2], [-3, -2, -1.25, -0.75, 0.1, 0.5, 1, 2, 3]];
  const parts = [fold(3, 2), fold(4, 1)].map((part, i) => {
    const { volatilityBps } = part.baselines.har as { volatilityBps: Float32Array };
    const whole = Float32Array.from(
      { length: 9 * volatilityBps.length },
      (_, at) => volatilityBps[Math.floor(at / 9)]! * nine[i]![at % 9]!,
    );
    const baselines = { ...part.baselines, har: { volatilityBps, standardizedQuantiles: nine[i]! } };
    return {
      scaled: { ...part, baselines },
      whole: { ...part, baselines: { ...baselines, har: { volatilityBps, quantilesBps: whole } } },
    };
  });
  const { quantilesWithin, ...scaled } = joinFolds(parts.map((part) => part.scaled)).baselines.har;
  assertEquals(scaled, { ...joinFolds(parts.map((part) => part.whole)).baselines.har });
  assertEquals(quantilesWithin!(1, 3), scaled.quantilesBps!.slice(9, 27));
});
