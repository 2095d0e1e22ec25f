import { assert, assertEquals } from "@std/assert";
import { allocateForecasts, MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import { measureDrift } from "../../../src/monitoring/drift/measure_drift.ts";
import type { KnownVersion, TrainingRows } from "../../../src/monitoring/mod.ts";
import { PredictionSamples } from "../../../src/monitoring/prediction_sample.ts";
import type { LoggedForecast } from "../../../src/monitoring/read_log.ts";

const START = Date.UTC(2023, 0, 1), TRAINING = 40 * 1440;
const VERSION = { name: "m", version: "1" };
const NAMES = ["level", "noise", "day_sin", "stored"];

/** What is seen at a minute: a level that is remembered, noise, the hour, and P(up) that follows the level. */
const MINUTES = (() => {
  const random = seededRandom(5), minutes = TRAINING + 7 * 1440;
  const level = new Float32Array(minutes), noise = Float32Array.from(level, () => random.normal());
  for (let i = 1; i < minutes; i++) level[i] = 0.99 * level[i - 1]! + 0.14 * random.normal();
  return { level, noise };
})();
const probabilityAt = (minute: number) => 1 / (1 + Math.exp(-0.2 * MINUTES.level[minute]!));

const TRAINING_ROWS: TrainingRows = {
  decisionTimeMs: Float64Array.from({ length: TRAINING }, (_, i) => START + i * MINUTE_MS),
  featureNames: NAMES.slice(0, 3),
  featureAt: (feature, row) => feature === 0 ? MINUTES.level[row]! : feature === 1 ? MINUTES.noise[row]! : 0,
  forecasts(rows) {
    const columns = allocateForecasts(rows.length);
    rows.forEach((row, i) => {
      columns.probabilityUp[i] = probabilityAt(row);
      columns.volatilityBps[i] = 10 + MINUTES.noise[row]!;
      for (let k = 0; k < 9; k++) columns.quantilesBps[i * 9 + k] = (k - 4) * (10 + MINUTES.noise[row]!);
    });
    return Promise.resolve(columns);
  },
};
const KNOWN: KnownVersion = {
  learntUntilMs: START + TRAINING * MINUTE_MS,
  featureNames: NAMES,
  shapes: [
    { feature: "noise", edges: [0], counts: [1, 1], missing: 0 },
    { feature: "stored", edges: [0], counts: [500, 500], missing: 0 },
  ],
};

/** Forecasts of the week after the training; some of what was given may be moved. */
function liveWeek(moved: { readonly level?: number; readonly probabilityUp?: number } = {}): LoggedForecast[] {
  return Array.from({ length: 7 * 1440 }, (_, i) => {
    const minute = TRAINING + i, width = 10 + MINUTES.noise[minute]!;
    return {
      ...{ ...VERSION, atMs: 0, runId: "", horizonMinutes: 15, exchange: "binance", symbol: "BTC/USDT" },
      decisionTimeMs: START + minute * MINUTE_MS,
      probabilityUp: probabilityAt(minute) + (moved.probabilityUp ?? 0),
      volatilityBps: width,
      quantilesBps: Array.from({ length: 9 }, (_, k) => (k - 4) * width),
      features: Float32Array.of(MINUTES.level[minute]! + (moved.level ?? 0), MINUTES.noise[minute]!, 1, 5),
    };
  });
}

const isCalendar = (name: string) => name === "day_sin";
const reference = { predictions: undefined, known: KNOWN, training: TRAINING_ROWS, isCalendar };
const movedOf = (drift: Awaited<ReturnType<typeof measureDrift>>) =>
  drift.filter(({ drifted }) => drifted).map(({ kind, feature }) => `${kind} ${feature}`);

Deno.test("measureDrift() watches features and forecasts by windows, and what the store cannot tell by histograms", async () => {
  const drift = await measureDrift(VERSION, { ...reference, live: liveWeek() });
  assertEquals(drift.map(({ kind, feature, basis }) => `${kind} ${feature} ${basis}`).toSorted(), [
    "feature level windows",
    "feature noise windows",
    "feature stored histogram",
    "forecast probability_up windows",
    "forecast volatility_bps windows",
    "forecast width_90_bps windows",
  ]);
  // 5 throughout, where half the training rows were below 0: a gross move.
  assertEquals(movedOf(drift.filter(({ basis }) => basis === "windows")), []);
  assertEquals(movedOf(await measureDrift(VERSION, { ...reference, live: liveWeek({ level: 4 }) })).slice(0, 1), [
    "feature level",
  ]);
  assertEquals(
    movedOf(await measureDrift(VERSION, { ...reference, live: liveWeek({ probabilityUp: 0.2 }) }))[0],
    "forecast probability_up",
  );
});

Deno.test("measureDrift() watches answers to given rows by themselves", async () => {
  const outputs = (shift: number) => (minute: number) =>
    Float32Array.of(probabilityAt(minute) + shift, 10, ...Array.from({ length: 9 }, (_, k) => (k - 4) * 10));
  const sampleOf = (at: (minute: number) => Float32Array) => {
    const samples = new PredictionSamples();
    for (let i = 0; i < 7 * 1440; i++) {
      const minute = TRAINING + i;
      samples.add({ ...VERSION, atMs: START + minute * MINUTE_MS + 7000, outputs: at(minute) });
    }
    return samples.of("m", "1")!;
  };
  const measured = async (shift: number) =>
    (await measureDrift(VERSION, { ...reference, live: liveWeek(), predictions: sampleOf(outputs(shift)) }))
      .filter(({ kind, feature }) => kind === "prediction" && feature === "probability_up");
  const [same] = await measured(0), [moved] = await measured(0.2);
  assertEquals([same?.drifted, moved?.drifted], [false, true]);
});

Deno.test("PredictionSamples keep a bounded sample of all times, the same for the same log", () => {
  const sample = () => {
    const samples = new PredictionSamples();
    for (let i = 0; i < 30_000; i++) {
      samples.add({ ...VERSION, atMs: START + i * MINUTE_MS, outputs: new Float32Array(22).fill(i) });
    }
    return samples.of("m", "1")!;
  };
  const { timeMs, answers } = sample();
  assertEquals([timeMs.length, answers.length, answers.quantilesBps.length], [4800, 4800, 9 * 4800]);
  const half = timeMs.filter((ms) => ms < START + 15_000 * MINUTE_MS).length;
  assert(half > 2200 && half < 2600, `${half} of the first half`);
  timeMs.forEach((ms, row) => assertEquals(answers.probabilityUp[row], (ms - START) / MINUTE_MS));
  assertEquals(sample(), { timeMs, answers });
  assertEquals(new PredictionSamples().of("m", "1"), undefined);
});

Deno.test("measureDrift() says nothing of a version that is gone, and half a day is enough to measure", async () => {
  assertEquals(await measureDrift(VERSION, { ...reference, live: liveWeek(), known: undefined }), []);
  assertEquals(await measureDrift(VERSION, { ...reference, live: [] }), []);
  const half = await measureDrift(VERSION, { ...reference, live: liveWeek().slice(0, 720) });
  assertEquals(movedOf(half.filter(({ basis }) => basis === "windows")), []);
  const blind = await measureDrift(VERSION, { ...reference, live: liveWeek(), training: undefined });
  assertEquals(blind.map(({ basis }) => basis), ["histogram", "histogram"]);
});
