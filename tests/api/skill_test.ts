import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { allocateForecasts, type CandleColumns, MINUTE_MS, QUANTILE_LEVELS, sliceCandles } from "../../src/core/mod.ts";
import { RealisedSkill } from "../../src/api/skill/realised_skill.ts";
import { minuteScoring } from "../../src/cli/minute_scoring.ts";
import { randomCandles } from "../ml/candles.ts";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { startService } from "./service_fixture.ts";

const CANDLES = randomCandles(600);
const MODEL = { name: "m", version: "3", alias: null, runId: "", horizonMinutes: 15 };
const until = (minutes: number) => sliceCandles(CANDLES, 0, minutes);
const timeOf = (minute: number) => CANDLES.openTimeMs[0]! + minute * MINUTE_MS;

function forecastOf(probabilityUp: number, volatilityBps: number) {
  const outputs = allocateForecasts(1);
  outputs.probabilityUp[0] = probabilityUp;
  outputs.volatilityBps[0] = volatilityBps;
  QUANTILE_LEVELS.forEach((_, level) => outputs.quantilesBps[level] = (level - 4) * volatilityBps / 2);
  return outputs;
}

/** Losses of evaluation section 5, written out a second time. */
function expected(minute: number, probabilityUp: number, volatilityBps: number) {
  const close = (i: number) => CANDLES.close[i]!;
  const bps = 1e4 * Math.log(close(minute + 14) / close(minute - 1));
  let variance = 0;
  for (let i = minute; i < minute + 15; i++) variance += (1e4 * Math.log(close(i) / close(i - 1))) ** 2;
  const ratio = variance / volatilityBps ** 2, sigma = Math.fround(volatilityBps);
  return {
    logLoss: -Math.log(bps > 0 ? probabilityUp : 1 - probabilityUp),
    qlike: ratio - Math.log(ratio) - 1,
    // The 5 % and the 95 % quantile are the second and the second last.
    isCovered: Math.abs(bps) <= 1.5 * sigma,
  };
}

/** Lets a look at the store, which takes several turns, come to its end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("RealisedSkill scores a forecast when its label closes, not a minute before, and once", async () => {
  const skill = new RealisedSkill(await minuteScoring(), { windowMinutes: 100 });
  skill.forecast(MODEL, timeOf(300), forecastOf(0.6, 30));
  skill.forecast(MODEL, timeOf(300), forecastOf(0.9, 99));
  assertEquals(skill.close(until(314)), []);
  assertEquals(skill.summary("3")!.open, 1);
  assert(Number.isNaN(skill.summary("3")!.qlike));
  const [minute, ...rest] = skill.close(until(315));
  assertEquals(rest, []);
  const wanted = expected(300, 0.6, 30);
  assertAlmostEquals(minute!.logLoss, wanted.logLoss, 1e-6);
  assertAlmostEquals(minute!.qlike, wanted.qlike, 1e-5);
  assertEquals([minute!.isCovered, minute!.decisionTimeMs], [wanted.isCovered, timeOf(300)]);
  assertEquals(skill.close(until(316)), []);
  assertEquals([skill.summary("3")!.minutes, skill.summary("3")!.open], [1, 0]);
});

Deno.test("RealisedSkill's means are those of the newest minutes, each scored as by hand", async () => {
  const skill = new RealisedSkill(await minuteScoring(), { windowMinutes: 50 });
  const minutes = Array.from({ length: 170 }, (_, i) => 100 + i);
  for (const minute of minutes) skill.forecast(MODEL, timeOf(minute), forecastOf(0.55, 20 + minute / 20));
  for (let end = 110; end <= 300; end += 19) skill.close(until(end));
  const scores = minutes.slice(-50).map((minute) => expected(minute, 0.55, 20 + minute / 20));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const summary = skill.summary("3")!;
  assertEquals([summary.minutes, summary.open, summary.unscorable], [50, 0, 0]);
  assertAlmostEquals(summary.logLoss, mean(scores.map(({ logLoss }) => logLoss)), 1e-5);
  assertAlmostEquals(summary.qlike, mean(scores.map(({ qlike }) => qlike)), 1e-4);
  assertAlmostEquals(summary.coverage90, mean(scores.map(({ isCovered }) => Number(isCovered))), 1e-9);
});

Deno.test("RealisedSkill leaves out minutes after which candles are missing, and says how many", async () => {
  const skill = new RealisedSkill(await minuteScoring(), { windowMinutes: 50 });
  const gap = (columns: CandleColumns) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [
        name,
        typeof values === "number" ? values - 1 : values.filter((_: unknown, i: number) => i !== 310),
      ]),
    ) as unknown as CandleColumns;
  for (const minute of [290, 300, 310, 311, 312]) skill.forecast(MODEL, timeOf(minute), forecastOf(0.5, 30));
  const scored = skill.close(gap(until(400))).map(({ decisionTimeMs }) => decisionTimeMs);
  // 300 and 310 lose a minute of their label, 311 the close that it starts from.
  assertEquals(scored, [timeOf(290), timeOf(312)]);
  assertEquals(skill.summary("3")!.unscorable, 3);
  skill.keep(["4"]);
  assertEquals(skill.summary("3"), undefined);
});

Deno.test("/metrics tells realised skill, feature ranges, prediction quantiles and staleness of a running service", async () => {
  const walk = randomCandles(2 * 1440 + 40), start = 2 * 1440;
  const spec = harSpec();
  // The first feature was always 1 in training, the second always huge; of the third nothing is known.
  const files = modelFiles({
    ...spec,
    referenceHistograms: spec.referenceHistograms.map((shape, j) =>
      j > 1 ? shape : { ...shape, min: [1, 1e9][j]!, max: [1, 2e9][j]! }
    ),
  });
  const { service, clock, feed, ask, post, registry, tracker } = await startService({
    files,
    candles: sliceCandles(walk, 0, start),
  });
  const ending = new AbortController();
  const watching = service.watch(ending.signal);
  await settle();
  for (let minute = start + 1; minute <= start + 40; minute++) {
    feed.put(sliceCandles(walk, 0, minute));
    await clock.advance(MINUTE_MS);
    await settle();
  }
  await post("/predict", { features: spec.featureNames.map(() => 1) });
  const text = await (await ask("/metrics")).text();
  const value = (sample: string) => {
    const line = text.split("\n").find((line) => line.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  const labels = `{version="1",role="champion"}`;
  assertEquals(value(`bitcoin_ml_skill_minutes${labels}`), 26);
  assertEquals(value(`bitcoin_ml_skill_open_minutes${labels}`), 15);
  assert(value(`bitcoin_ml_skill_qlike${labels}`)! > 0);
  assertAlmostEquals(value(`bitcoin_ml_skill_log_loss${labels}`)!, Math.LN2, 0.05);
  const outOfRange = (j: number, side: string, source: string) =>
    value(
      `bitcoin_ml_feature_out_of_range_total{feature="${spec.featureNames[j]}",side="${side}",source="${source}"}`,
    );
  assertEquals([outOfRange(0, "below", "requests"), outOfRange(0, "above", "requests")], [0, 0]);
  assertEquals([outOfRange(1, "below", "requests"), outOfRange(1, "below", "minutes")], [1, 41]);
  assertEquals(outOfRange(2, "below", "minutes"), 0);
  assertEquals(value("bitcoin_ml_feature_ranges"), 2);
  assertAlmostEquals(
    value(`bitcoin_ml_prediction_probability_up{source="minutes",quantile="0.5"}`)!,
    1 / (1 + Math.exp(-0.02)),
    1e-6,
  );
  assert(value(`bitcoin_ml_prediction_volatility_bps{source="requests",quantile="0.5"}`)! > 0);
  assertEquals(value("bitcoin_ml_data_age_seconds"), 30);

  await registerModel({ registry, tracker }, modelFiles(harSpec({ logit: 0.3 })));
  await service.host.check({ force: true });
  const swapped = await (await ask("/metrics")).text();
  assert(swapped.includes("bitcoin_ml_feature_ranges 0"), "an older model tells no range, and serves");
  ending.abort();
  await watching;
});
