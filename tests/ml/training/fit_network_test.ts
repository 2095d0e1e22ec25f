import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../../src/core/mod.ts";
import { qlike, varianceFloor } from "../../../src/ml/evaluation/losses.ts";
import { rowsOfJob } from "../../../src/ml/jobs/fit_job.ts";
import { harLogVariance } from "../../../src/ml/models/har.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { fitNetwork, type TrainNetwork } from "../../../src/ml/training/fit_network.ts";
import { SETTINGS, smallDataset, smallJob } from "../jobs/small_job.ts";

const dataset = smallDataset(), split = rowsOfJob(smallJob(), dataset);

/** In the place of training: kernels and biases a little off the start, whose corrections mean nothing. */
const wander: TrainNetwork = ({ network }) => {
  const random = seededRandom(4);
  const tensors = tensorsOf(network).map((values) => values.map((value) => value + 0.3 * random.normal()));
  return Promise.resolve({ tensors, bestEpoch: 1, epochs: 1, steps: 1 });
};

Deno.test("fitNetwork() keeps the share of its correction that has the least QLIKE on the validation rows, and no more", async () => {
  const { model } = await fitNetwork(dataset, split, { ...SETTINGS.mlp, seed: 1 }, { family: "mlp", train: wander });
  const { spec, parts } = model, { volatility } = spec.heads;
  assert(volatility.kind === "har-network");
  const logVarianceAt = (shrink: number) => {
    const heads = { ...spec.heads, volatility: { ...volatility, shrink } };
    return Float64Array.from(
      new SpecForecastModel({ ...spec, heads }, parts)
        .predictColumns(dataset.features.columns, split.validation).volatilityBps,
      (sigma) => 2 * Math.log(sigma),
    );
  };
  const har = harLogVariance(volatility, dataset.features, split.validation), whole = logVarianceAt(1);
  const correction = whole.map((value, i) => value - har[i]!);
  assert(Math.max(...correction.map(Math.abs)) > 0.1, "there is a correction");
  const { labels } = dataset, floor = varianceFloor(labels.horizonMinutes);
  const losses = Array.from(
    { length: 11 },
    (_, tenth) =>
      split.validation.reduce(
        (sum, row, i) =>
          sum + qlike(labels.realizedVarianceBps2[row]!, Math.exp(har[i]! + tenth / 10 * correction[i]!), floor),
        0,
      ),
  );
  const best = losses.indexOf(Math.min(...losses));
  assert(best < 10, "on random candles not all of it is kept");
  assertAlmostEquals(volatility.shrink, best / 10, 1e-12);
  for (const shrink of [0, 0.4, volatility.shrink]) {
    const got = logVarianceAt(shrink);
    got.forEach((value, i) => assertAlmostEquals(value, har[i]! + shrink * correction[i]!, 1e-5));
  }
  assertEquals(spec.family, "mlp");
});
