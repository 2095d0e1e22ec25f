import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, seededRandom } from "../../../src/core/mod.ts";
import { qlike, varianceFloor } from "../../../src/ml/evaluation/losses.ts";
import { rowsOfJob } from "../../../src/ml/jobs/fit_job.ts";
import { modelDigest } from "../../../src/ml/jobs/run_fit_job.ts";
import { harLogVariance } from "../../../src/ml/models/har.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { fitNetwork, type TrainNetwork } from "../../../src/ml/training/fit_network.ts";
import { fitPlainLines } from "../../../src/ml/training/plain_lines.ts";
import { sampleDataset } from "../models/sample_models.ts";
import { SETTINGS, smallDataset, smallJob } from "../jobs/small_job.ts";

const dataset = smallDataset(), split = rowsOfJob(smallJob(), dataset);

/** In the place of training: kernels and biases a little off the start, whose corrections mean nothing. */
const wander: TrainNetwork = ({ network }) => {
  const random = seededRandom(4);
  const tensors = tensorsOf(network).map((values) => values.map((value) => value + 0.3 * random.normal()));
  return Promise.resolve({ tensors, bestEpoch: 1, epochs: 1, steps: 1 });
};

Deno.test("fitNetwork() keeps the most probable share of its correction, with the level that keeps σ² the mean", async () => {
  const { model } = await fitNetwork(dataset, split, { ...SETTINGS.mlp, seed: 1 }, { family: "mlp", train: wander });
  const { spec, parts } = model, { volatility } = spec.heads, { labels } = dataset;
  assert(volatility.kind === "har-network");
  const lines = fitPlainLines(dataset, split);
  const logVariance = (rows: Int32Array, shrink: number, level: number) => {
    const heads = { ...spec.heads, volatility: { ...volatility, shrink, level } };
    return Float64Array.from(
      new SpecForecastModel({ ...spec, heads }, parts).predictColumns(dataset.features.columns, rows).volatilityBps,
      (sigma) => 2 * Math.log(sigma),
    );
  };
  const { validation } = split;
  const fitted = split.train;
  const meanRatio = (shrink: number) => {
    const forecasts = logVariance(fitted, shrink, 0);
    return fitted.reduce((sum, row, i) => sum + labels.realizedVarianceBps2[row]! / Math.exp(forecasts[i]!), 0);
  };
  const floor = varianceFloor(labels.horizonMinutes), unshrunk = meanRatio(0);
  const byDay = (tenth: number) => {
    const forecasts = logVariance(validation, tenth / 10, Math.log(meanRatio(tenth / 10) / unshrunk));
    const days = new Map<number, number>();
    validation.forEach((row, i) => {
      const day = Math.floor(dataset.features.decisionTimeMs[row]! / DAY_MS);
      const loss = qlike(labels.realizedVarianceBps2[row]!, Math.exp(forecasts[i]!), floor);
      days.set(day, (days.get(day) ?? 0) + loss);
    });
    return [...days.values()];
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const losses = Array.from(
    { length: 8 },
    (_, tenth) => sum(byDay(tenth)) / labels.horizonMinutes + ((tenth / 10 - 0.5) / 0.5) ** 2 / 2,
  );
  const whole = logVariance(validation, 1, 0), har = harLogVariance(lines.har, dataset.features, validation);
  assert(Math.max(...whole.map((value, i) => Math.abs(value - har[i]!))) > 0.1, "there is a correction");
  const best = losses.indexOf(Math.min(...losses)), without = byDay(0);
  const gains = byDay(best).map((loss, day) => without[day]! - loss), mean = sum(gains) / gains.length;
  const variance = sum(gains.map((gain) => (gain - mean) ** 2)) / (gains.length - 1);
  const expected = sum(gains) > Math.sqrt(gains.length * variance) + 0.002 * validation.length ? best / 10 : 0;
  assertEquals(volatility.shrink, expected);
  assertEquals(volatility.intercept, lines.har.intercept);
  assertAlmostEquals(volatility.level!, Math.log(meanRatio(expected) / unshrunk), 1e-6);
  assertEquals(spec.family, "mlp");
});

Deno.test("fitNetwork() trains nothing where labels are too few, and is the lines", async () => {
  const { dataset, split } = sampleDataset({ minutes: 43_200, horizonMinutes: 60 });
  const { model, outcomes } = await fitNetwork(dataset, split, { ...SETTINGS.mlp, seed: 1, members: 2 }, {
    family: "mlp",
    train: () => Promise.reject(new Error("trained")),
  });
  assertEquals(outcomes.map(({ bestEpoch, epochs, steps }) => [bestEpoch, epochs, steps]), [[0, 0, 0], [0, 0, 0]]);
  const { direction, volatility, quantiles } = model.spec.heads;
  assert(direction.kind === "sign-network" && volatility.kind === "har-network");
  assertEquals([direction.shrink, volatility.shrink, quantiles.kind], [0, 0, "standardized"]);
  const { har } = fitPlainLines(dataset, split), { validation } = split;
  const { volatilityBps } = model.predictColumns(dataset.features.columns, validation);
  assertEquals(
    volatilityBps,
    Float32Array.from(harLogVariance(har, dataset.features, validation), (value) => Math.exp(value / 2)),
  );
});

Deno.test("fitNetwork() trains members one by one or side by side, to the same end", async () => {
  const together = async (membersAtOnce: number) => {
    let under = 0, most = 0;
    const told: number[] = [];
    const { model, outcomes } = await fitNetwork(dataset, split, { ...SETTINGS.mlp, seed: 1, members: 3 }, {
      ...{ family: "mlp", membersAtOnce },
      train: async (job, { member, atOnce, onStep, ...options }) => {
        most = Math.max(most, ++under);
        // The first to begin is the last to end.
        for (let turn = 3 - member; turn > 0; turn--) await new Promise((resolve) => setTimeout(resolve, 5));
        under--;
        told.push(member);
        onStep?.({ epoch: 1, done: 1, total: 1 });
        const outcome = await wander(job, { member, atOnce, ...options });
        return { ...outcome, bestEpoch: member };
      },
    });
    return { digest: modelDigest(model), order: outcomes.map(({ bestEpoch }) => bestEpoch), most, told };
  };
  const alone = await together(1), aside = await together(2), all = await together(16);
  assertEquals([alone.most, aside.most, all.most], [1, 2, 3]);
  assertEquals([alone.told, all.told], [[1, 2, 3], [3, 2, 1]]);
  for (const { digest, order } of [aside, all]) assertEquals([digest, order], [alone.digest, [1, 2, 3]]);
});

Deno.test("fitNetwork() ends all members where one fails", async () => {
  const stopped: number[] = [];
  const fit = fitNetwork(dataset, split, { ...SETTINGS.mlp, seed: 1, members: 4 }, {
    ...{ family: "mlp", membersAtOnce: 2 },
    train: (_, { member, signal }) =>
      member === 1
        ? new Promise((_, reject) =>
          signal!.addEventListener("abort", () => {
            stopped.push(member);
            reject(signal!.reason);
          })
        )
        : Promise.reject(new Error(`member ${member} diverged`)),
  });
  assertEquals((await assertRejects(() => fit, Error)).message, "member 2 diverged");
  assertEquals(stopped, [1]);
});
