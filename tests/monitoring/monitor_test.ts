import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { concatCandles, DAY_MS, DomainError, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { MODEL_CONFIG_SCHEMA } from "../../src/config/model_config.ts";
import { isCalendarFeature } from "../../src/cli/monitor_scoring.ts";
import {
  alertsOf,
  type AliasHolding,
  liveMetrics,
  mergeState,
  readState,
  writeState,
} from "../../src/monitoring/mod.ts";
import { parseLine } from "../../src/monitoring/read_log.ts";
import { defaultFeatureEngine, windowFeatureEngine } from "../../src/ml/features/mod.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { flagshipIndicators } from "../../src/ml/features/flagship.ts";
import { memoryStores } from "../api/model_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { endOf, logForecasts } from "./log_fixture.ts";
import {
  FEATURES,
  findings,
  LEARNT_UNTIL,
  LIVE,
  liveSpec,
  MODEL,
  SCORING,
  SHAPES,
  START,
  storeOf,
  until,
  WALK,
  yardstickOf,
} from "./monitor_fixture.ts";

/** Return and realised variance of the fifteen minutes from a decision time on, from the closes. */
function outcomeAt(atMs: number) {
  const first = (atMs - START) / MINUTE_MS, close = (minute: number) => WALK.close[minute]!;
  let variance = 0;
  for (let m = first; m < first + 15; m++) variance += (1e4 * Math.log(close(m) / close(m - 1))) ** 2;
  return { move: 1e4 * Math.log(close(first + 14) / close(first - 1)), variance };
}

Deno.test("monitorForecasts() scores what has closed, beside baselines, as written-out formulas do", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 200 * MINUTE_MS;
  const logged = await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  assertEquals(logged, 201);
  const found = await findings(tmp.path);
  assertEquals([found.scored, found.pending, found.unjoinable], [186, 15, 0]);
  const skill = found.skill["bitcoin-model/1"]!;
  assertEquals([skill.verdict, skill.fullDays, found.alerts.length], ["insufficient", 0, 0]);

  // The same by hand: QLIKE on minutes that are multiples of 15; the random walk has no tie.
  const first = (fromMs - START) / MINUTE_MS - 1;
  assertEquals(FEATURES.decisionTimeMs[first], fromMs);
  // Climatology: the share of rises among the training rows, every third minute, whose labels have ended; half a row is
  // added to either side.
  let ups = 0, learnt = 0;
  for (let atMs = START + 61 * MINUTE_MS; atMs + 15 * MINUTE_MS <= LEARNT_UNTIL; atMs += MINUTE_MS) {
    if (atMs / MINUTE_MS % 3 !== 0) continue;
    learnt++;
    if (outcomeAt(atMs).move > 0) ups++;
  }
  let logLoss = 0, plain = 0, covered = 0, qlike = 0, blocks = 0;
  for (let i = 0; i < 186; i++) {
    const atMs = fromMs + i * MINUTE_MS, { move, variance } = outcomeAt(atMs);
    const { probabilityUp, volatilityBps, quantilesBps } = MODEL.predict(
      Float32Array.from(FEATURES.columns, (column) => column[first + i]!),
      1,
    );
    logLoss -= Math.log(move > 0 ? probabilityUp[0]! : 1 - probabilityUp[0]!) / 186;
    plain -= Math.log(((move > 0 ? ups : learnt - ups) + 0.5) / (learnt + 1)) / 186;
    covered += (move >= quantilesBps[1]! && move <= quantilesBps[7]! ? 1 : 0) / 186;
    if (atMs % (15 * MINUTE_MS) !== 0) continue;
    const ratio = variance / volatilityBps[0]! ** 2;
    qlike += ratio - Math.log(ratio) - 1;
    blocks++;
  }
  assertAlmostEquals(skill.metrics["log_loss"]!, logLoss, 1e-6);
  assertAlmostEquals(skill.metrics["coverage_90"]!, covered, 1e-9);
  assertAlmostEquals(skill.metrics["qlike"]!, qlike / blocks, 1e-5);
  assertAlmostEquals(skill.metrics["baseline_climatology_log_loss"]!, plain, 1e-6);
  assertAlmostEquals(skill.metrics["log_loss_gain_climatology"]!, plain - logLoss, 1e-6);
  for (const baseline of ["ewma", "har", "har_diurnal", "har_x"]) {
    assert(skill.metrics[`baseline_${baseline}_qlike`]! > 0 && skill.metrics[`baseline_${baseline}_pinball`]! > 0);
  }
  assert(!Object.keys(skill.metrics).some((name) => /_(low|high)$/.test(name)), "no interval before five full days");
  assertEquals(skill.estimated?.rows, 201);
  assertEquals([skill.estimatedOfScored?.rows, skill.estimated?.bounds], [186, null]);
});

Deno.test("baselines never see a minute of their own step, nor the minutes whose labels end in it", async () => {
  const query = {
    ...{ name: "m", version: "1", horizonMinutes: 15 },
    series: { exchange: "binance", symbol: "BTC/USDT", interval: "1m" as const },
    decisionTimeMs: Float64Array.from({ length: 300 }, (_, i) => LIVE + i * MINUTE_MS),
  };
  const whole = (await yardstickOf()(query)).baselines;
  const changedFrom = (minute: number) => {
    const candles = { ...WALK, close: WALK.close.slice(), high: WALK.high.slice() };
    for (let i = minute; i < candles.length; i++) candles.close[i]! *= 1 + 0.002 * (1 + i % 3);
    return candles;
  };
  const answers = async (minute: number) =>
    (await yardstickOf({ store: storeOf(changedFrom(minute)) })(query)).baselines;
  // What follows the last row, and what lies between the training's end and the first row's own look-back, is not learnt.
  const later = await answers((LIVE - START) / MINUTE_MS + 299);
  assertEquals(later, whole);
  const learnt = await answers((LEARNT_UNTIL - START) / MINUTE_MS - 5);
  assert(learnt["climatology"]!.volatilityBps![0] !== whole["climatology"]!.volatilityBps![0]);
  const notLearnt = await answers((LEARNT_UNTIL - START) / MINUTE_MS);
  assertEquals(notLearnt["climatology"], whole["climatology"]);
  assertEquals(Object.keys(whole), ["climatology", "contrarian", "ewma", "har", "har_diurnal", "har_x"]);
});

Deno.test("baselines are fitted anew at each step, and without enough candles a model is scored alone", async () => {
  await using tmp = await tmpDir();
  const query = {
    ...{ name: "m", version: "1", horizonMinutes: 15 },
    series: { exchange: "binance", symbol: "BTC/USDT", interval: "1m" as const },
    decisionTimeMs: Float64Array.from([0, 1, 2880, 2881], (minute) => LIVE + minute * MINUTE_MS),
  };
  const stepped = (await yardstickOf({ split: { trainDays: 180, stepDays: 2 } })(query)).baselines["climatology"]!;
  const [a, b, c, d] = stepped.volatilityBps!;
  assert(a === b && c === d && a !== c, `${stepped.volatilityBps}`);
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: endOf(WALK) - 100 * MINUTE_MS });
  const short = storeOf(sliceCandles(WALK, 5 * 1440, WALK.length));
  const found = await findings(tmp.path, { store: short, yardstick: yardstickOf({ store: short }) });
  const { metrics } = found.skill["bitcoin-model/1"]!;
  assert(metrics["qlike"]! > 0 && !("baseline_har_x_qlike" in metrics));
  assertEquals(found.warnings.map(({ code }) => code), ["not-measured"]);
});

Deno.test("rows of the training are forecast again as the version forecasts them, also by windows of minutes", async () => {
  for (const engine of [defaultFeatureEngine(), windowFeatureEngine()]) {
    const model = new SpecForecastModel(liveSpec({ engine }));
    const { training } = await yardstickOf({ modelOf: () => Promise.resolve(model) })({
      ...{ name: "m", version: "1", horizonMinutes: 15, decisionTimeMs: new Float64Array(0) },
      series: { exchange: "binance", symbol: "BTC/USDT", interval: "1m" },
    });
    const rows = Int32Array.of(3000, 3001, 9000), { decisionTimeMs, featureNames, featureAt } = training!;
    assertEquals([decisionTimeMs[0], decisionTimeMs.at(-1)], [START + 61 * MINUTE_MS, LEARNT_UNTIL - MINUTE_MS]);
    const found = await training!.forecasts(rows);
    const matrix = engine.compute(WALK, { fromMs: decisionTimeMs[3000]! });
    rows.forEach((row, i) => {
      const at = (decisionTimeMs[row]! - matrix.decisionTimeMs[0]!) / MINUTE_MS;
      const { probabilityUp, volatilityBps } = model.predict(
        Float32Array.from(matrix.columns, (column) => column[at]!),
        1,
      );
      assertEquals([found.probabilityUp[i], found.volatilityBps[i]], [probabilityUp[0], volatilityBps[0]]);
      const place = featureNames.indexOf("rv_60");
      assertEquals(featureAt(place, row), matrix.columns[matrix.names.indexOf("rv_60")]![at]);
    });
  }
});

Deno.test("a store that is busy breaks the look off: without baselines alerts would be taken for over", async () => {
  await using tmp = await tmpDir();
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: endOf(WALK) - 100 * MINUTE_MS });
  const store = storeOf(), busy = new DomainError("store-busy", "The store is held");
  const yardstick = yardstickOf({ store: { ...store, loadCandles: () => Promise.reject(busy) } });
  const error = await assertRejects(() => findings(tmp.path, { store, yardstick }), DomainError);
  assertEquals(error.code, "store-busy");
});

Deno.test("rows that a version learnt from are never scored with it; of a version that is gone nothing is known", async () => {
  await using tmp = await tmpDir();
  const fromMs = LEARNT_UNTIL - 30 * MINUTE_MS;
  const logged = await logForecasts(tmp.path, MODEL, until(0), { fromMs });
  const { skill: { "bitcoin-model/1": skill }, warnings } = await findings(tmp.path);
  assert(skill !== undefined);
  assertEquals(warnings.map(({ code }) => code), ["learnt-from"]);
  assertEquals([skill.learnt, skill.scored], [30, logged - 30]);
  assertEquals(skill.from, new Date(LEARNT_UNTIL).toISOString().replace(".000", ""));
  const gone = await findings(tmp.path, {
    version: () => Promise.resolve(undefined),
    yardstick: yardstickOf({ modelOf: () => Promise.resolve(undefined) }),
  });
  const unknown = gone.skill["bitcoin-model/1"]!;
  assertEquals([unknown.learnt, unknown.scored, gone.drift], [0, logged, []]);
  assert(unknown.metrics["baseline_har_x_qlike"]! > 0, "baselines are fitted before the first day of the log");
  assertEquals(gone.warnings.map(({ code }) => code), ["not-measured"]);
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
  assertEquals(found.log.repeated, 61);
  const one = await findings(tmp.path, {}, { only: { name: "bitcoin-model", version: "2" } });
  assertEquals(Object.keys(one.skill), ["bitcoin-model/2"]);
  const part = await findings(tmp.path, {}, { sinceMs: fromMs + 10 * MINUTE_MS, untilMs: fromMs + 20 * MINUTE_MS });
  assertEquals(part.skill["bitcoin-model/1"]!.forecasts, 10);
});

Deno.test("an alias is scored by the version that held it at each decision time", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 120 * MINUTE_MS, movedMs = fromMs + 40 * MINUTE_MS;
  await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs, version: "2", scale: 3 });
  const holdings: AliasHolding[] = [
    { alias: "production", version: "1", fromMs: -Infinity, untilMs: movedMs },
    { alias: "production", version: "2", fromMs: movedMs, untilMs: Infinity },
    { alias: "challenger", version: "2", fromMs: -Infinity, untilMs: Infinity },
    { alias: "unused", version: "9", fromMs: -Infinity, untilMs: Infinity },
  ];
  const found = await findings(tmp.path, { holdings: () => Promise.resolve(holdings) });
  assertEquals(Object.keys(found.aliases), ["bitcoin-model@challenger", "bitcoin-model@production"]);
  const production = found.aliases["bitcoin-model@production"]!,
    challenger = found.aliases["bitcoin-model@challenger"]!;
  assertEquals([production.scored, production.versions, challenger.versions], [106, ["1", "2"], ["2"]]);
  assertEquals(challenger.metrics, found.skill["bitcoin-model/2"]!.metrics);
  // Log-loss is a mean over rows: of the forty before the move by one version, and of the others by the other.
  const before = await findings(tmp.path, {}, { untilMs: movedMs }),
    after = await findings(tmp.path, {}, { sinceMs: movedMs });
  const mean = (40 * before.skill["bitcoin-model/1"]!.metrics["pinball"]! +
    66 * after.skill["bitcoin-model/2"]!.metrics["pinball"]!) / 106;
  assertAlmostEquals(production.metrics["pinball"]!, mean, 1e-9);
  assert("baseline_har_x_qlike" in production.metrics);
  assertEquals(Object.values(found.skill).map(({ aliases }) => aliases), [[], ["production", "challenger"]]);
});

Deno.test("a missing minute makes its forecasts unjoinable, and no store makes all of them pending", async () => {
  await using tmp = await tmpDir();
  const fromMs = endOf(WALK) - 100 * MINUTE_MS;
  const logged = await logForecasts(tmp.path, MODEL, WALK, { fromMs });
  const hole = WALK.length - 50;
  const holed = concatCandles([sliceCandles(WALK, 0, hole), sliceCandles(WALK, hole + 1, WALK.length)]);
  const found = await findings(tmp.path, { store: storeOf(holed) });
  // The minute is in the labels of fifteen decision times, the close before a sixteenth, and within the closes that the
  // evaluation wants behind a scored row for all that follow.
  const scored = hole - 15 - (fromMs - START) / MINUTE_MS + 1;
  assertEquals([found.scored, found.pending], [scored, 15]);
  assertEquals(found.unjoinable, logged - 15 - scored);
  const blind = await findings(tmp.path, { store: undefined });
  assertEquals([blind.scored, blind.pending], [0, logged]);
  assertEquals(blind.skill["bitcoin-model/1"]!.metrics, {});
  const empty = await findings(tmp.path, { store: storeOf(sliceCandles(WALK, 0, 0)) });
  assertEquals([empty.scored, empty.pending, empty.drift.length > 0], [0, logged, true]);
  const early = await findings(tmp.path, { store: storeOf(until(2)) });
  assertEquals([early.scored, early.pending, early.unjoinable], [0, logged, 0]);
});

Deno.test("after five full days there are intervals, and alerts for what is truly bad alone", async () => {
  await using tmp = await tmpDir();
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: LIVE });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: LIVE, version: "2", scale: 8 });
  const other = SHAPES.map((shape) =>
    shape.feature === "return_1" ? { ...shape, edges: shape.edges.map((edge) => edge + 50) } : shape
  );
  const known = (shapes: typeof SHAPES) => ({ learntUntilMs: LEARNT_UNTIL, featureNames: FEATURES.names, shapes });
  const holdings: AliasHolding[] = [
    { alias: "production", version: "1", fromMs: -Infinity, untilMs: LIVE },
    { alias: "production", version: "2", fromMs: LIVE, untilMs: Infinity },
  ];
  const found = await findings(tmp.path, {
    version: (_, version) => Promise.resolve(known(version === "1" ? SHAPES : other)),
    holdings: () => Promise.resolve(holdings),
  });
  const [good, bad] = [found.skill["bitcoin-model/1"]!, found.skill["bitcoin-model/2"]!];
  // The last day waits for the labels of its last quarter of an hour.
  assertEquals([good.fullDays, bad.fullDays], [6, 6]);
  for (const metric of ["qlike", "log_loss", "pinball", "accuracy", "coverage_90", "qlike_gain_har_x"]) {
    const [low, mean, high] = ["_low", "", "_high"].map((end) => good.metrics[metric + end]!);
    assert(low! < mean! && mean! < high!, metric);
  }
  assert(good.estimated!.bounds!.accuracy[0] < good.estimated!.accuracy);
  const codes = (version: string) => found.alerts.filter((alert) => alert.version === version).map(({ code }) => code);
  assertEquals(codes("2"), ["coverage-off", "volatility-worse", "quantiles-worse", "features-drifted"]);
  assertEquals(bad.verdict, "alert");
  assert(!codes("1").includes("features-drifted"), JSON.stringify(found.drift.slice(0, 3)));
  const commandOf = (code: string) =>
    found.alerts.find((alert) => alert.code === code && alert.version === "2")!.command;
  assert(
    commandOf("volatility-worse").startsWith("task register -- --rollback --name bitcoin-model --alias production"),
  );
  assertEquals(commandOf("coverage-off"), "task track -- --horizon 15");
  assertEquals(found.drift.filter(({ version, drifted }) => version === "2" && drifted).map(({ feature }) => feature), [
    "return_1",
  ]);
  assert(!found.drift.some(({ feature }) => feature.startsWith("week_")));
  // A record from beyond the candles, as of a clock that jumped, silences nothing.
  const folder = `${tmp.path}/one-1`, [first] = await Array.fromAsync(Deno.readDir(folder));
  const [line] = (await Deno.readTextFile(`${folder}/${first!.name}`)).split("\n");
  await Deno.mkdir(`${tmp.path}/odd`);
  const odd = line!.replace(/"decisionTime":"[^"]+"/, '"decisionTime":"2031-01-01T00:00:00Z"');
  await Deno.writeTextFile(`${tmp.path}/odd/2031-01-01-1.jsonl`, `${odd}\n`);
  const jumped = await findings(tmp.path);
  assertEquals(jumped.skill["bitcoin-model/1"]!.pending, good.pending + 1);
  assert(jumped.alerts.some(({ version, code }) => version === "2" && code === "volatility-worse"));
  // What stopped serving days ago raises nothing more; fewer days say nothing at all.
  const retired = await findings(tmp.path, {}, {
    only: { name: "bitcoin-model", version: "2" },
    untilMs: LIVE + 6 * DAY_MS,
  });
  assertEquals(retired.skill["bitcoin-model/2"]!.verdict, "alert");
  const early = await findings(tmp.path, { store: storeOf(until(4)) });
  assertEquals([early.skill["bitcoin-model/2"]!.verdict, early.alerts], ["insufficient", []]);
});

Deno.test("at a day's horizon volatility and coverage alone raise alarms, as at the gate", () => {
  const worse = (metric: string, baseline: string) => ({
    [`${metric}_gain_${baseline}`]: -1,
    [`${metric}_gain_${baseline}_low`]: -2,
    [`${metric}_gain_${baseline}_high`]: -0.9,
  });
  const metrics = {
    ...{ ...worse("qlike", "har_x"), ...worse("log_loss", "climatology"), ...worse("pinball", "har_x") },
    baseline_har_x_pinball: 4,
  };
  const codesAt = (horizonMinutes: number) =>
    alertsOf({ name: "m", version: "1", horizonMinutes, metrics }, {
      ...{ drift: [], holdings: [], limits: MODEL_CONFIG_SCHEMA.parse({}).gate },
    }).map(({ code }) => code);
  assertEquals(codesAt(15), ["volatility-worse", "direction-worse", "quantiles-worse"]);
  assertEquals(codesAt(1440), ["volatility-worse"]);
});

Deno.test("alertsOf() needs a whole interval beyond the gate's margin", () => {
  const codes = (metrics: Record<string, number>) =>
    alertsOf({ name: "m", version: "1", horizonMinutes: 15, metrics }, {
      ...{ drift: [], holdings: [], limits: MODEL_CONFIG_SCHEMA.parse({}).gate },
    }).map(({ code }) => code);
  assertEquals(codes({}), []);
  assertEquals(codes({ coverage_90: 0.8, coverage_90_low: 0.76, coverage_90_high: 0.849 }), ["coverage-off"]);
  assertEquals(codes({ coverage_90: 0.84, coverage_90_low: 0.8, coverage_90_high: 0.88 }), []);
  assertEquals(codes({ coverage_90: 0.97, coverage_90_low: 0.951, coverage_90_high: 0.98 }), ["coverage-off"]);
  const gain = (high: number) => ({ qlike_gain_har_x: -1, qlike_gain_har_x_low: -2, qlike_gain_har_x_high: high });
  assertEquals([codes(gain(-0.011)), codes(gain(-0.009)), codes(gain(0.1))], [["volatility-worse"], [], []]);
  // The better of the two simple directions is the one to keep up with.
  const direction = {
    ...{ baseline_climatology_log_loss: 0.693, baseline_contrarian_log_loss: 0.69 },
    ...{ log_loss_gain_contrarian: -0.01, log_loss_gain_contrarian_low: -0.02, log_loss_gain_contrarian_high: -0.001 },
  };
  assertEquals(codes(direction), ["direction-worse"]);
  assertEquals(codes({ ...direction, baseline_climatology_log_loss: 0.68 }), []);
});

Deno.test("features of the clock alone are known by their names, whichever set they are of", () => {
  for (const { name, lookbackMinutes } of flagshipIndicators()) {
    assertEquals(isCalendarFeature(name), lookbackMinutes === 0, name);
  }
});

Deno.test("scores of no outcome but one are told without the area under the curve", () => {
  const rows = {
    ...{ length: 2, horizonMinutes: 15, decisionTimeMs: Float64Array.of(LIVE, LIVE + MINUTE_MS) },
    returnBps: Float32Array.of(3, 4),
    realizedVarianceBps2: Float32Array.of(100, 90),
  };
  const forecasts = {
    ...{ length: 2, probabilityUp: Float32Array.of(0.5, 0.6), volatilityBps: Float32Array.of(10, 10) },
    quantilesBps: Float32Array.from({ length: 18 }, (_, i) => i % 9 - 4),
  };
  const metrics = SCORING.metrics(rows, forecasts, {}, { intervals: false });
  assert(!("auc" in metrics) && Object.values(metrics).every(Number.isFinite));
});

Deno.test("liveMetrics() notes full days at the run once, and the verdict", async () => {
  await using tmp = await tmpDir();
  const { tracker } = memoryStores();
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: LIVE, runId });
  const at = (days: number) => findings(tmp.path, { store: storeOf(until(days, 15)) });
  const note = async (days: number) => await liveMetrics(tracker, (await at(days)).skill["bitcoin-model/1"]!);
  assertEquals([await note(2), await note(2), await note(4), await note(4)], [2, 0, 2, 0]);
  const { items } = await tracker.metricHistory(runId, "live.qlike");
  assertEquals(items.map(({ step }) => step), [0, 1, 2, 3].map((day) => LIVE / DAY_MS + day));
  const { tags } = await tracker.getRun(runId);
  assertEquals(tags.find(({ key }) => key === "monitor.verdict")?.value, "insufficient");
});

Deno.test("the state keeps full days, also after the log was pruned, and refuses to guess at a damaged file", async () => {
  await using tmp = await tmpDir();
  await logForecasts(`${tmp.path}/log`, MODEL, WALK, { fromMs: LIVE });
  const path = `${tmp.path}/reports/monitoring/state.json`;
  const first = await findings(`${tmp.path}/log`);
  await writeState(path, mergeState(await readState(path), first, 1000));
  const kept = await readState(path);
  assertEquals([kept.days.length, kept.updatedAt], [6, "1970-01-01T00:00:01Z"]);
  const pruned = await findings(`${tmp.path}/log`, {}, { sinceMs: LIVE + 3 * DAY_MS });
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
  assertEquals(parseLine(JSON.stringify({ ...good, decisionTime: "2024-01-01T00:00:01Z" })), undefined, "no minute");
  for (const line of ["", "{", "null", "[]", "1", JSON.stringify(good).slice(0, 60)]) {
    assertEquals(parseLine(line), undefined);
  }
  assertEquals(parseLine(`{"kind":"lost","records":3}`), { kind: "lost", records: 3 });
});
