import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { concatCandles, DAY_MS, DomainError, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { isCalendarFeature, liveScoring } from "../../src/cli/monitor_scoring.ts";
import {
  type FeatureReference,
  liveMetrics,
  mergeState,
  type MonitorDeps,
  monitorForecasts,
  readState,
  writeState,
} from "../../src/monitoring/mod.ts";
import { parseLine } from "../../src/monitoring/read_log.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { referenceHistograms } from "../../src/ml/models/reference_histograms.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import { flagshipFeatureSet } from "../../src/ml/features/mod.ts";
import { flagshipIndicators } from "../../src/ml/features/flagship.ts";
import { harSpec, memoryStores } from "../api/model_fixture.ts";
import { MemoryFeed } from "../api/service_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { endOf, logForecasts } from "./log_fixture.ts";

const START = Date.UTC(2023, 2, 1);
const WALK = randomCandles(9 * 1440, { startMs: START });
const MODEL = new SpecForecastModel(harSpec());
const SCORING = await liveScoring();
/** The candles of the first days, and some minutes more. */
const until = (days: number, minutes = 0) => sliceCandles(WALK, 0, days * 1440 + minutes);
const NO_REFERENCES = () => Promise.resolve(undefined);

/** The reading side of a store over candles in memory. */
function storeOf(candles = WALK): NonNullable<MonitorDeps["store"]> {
  const feed = new MemoryFeed(candles);
  return {
    span: (series) => feed.read((store) => store.span(series)),
    loadCandles: (query) => feed.read((store) => store.loadCandles(query)),
  };
}

function findings(
  directory: string,
  deps: Partial<MonitorDeps> = {},
  options: { sinceMs?: number; untilMs?: number; only?: { name: string; version: string } } = {},
) {
  return monitorForecasts(
    { store: storeOf(), scoring: SCORING, references: NO_REFERENCES, ...deps },
    { directory, isCalendar: (name) => /^(day|week)_/.test(name), ...options },
  );
}

Deno.test("monitorForecasts() scores what has closed, beside EWMA and a coin, as written-out formulas do", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 200 * MINUTE_MS;
  const logged = await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  assertEquals(logged, 201);
  const found = await findings(tmp.path);
  assertEquals([found.scored, found.pending, found.unjoinable], [186, 15, 0]);
  const skill = found.skill["bitcoin-model/1"]!;
  assertEquals([skill.verdict, skill.fullDays, found.alerts.length, found.drift.length], ["insufficient", 0, 0, 0]);

  // The same by hand: returns from closes, QLIKE on minutes that are multiples of 15, no tie.
  const matrix = defaultFeatureEngine().compute(WALK, { fromMs });
  let logLoss = 0, covered = 0, qlike = 0, blocks = 0;
  for (let i = 0; i < 186; i++) {
    const at = matrix.decisionTimeMs[i]!, first = (at - START) / MINUTE_MS;
    const { probabilityUp, volatilityBps, quantilesBps } = MODEL.predict(
      Float32Array.from(matrix.columns, (column) => column[i]!),
      1,
    );
    const move = 1e4 * Math.log(WALK.close[first + 14]! / WALK.close[first - 1]!);
    let variance = 0;
    for (let m = first; m < first + 15; m++) variance += (1e4 * Math.log(WALK.close[m]! / WALK.close[m - 1]!)) ** 2;
    logLoss -= Math.log(move > 0 ? probabilityUp[0]! : 1 - probabilityUp[0]!) / 186;
    covered += (move >= quantilesBps[1]! && move <= quantilesBps[7]! ? 1 : 0) / 186;
    if (at % (15 * MINUTE_MS) !== 0) continue;
    const ratio = variance / volatilityBps[0]! ** 2;
    qlike += ratio - Math.log(ratio) - 1;
    blocks++;
  }
  assertAlmostEquals(skill.metrics["log_loss"]!, logLoss, 1e-6);
  assertAlmostEquals(skill.metrics["coverage_90"]!, covered, 1e-9);
  assertAlmostEquals(skill.metrics["qlike"]!, qlike / blocks, 1e-5);
  assertEquals(skill.metrics["baseline_coin_log_loss"], Math.LN2);
  assert(skill.metrics["baseline_ewma_qlike"]! > 0);
  assert(!Object.keys(skill.metrics).some((name) => name.endsWith("_low")), "no interval before five full days");
});

Deno.test("monitorForecasts() counts a decision time once a version, whoever asked and however often", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 60 * MINUTE_MS;
  await logForecasts(tmp.path, MODEL, WALK, { fromMs, instance: "a" });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs, instance: "b" });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs, version: "2" });
  const found = await findings(tmp.path);
  assertEquals(Object.values(found.skill).map(({ version, forecasts }) => [version, forecasts]), [["1", 61], [
    "2",
    61,
  ]]);
  const one = await findings(tmp.path, {}, { only: { name: "bitcoin-model", version: "2" } });
  assertEquals(Object.keys(one.skill), ["bitcoin-model/2"]);
  const part = await findings(tmp.path, {}, { sinceMs: fromMs + 10 * MINUTE_MS, untilMs: fromMs + 20 * MINUTE_MS });
  assertEquals(part.skill["bitcoin-model/1"]!.forecasts, 10);
});

Deno.test("a missing minute makes its forecasts unjoinable, and no store makes all of them pending", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 100 * MINUTE_MS;
  const logged = await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  const hole = WALK.length - 50;
  const holed = concatCandles([sliceCandles(WALK, 0, hole), sliceCandles(WALK, hole + 1, WALK.length)]);
  const found = await findings(tmp.path, { store: storeOf(holed) });
  // The minute is in the labels of fifteen decision times, and the close before a sixteenth.
  assertEquals([found.unjoinable, found.pending], [16, 15]);
  assertEquals(found.scored, logged - 31);
  const blind = await findings(tmp.path, { store: undefined });
  assertEquals([blind.scored, blind.pending], [0, logged]);
  assertEquals(blind.skill["bitcoin-model/1"]!.metrics, {});
});

Deno.test("after five full days there are intervals, drift, and alerts for what is truly bad alone", async () => {
  await using tmp = await tmpDir();
  const fromMs = START + 2 * DAY_MS;
  const features = defaultFeatureEngine().compute(WALK);
  const rows = Int32Array.from({ length: features.length - 2000 }, (_, i) => i + 2000);
  const same: FeatureReference[] = referenceHistograms(features, rows);
  const other = same.map((reference) =>
    reference.feature === "return_1" ? { ...reference, edges: reference.edges.map((edge) => edge + 50) } : reference
  );
  await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs, version: "2", scale: 8 });
  const found = await findings(tmp.path, {
    references: (_, version) =>
      Promise.resolve({ featureNames: features.names, shapes: version === "1" ? same : other }),
  });
  // A version may know the shapes of some features alone: those of the last are found at their place in the row.
  const few = await findings(tmp.path, {
    references: () => Promise.resolve({ featureNames: features.names, shapes: other.filter((_, j) => j % 2 === 0) }),
  });
  const byFeature = (drift: typeof found.drift) =>
    Object.fromEntries(drift.filter(({ version }) => version === "2").map(({ feature, psi }) => [feature, psi]));
  const all = byFeature(found.drift), some = byFeature(few.drift);
  assert(Object.keys(some).length > 5 && Object.keys(some).length < Object.keys(all).length);
  for (const [feature, psi] of Object.entries(some)) assertEquals(psi, all[feature], feature);
  const [good, bad] = [found.skill["bitcoin-model/1"]!, found.skill["bitcoin-model/2"]!];
  // The last day waits for the labels of its last quarter of an hour.
  assertEquals([good.fullDays, bad.fullDays], [6, 6]);
  assert(good.metrics["coverage_90_low"]! < good.metrics["coverage_90"]!);
  assertEquals(bad.verdict, "alert");
  const codes = (version: string) => found.alerts.filter((alert) => alert.version === version).map(({ code }) => code);
  assert(
    codes("2").includes("coverage-off") && codes("2").includes("volatility-worse") &&
      codes("2").includes("features-drifted"),
    codes("2").join(),
  );
  assert(!codes("1").includes("features-drifted"), JSON.stringify(found.drift.slice(0, 3)));
  assert(found.alerts.every(({ command }) => command.startsWith("task ")));
  assertEquals(found.drift.filter(({ version, drifted }) => version === "2" && drifted).map(({ feature }) => feature), [
    "return_1",
  ]);
  assert(!found.drift.some(({ feature }) => feature.startsWith("week_")));
  const early = await findings(tmp.path, { store: storeOf(until(6)) });
  assertEquals([early.skill["bitcoin-model/2"]!.verdict, early.alerts], ["insufficient", []]);
});

Deno.test("drift is of the features of the model's own set, those of the clock left out", async () => {
  const engine = flagshipFeatureSet(), candles = randomCandles(9 * 1440, { startMs: START });
  for (const { name, lookbackMinutes } of flagshipIndicators()) {
    assertEquals(isCalendarFeature(name), lookbackMinutes === 0, name);
  }
  await using tmp = await tmpDir();
  const features = engine.compute(candles), fromMs = START + 2 * DAY_MS;
  const rows = Int32Array.from({ length: features.length - 2879 }, (_, i) => i + 2879);
  await logForecasts(tmp.path, new SpecForecastModel(harSpec({ engine })), candles, { fromMs });
  const shapes = referenceHistograms(features, rows);
  const isShifted = (name: string) => ["return_z_15", "log_parkinson_60", "missing_minutes_1440"].includes(name);
  const shifted = shapes.map((shape) =>
    isShifted(shape.feature) ? { ...shape, edges: shape.edges.map((edge) => edge + 90) } : shape
  );
  for (const [references, moved] of [[shapes, []], [shifted, shapes.map((shape) => shape.feature)]] as const) {
    const { drift } = await monitorForecasts(
      {
        store: storeOf(candles),
        scoring: SCORING,
        references: () => Promise.resolve({ featureNames: engine.names, shapes: references }),
      },
      { directory: tmp.path, isCalendar: isCalendarFeature },
    );
    assertEquals(drift.length, engine.names.length - 6);
    assertEquals(
      drift.filter(({ drifted }) => drifted).map(({ feature }) => feature).toSorted(),
      moved.filter(isShifted).toSorted(),
    );
  }
});

Deno.test("liveMetrics() notes full days at the run once, and the verdict", async () => {
  await using tmp = await tmpDir();
  const { tracker } = memoryStores();
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: START + 2 * DAY_MS, runId });
  const at = (days: number) => findings(tmp.path, { store: storeOf(until(days, 15)) });
  const note = async (days: number) => await liveMetrics(tracker, (await at(days)).skill["bitcoin-model/1"]!);
  assertEquals([await note(4), await note(4), await note(6), await note(6)], [2, 0, 2, 0]);
  const { items } = await tracker.metricHistory(runId, "live.qlike");
  assertEquals(items.map(({ step }) => step), [2, 3, 4, 5].map((day) => START / DAY_MS + day));
  const { tags } = await tracker.getRun(runId);
  assertEquals(tags.find(({ key }) => key === "monitor.verdict")?.value, "insufficient");
});

Deno.test("the state keeps full days, also after the log was pruned, and refuses to guess at a damaged file", async () => {
  await using tmp = await tmpDir();
  await logForecasts(`${tmp.path}/log`, MODEL, WALK, { fromMs: START + 2 * DAY_MS });
  const path = `${tmp.path}/reports/monitoring/state.json`;
  const first = await findings(`${tmp.path}/log`);
  await writeState(path, mergeState(await readState(path), first, 1000));
  const kept = await readState(path);
  assertEquals([kept.days.length, kept.updatedAt], [6, "1970-01-01T00:00:01Z"]);
  const pruned = await findings(`${tmp.path}/log`, {}, { sinceMs: START + 5 * DAY_MS });
  assertEquals(mergeState(kept, pruned, 2000).days, kept.days);
  await Deno.writeTextFile(path, "{");
  const error = await assertRejects(() => readState(path), DomainError, "damaged");
  assertEquals(error.code, "config-invalid");
});

Deno.test("parseLine() takes records and counts everything else as unreadable", { permissions: "none" }, () => {
  const good = {
    n: 1,
    at: "2024-01-01T00:00:02Z",
    kind: "forecast",
    name: "m",
    version: "1",
    runId: "",
    horizonMinutes: 15,
    requestId: null,
    exchange: "binance",
    symbol: "BTC/USDT",
    decisionTime: "2024-01-01T00:00:00Z",
    probabilityUp: 0.5,
    volatilityBps: 10,
    quantilesBps: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    featureSetDigest: "d",
    features: "AACAPwAAwH8=",
    chain: "0".repeat(64),
  };
  const parsed = parseLine(JSON.stringify(good));
  assert(parsed?.kind === "forecast");
  assertEquals(parsed.forecast.decisionTimeMs, Date.UTC(2024, 0, 1));
  assertEquals(Array.from(parsed.forecast.features), [1, NaN]);
  const wrong: Record<string, unknown>[] = [
    { decisionTime: "yesterday" },
    { probabilityUp: 1.5 },
    { probabilityUp: null },
    { volatilityBps: 0 },
    { quantilesBps: [1] },
    { quantilesBps: [1, 2, 3, 4, null, 6, 7, 8, 9] },
    { horizonMinutes: 0.5 },
    { version: 3 },
    { kind: "other" },
  ];
  for (const change of wrong) {
    assertEquals(parseLine(JSON.stringify({ ...good, ...change })), undefined, JSON.stringify(change));
  }
  for (const line of ["", "{", "null", "[]", "1", JSON.stringify(good).slice(0, 60)]) {
    assertEquals(parseLine(line), undefined);
  }
  assertEquals(parseLine(`{"kind":"lost","records":3}`), { kind: "lost", records: 3 });
});
