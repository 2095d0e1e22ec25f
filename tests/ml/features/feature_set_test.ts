import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CANDLE_FIELDS, type CandleColumns, MINUTE_MS, sliceCandles } from "../../../src/core/mod.ts";
import {
  defaultFeatureEngine,
  featureEngines,
  FeatureSet,
  flagshipFeatureSet,
  MinuteGrid,
  windowFeatureEngine,
  windowOf,
} from "../../../src/ml/features/mod.ts";
import { flagshipIndicators } from "../../../src/ml/features/flagship.ts";
import { windowIndicators } from "../../../src/ml/features/window.ts";
import { randomCandles } from "../candles.ts";
import { naiveFeatures } from "./naive_features.ts";
import { roughCandles } from "./rough_candles.ts";
import { assertSameRows, valueOf } from "./same_rows.ts";

const ENGINES = [...featureEngines(), flagshipFeatureSet()];
const PURE = { permissions: "none" } as const;
const WITH_HOLES = randomCandles(35_000, {
  seed: 3,
  startMs: Date.UTC(2023, 2, 1, 0, 17),
  missing: (i) => (i > 5_000 && i < 5_080) || (i > 20_000 && i < 20_900) || i % 4_999 === 0,
});

/** A test of every shipped set. */
function testSets(name: string, test: (engine: typeof ENGINES[number]) => void): void {
  for (const engine of ENGINES) {
    Deno.test(`FeatureSet '${engine.name}' ${name}`, { permissions: "none" }, () => test(engine));
  }
}

function assertDefined(engine: typeof ENGINES[number], candles: CandleColumns, rows: readonly number[]): void {
  const matrix = engine.compute(candles);
  assertEquals(matrix.length, candles.length);
  for (const row of rows) {
    const wantedOf = naiveFeatures(candles, matrix.decisionTimeMs[row]!);
    engine.names.forEach((name, j) => {
      const actual = matrix.columns[j]![row]!, wanted = wantedOf(name);
      assertEquals(Number.isNaN(actual), Number.isNaN(wanted), `${name} at row ${row}: ${actual}, ${wanted}`);
      if (Number.isNaN(wanted)) return;
      assertAlmostEquals(actual, wanted, 1e-6 * Math.max(1, Math.abs(wanted)), `${name} at row ${row}`);
      assertEquals(actual, Math.fround(actual));
    });
  }
}

testSets("agrees with the definitions written out", (engine) => {
  const rows = [0, 1, 5, 59, 60, 61, 400, 719, 720, 1440, 4_985, 5_000, 5_040, 5_061, 19_990, 19_999, 20_030, 30_000];
  assertDefined(engine, WITH_HOLES, [...rows, 32_000, WITH_HOLES.length - 1]);
});

testSets("agrees with them on zero volume, flat prices and unknown columns too", (engine) => {
  fc.assert(
    fc.property(roughCandles(), fc.nat(), (candles, pick) => {
      assertDefined(engine, candles, [candles.length - 1, pick % candles.length]);
    }),
    { numRuns: 15, seed: 4 },
  );
});

testSets("agrees with them where nothing ever moves or trades, and every value is a number", (engine) => {
  const still = randomCandles(33_200);
  for (const field of ["open", "high", "low", "close"] as const) still[field].fill(27_450);
  for (const field of ["volume", "quoteVolume", "tradeCount", "takerBuyBaseVolume"] as const) still[field].fill(0);
  assertDefined(engine, still, [still.length - 1]);
  const matrix = engine.compute(still);
  for (const name of engine.names) assert(Number.isFinite(valueOf(matrix, name, still.length - 1)), name);
});

testSets("ignores the future: a prefix gives the prefix", (engine) => {
  const all = engine.compute(WITH_HOLES);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: WITH_HOLES.length }), (cut) => {
      assertSameRows(all, engine.compute(sliceCandles(WITH_HOLES, 0, cut)), 0, cut);
    }),
    { numRuns: 8, seed: 5 },
  );
});

testSets("ignores the future: no change of a candle from t on moves anything at t", (engine) => {
  const all = engine.compute(WITH_HOLES);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: WITH_HOLES.length - 1 }),
      fc.constantFrom(...CANDLE_FIELDS.filter((field) => field !== "openTimeMs")),
      fc.constantFrom(0.5, 3),
      (cut, field, factor) => {
        const changed = { ...WITH_HOLES, [field]: WITH_HOLES[field].slice() };
        for (let i = cut; i < changed.length; i++) changed[field][i]! *= factor;
        const matrix = engine.compute(changed);
        const columns = matrix.columns.map((column) => column.subarray(0, cut));
        assertSameRows(all, { ...matrix, length: cut, columns }, 0, cut);
      },
    ),
    { numRuns: 8, seed: 14 },
  );
});

testSets("agrees to the bit wherever the candles begin", (engine) => {
  const all = engine.compute(WITH_HOLES);
  const span = engine.lookbackMinutes;
  fc.assert(
    fc.property(
      fc.integer({ min: span, max: WITH_HOLES.length - 1 }),
      fc.integer({ min: 0, max: 90 }),
      (row, spare) => {
        const decisionMs = WITH_HOLES.openTimeMs[row]! + MINUTE_MS;
        const fromMs = decisionMs - (span + spare) * MINUTE_MS;
        const first = WITH_HOLES.openTimeMs.findIndex((ms) => ms >= fromMs);
        const part = engine.compute(sliceCandles(WITH_HOLES, first, row + 1), { fromMs: decisionMs });
        assertEquals(part.length, 1);
        assertSameRows(all, part, row, row + 1);
      },
    ),
    { numRuns: 30, seed: 6 },
  );
});

Deno.test("every indicator keeps to its own lookbackMinutes", { permissions: "none" }, () => {
  const rows = [20_970, 21_700, 33_000, WITH_HOLES.length - 1];
  const indicators = [...flagshipIndicators(), ...windowIndicators()];
  const all = new FeatureSet("both", indicators).compute(WITH_HOLES);
  indicators.forEach((indicator, j) => {
    const alone = new FeatureSet("alone", [indicator]);
    for (const row of rows) {
      const decisionMs = all.decisionTimeMs[row]!;
      const fromMs = decisionMs - Math.max(1, indicator.lookbackMinutes) * MINUTE_MS;
      const first = WITH_HOLES.openTimeMs.findIndex((ms) => ms >= fromMs);
      const part = alone.compute(sliceCandles(WITH_HOLES, first, row + 1), { fromMs: decisionMs });
      assertEquals(part.columns[0]![0], all.columns[j]![row], `${indicator.name} at row ${row}`);
    }
  });
});

testSets("calls a return across a gap missing, not a jump", (engine) => {
  const candles = randomCandles(400, { missing: (i) => i >= 200 && i < 210 });
  const matrix = engine.compute(candles);
  const at = 200; // the first candle after the gap
  assertEquals(candles.openTimeMs[at]! - candles.openTimeMs[at - 1]!, 11 * MINUTE_MS);
  assert(Number.isNaN(valueOf(matrix, "return_1", at)));
  assert(!Number.isNaN(valueOf(matrix, "return_1", at + 1)));
  assert(Number.isNaN(valueOf(matrix, "return_60", at + 59)));
  assert(!Number.isNaN(valueOf(matrix, "return_60", at + 60)));
  const long = engine.name === "flagship" ? "return_z_240" : "return_240";
  assert(!Number.isNaN(valueOf(matrix, long, at + 59)));
});

testSets("tells missing taker volume and trade counts", (engine) => {
  const candles: CandleColumns = randomCandles(3_000);
  candles.takerBuyBaseVolume.fill(NaN);
  candles.tradeCount.fill(-2147483648);
  const matrix = engine.compute(candles);
  engine.names.forEach((name, j) => {
    const missing = Number.isNaN(matrix.columns[j]![2_999]!);
    const long = /_(7200|10080|31680)$|_(relative|ahead)_/.test(name);
    assertEquals(missing, /^(taker|trade)/.test(name) || long, name);
    if (missing) assert(engine.nullable[j], `${name} is nullable`);
  });
});

testSets("gives no row without candles and one with one", (engine) => {
  assertEquals(engine.compute(randomCandles(0)).length, 0);
  const one = engine.compute(randomCandles(1));
  assertEquals(one.length, 1);
  assertEquals(one.decisionTimeMs[0], Date.UTC(2023, 2, 1, 0, 1));
  assert(Number.isNaN(valueOf(one, "return_1", 0)));
});

testSets("lacks only what it calls nullable where the last 61 closes exist", (engine) => {
  const bare = { ...WITH_HOLES, quoteVolume: WITH_HOLES.quoteVolume.map(() => NaN) };
  const matrix = engine.compute(bare), { openTimeMs } = bare;
  engine.names.forEach((name, j) => {
    if (engine.nullable[j]) return;
    for (let row = 60; row < matrix.length; row++) {
      if (openTimeMs[row]! - openTimeMs[row - 60]! !== 60 * MINUTE_MS) continue;
      if (Number.isNaN(matrix.columns[j]![row]!)) throw new Error(`${name} is missing at row ${row}`);
    }
  });
});

for (const engine of ENGINES) {
  Deno.test(
    `FeatureSet '${engine.name}' has the digest and the values of a frozen fixture`,
    { permissions: { read: true } },
    async () => {
      const fixture = new URL(`./${engine.name}_fixture.json`, import.meta.url);
      const frozen = JSON.parse(await Deno.readTextFile(fixture));
      assertEquals(engine.digest, frozen.digest, "a change of meaning bumps definitionVersion and renews the fixture");
      assertEquals([...engine.names], Object.keys(frozen.values));
      const matrix = engine.compute(randomCandles(34_000, { seed: 11 }));
      const values = Object.fromEntries(engine.names.map((name) => [name, valueOf(matrix, name, 33_999)]));
      assertEquals(values, frozen.values, "values changed while definitionVersion did not");
    },
  );
}

Deno.test("window.computeAt() of any rows is that of all rows, its base columns given or not", PURE, () => {
  const base = defaultFeatureEngine().compute(WITH_HOLES), set = windowFeatureEngine(), all = set.compute(WITH_HOLES);
  const grid = new MinuteGrid(WITH_HOLES), rows = Int32Array.from([0, 70, 5_001, 19_999, 20_030, 30_000]);
  const times = Float64Array.from(rows, (row) => base.decisionTimeMs[row]!);
  const known = new Map(
    base.names.map((name, j) => [name, Float32Array.from(rows, (row) => base.columns[j]![row]!)]),
  );
  for (const part of [set.computeAt(grid, times), set.computeAt(grid, times, known)]) {
    rows.forEach((row, i) =>
      set.names.forEach((name, j) => assertEquals(part.columns[j]![i], all.columns[j]![row], `${name} at ${row}`))
    );
  }
});

Deno.test(
  "a window has four values of each minute, the oldest first, and scored rows have all but taker volume",
  PURE,
  () => {
    const base = defaultFeatureEngine(), { names, nullable } = windowFeatureEngine(), window = windowOf(names)!;
    assertEquals(window, { start: base.names.length, steps: 60, channels: 4 });
    assertEquals(windowOf(base.names), undefined);
    assertEquals(names.slice(0, window.start), base.names);
    const channels = ["relative_return", "log_range", "taker_imbalance", "relative_log_volume"];
    for (let step = 0; step < 60; step++) {
      const at = window.start + 4 * step;
      assertEquals(names.slice(at, at + 4), channels.map((channel) => `${channel}@${59 - step}`));
      assertEquals(nullable.slice(at, at + 4), [false, false, true, false]);
    }
    assertEquals(names.length, window.start + 240);
    const silent = randomCandles(200, { seed: 8 });
    silent.takerBuyBaseVolume.fill(NaN);
    silent.volume[150] = 0;
    const { columns } = windowFeatureEngine().compute(silent);
    columns.slice(window.start).forEach((values, i) => {
      const name = names[window.start + i]!;
      for (const row of [61, 150, 199]) {
        assertEquals(Number.isNaN(values[row]), name.startsWith("taker"), `${name} at ${row}`);
      }
    });
  },
);
