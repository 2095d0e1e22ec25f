import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type CandleColumns, MINUTE_MS, sliceCandles } from "../../../src/core/mod.ts";
import {
  defaultFeatureEngine,
  featureEngines,
  MinuteGrid,
  windowFeatureEngine,
  windowOf,
} from "../../../src/ml/features/mod.ts";
import { randomCandles } from "../candles.ts";
import { naiveFeatures } from "./naive_features.ts";
import { assertSameRows, valueOf } from "./same_rows.ts";

const engine = defaultFeatureEngine();
const PURE = { permissions: "none" } as const;
const WITH_HOLES = randomCandles(35_000, {
  seed: 3,
  startMs: Date.UTC(2023, 2, 1, 0, 17),
  missing: (i) => (i > 5_000 && i < 5_080) || (i > 20_000 && i < 20_900) || i % 4_999 === 0,
});

for (const engine of featureEngines()) {
  Deno.test(`${engine.name}.compute() agrees with the definitions written out`, { permissions: "none" }, () => {
    const matrix = engine.compute(WITH_HOLES);
    assertEquals(matrix.length, WITH_HOLES.length);
    const rows = [0, 1, 5, 59, 60, 61, 400, 719, 720, 1440, 4_985, 5_000, 5_040, 5_061, 19_990, 19_999, 20_030, 30_000];
    for (const row of [...rows, matrix.length - 1]) {
      const expected = naiveFeatures(WITH_HOLES, matrix.decisionTimeMs[row]!);
      engine.names.forEach((name, j) => {
        const actual = matrix.columns[j]![row]!, wanted = expected[name]!;
        assertEquals(Number.isNaN(actual), Number.isNaN(wanted), `${name} at row ${row}: ${actual}, ${wanted}`);
        if (Number.isNaN(wanted)) return;
        assertAlmostEquals(actual, wanted, 1e-6 * Math.max(1, Math.abs(wanted)), `${name} at row ${row}`);
        assertEquals(actual, Math.fround(actual));
      });
    }
  });

  Deno.test(`${engine.name}.compute() ignores the future: a prefix gives the prefix`, { permissions: "none" }, () => {
    const all = engine.compute(WITH_HOLES);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: WITH_HOLES.length }), (cut) => {
        const part = engine.compute(sliceCandles(WITH_HOLES, 0, cut));
        assertSameRows(all, part, 0, cut);
      }),
      { numRuns: engine.name === "base" ? 15 : 4, seed: 5 },
    );
  });

  Deno.test(`${engine.name}.compute() agrees to the bit wherever the candles begin`, { permissions: "none" }, () => {
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

  Deno.test(
    `${engine.name}.compute() keeps to lookbackMinutes: older candles change nothing`,
    { permissions: "none" },
    () => {
      const changed = { ...WITH_HOLES, close: WITH_HOLES.close.slice(), volume: WITH_HOLES.volume.slice() };
      const row = WITH_HOLES.length - 1;
      const decisionMs = WITH_HOLES.openTimeMs[row]! + MINUTE_MS;
      for (let i = 0; i < changed.length; i++) {
        if (changed.openTimeMs[i]! >= decisionMs - engine.lookbackMinutes * MINUTE_MS) break;
        changed.close[i] = changed.close[i]! * (1 + i % 7);
        changed.volume[i] = 1e6;
      }
      assertSameRows(engine.compute(changed), engine.compute(WITH_HOLES, { fromMs: decisionMs }), row, row + 1);
    },
  );
}

Deno.test("FeatureSet.compute() calls a return across a gap missing, not a jump", { permissions: "none" }, () => {
  const candles = randomCandles(400, { missing: (i) => i >= 200 && i < 210 });
  const matrix = engine.compute(candles);
  const at = 200; // the first candle after the gap
  assertEquals(candles.openTimeMs[at]! - candles.openTimeMs[at - 1]!, 11 * MINUTE_MS);
  assert(Number.isNaN(valueOf(matrix, "return_1", at)));
  assert(!Number.isNaN(valueOf(matrix, "return_1", at + 1)));
  assert(Number.isNaN(valueOf(matrix, "return_60", at + 59)));
  assert(!Number.isNaN(valueOf(matrix, "return_60", at + 60)));
  assert(!Number.isNaN(valueOf(matrix, "return_240", at + 59)));
});

Deno.test("FeatureSet.compute() tells missing taker volume and trade counts", { permissions: "none" }, () => {
  const candles: CandleColumns = randomCandles(3_000);
  candles.takerBuyBaseVolume.fill(NaN);
  candles.tradeCount.fill(-2147483648);
  const matrix = engine.compute(candles);
  engine.names.forEach((name, j) => {
    const missing = Number.isNaN(matrix.columns[j]![2_999]!);
    assertEquals(missing, /^(taker|trade)/.test(name) || /_(7200|10080|31680)$/.test(name), name);
    if (missing) assert(engine.nullable[j], `${name} is nullable`);
  });
});

Deno.test("FeatureSet.compute() gives no row without candles and one with one", { permissions: "none" }, () => {
  assertEquals(engine.compute(randomCandles(0)).length, 0);
  const one = engine.compute(randomCandles(1));
  assertEquals(one.length, 1);
  assertEquals(one.decisionTimeMs[0], Date.UTC(2023, 2, 1, 0, 1));
  assert(Number.isNaN(valueOf(one, "return_1", 0)));
});

for (const engine of featureEngines()) {
  const path = new URL(`./${engine.name}_fixture.json`, import.meta.url);

  Deno.test(`${engine.name}.digest is that of a frozen fixture, and so are the values`, {
    permissions: { read: true },
  }, async () => {
    const frozen = JSON.parse(await Deno.readTextFile(path));
    assertEquals(engine.digest, frozen.digest, "a change of meaning bumps definitionVersion and renews the fixture");
    assertEquals([...engine.names], Object.keys(frozen.values));
    const matrix = engine.compute(randomCandles(34_000, { seed: 11 }));
    const values = Object.fromEntries(engine.names.map((name) => [name, valueOf(matrix, name, 33_999)]));
    assertEquals(values, frozen.values, "values changed while definitionVersion did not");
  });
}

Deno.test("window.computeAt() of any rows is that of all rows, its base columns given or not", PURE, () => {
  const base = engine.compute(WITH_HOLES), set = windowFeatureEngine(), all = set.compute(WITH_HOLES);
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
    const { names, nullable } = windowFeatureEngine(), window = windowOf(names)!;
    assertEquals(window, { start: engine.names.length, steps: 60, channels: 4 });
    assertEquals(windowOf(engine.names), undefined);
    assertEquals(names.slice(0, window.start), engine.names);
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
