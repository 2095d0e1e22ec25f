import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import { driftDistances } from "../../../src/monitoring/drift/drift_bands.ts";
import { hourWeights, trainingWindows } from "../../../src/monitoring/drift/training_windows.ts";

const START = Date.UTC(2023, 0, 1);
const minutes = (fromMs: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => fromMs + i * MINUTE_MS);

/**
 * A column of a market: a level that is remembered for hours, and one that each hour of the day has. Read at any time, live
 * or not, it is one series.
 */
function marketColumn(seed: number, days: number) {
  const random = seededRandom(seed), level = new Float64Array(days * 1440);
  for (let i = 1; i < level.length; i++) level[i] = 0.998 * level[i - 1]! + 0.063 * random.normal();
  const hours = Array.from({ length: 24 }, (_, hour) => 2 * Math.sin(hour / 24 * 2 * Math.PI));
  return (ms: number) => level[(ms - START) / MINUTE_MS]! + hours[Math.floor(ms % DAY_MS / 3_600_000)]!;
}

function measure(
  columns: readonly ((ms: number) => number)[],
  trainingMs: Float64Array,
  liveMs: Float64Array,
  shift: (ms: number) => number = () => 0,
) {
  const windows = trainingWindows(liveMs, trainingMs)!;
  return driftDistances(
    columns.map((at) => ({
      live: (row: number) => at(liveMs[row]!) + shift(liveMs[row]!),
      training: (row: number) => at(trainingMs[row]!),
    })),
    windows,
    { liveMs, trainingMs },
  );
}

const isDrifted = ({ psi, psiLimit, wasserstein, wassersteinLimit }: ReturnType<typeof measure>[number]) =>
  psi > psiLimit || wasserstein > wassersteinLimit;

Deno.test("windows lie at the live rows' minutes of the day, within the training span", { permissions: "none" }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 30, max: 4 * 1440 }), (late, count) => {
      const trainingMs = minutes(START, 40 * 1440), liveMs = minutes(START + 40 * DAY_MS + late * MINUTE_MS, count);
      const { live, windows, reference } = trainingWindows(liveMs, trainingMs)!;
      assert(live.length <= 480 && windows.length >= 20 && windows.length <= 100 && reference.length <= 9000);
      assertEquals(live[0], 0, "all of it is taken");
      for (const rows of windows) {
        assertEquals(rows.length, live.length);
        const behindMs = liveMs[live[0]!]! - trainingMs[rows[0]!]!;
        assertEquals(behindMs % DAY_MS, 0);
        rows.forEach((row, i) => assertEquals(liveMs[live[i]!]! - trainingMs[row]!, behindMs));
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("no band is told where too few windows fit, and only the newest rows are held against a short span", {
  permissions: "none",
}, () => {
  const live = minutes(START + 40 * DAY_MS, 2 * 1440);
  assertEquals(trainingWindows(live, minutes(START, 10 * 1440)), undefined);
  assertEquals(trainingWindows(new Float64Array(0), live), undefined);
  assertEquals(trainingWindows(live, new Float64Array(0)), undefined);
  const long = minutes(START + 60 * DAY_MS, 30 * 1440), found = trainingWindows(long, minutes(START, 60 * 1440))!;
  assertAlmostEquals(long.at(-1)! - long[found.live[0]!]!, 10 * DAY_MS, DAY_MS / 10);
});

Deno.test(
  "hourWeights() give the reference the window's hours, and a window's own rows none",
  { permissions: "none" },
  () => {
    const reference = minutes(START, 10 * 1440), window = minutes(START + 2 * DAY_MS + 60 * MINUTE_MS, 150);
    const weights = hourWeights(reference, window);
    const share = (hour: number) => {
      let sum = 0, total = 0;
      reference.forEach((ms, row) => {
        total += weights[row]!;
        if (ms % DAY_MS >= hour * 3_600_000 && ms % DAY_MS < (hour + 1) * 3_600_000) sum += weights[row]!;
      });
      return sum / total;
    };
    assertAlmostEquals(share(1), 60 / 150, 1e-12);
    assertAlmostEquals(share(3), 30 / 150, 1e-12);
    assertEquals(share(0), 0);
    reference.forEach((ms, row) => {
      if (ms >= window[0]! && ms <= window.at(-1)!) assertEquals(weights[row], 0);
    });
  },
);

Deno.test("neither half a day nor a week of the same market is called drift, and a moved one is", {
  permissions: "none",
}, () => {
  let calm = 0, asked = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const columns = Array.from({ length: 6 }, (_, i) => marketColumn(100 * seed + i, 75));
    const trainingMs = minutes(START, 60 * 1440);
    for (const [fromMs, count] of [[60.5 * DAY_MS, 720], [61 * DAY_MS, 7 * 1440]] as const) {
      const liveMs = minutes(START + fromMs, count);
      asked++;
      if (!measure(columns, trainingMs, liveMs).some(isDrifted)) calm++;
      const moved = measure(columns, trainingMs, liveMs, () => 6);
      assert(moved.every(isDrifted), `seed ${seed}: ${JSON.stringify(moved)}`);
    }
  }
  // One in twenty may be called drift, as one window of the training rows in twenty is.
  assert(calm >= asked - 4, `${calm} of ${asked} were let through`);
  // Held against all hours of the day, half a day of them is far out: it is the hours that tell it from drift.
  const [column] = [marketColumn(100, 75)], half = minutes(START + 60.5 * DAY_MS, 720);
  const mean = (times: Float64Array) => times.reduce((sum, ms) => sum + column(ms) / times.length, 0);
  assert(Math.abs(mean(half) - mean(minutes(START, 60 * 1440))) > 1);
});

Deno.test("a column that never moves has no band, and any other value is drift", { permissions: "none" }, () => {
  const trainingMs = minutes(START, 40 * 1440), liveMs = minutes(START + 41 * DAY_MS, 1440);
  const [same, other, gone, back] = [() => 0, () => 1, () => NaN, () => 0].map((at, i) =>
    driftDistances(
      [{ live: at, training: () => i === 3 ? NaN : 0 }],
      trainingWindows(liveMs, trainingMs)!,
      { liveMs, trainingMs },
    )[0]!
  );
  assertEquals([same!.wasserstein, isDrifted(same!)], [0, false]);
  assertEquals([other!.wasserstein, isDrifted(other!)], [Infinity, true]);
  assert(gone!.psi > gone!.psiLimit && Number.isNaN(gone!.wasserstein), "values that went missing are drift");
  assert(back!.psi > back!.psiLimit, "and those that came up");
});
