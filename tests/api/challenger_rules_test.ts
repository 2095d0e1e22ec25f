import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { MINUTE_MS, seededRandom } from "../../src/core/mod.ts";
import { isInShare } from "../../src/api/challenger/canary_key.ts";
import { ConfidenceSequence } from "../../src/api/challenger/confidence_sequence.ts";
import { ErrorWatch, wilsonLowerBound } from "../../src/api/challenger/error_watch.ts";
import { SkillWatch } from "../../src/api/challenger/skill_watch.ts";
import type { ScoredMinute } from "../../src/api/skill/realised_skill.ts";

Deno.test("isInShare() is the first 32 bits of SHA-256, even over keys, and grows with the share", {
  permissions: "none",
}, () => {
  // printf abc | sha256sum: ba7816bf…
  const abc = 0xba7816bf / 2 ** 32;
  assertEquals([isInShare("abc", abc), isInShare("abc", abc + 1e-9)], [false, true]);
  const keys = Array.from({ length: 20_000 }, (_, i) => `client-${i}`);
  for (const share of [0.01, 0.1, 0.5]) {
    const inside = keys.filter((key) => isInShare(key, share)).length;
    const sigma = Math.sqrt(keys.length * share * (1 - share));
    assert(Math.abs(inside - keys.length * share) < 4 * sigma, `${inside} at ${share}`);
  }
  assert(keys.every((key) => !isInShare(key, 0.1) || isInShare(key, 0.5)));
  assertEquals([keys.some((key) => isInShare(key, 0)), keys.every((key) => isInShare(key, 1))], [false, true]);
});

Deno.test("wilsonLowerBound() is Wilson's, by the example of R's prop.test(15, 50, correct = FALSE)", {
  permissions: "none",
}, () => {
  assertAlmostEquals(wilsonLowerBound(15, 50), 0.191038, 1e-5);
  assertEquals(wilsonLowerBound(0, 10) < 1e-12, true);
});

Deno.test("ErrorWatch stops a share of failures that is surely too large, and bears what may be chance", {
  permissions: "none",
}, () => {
  const run = (failures: readonly boolean[]) => {
    const watch = new ErrorWatch({ maxErrorShare: 0.05, minCalls: 20 });
    return failures.findIndex((failed) => watch.note(failed) !== undefined);
  };
  assertEquals(run(new Array(30).fill(true)), 19, "all fail: after minCalls");
  assertEquals(run(Array.from({ length: 200 }, (_, i) => i % 20 === 0)), -1, "one in twenty is borne");
  const half = run(Array.from({ length: 200 }, (_, i) => i % 2 === 0));
  assert(half >= 19 && half < 40, String(half));
  const broke = run(Array.from({ length: 400 }, (_, i) => i > 300));
  assert(broke > 300 && broke < 330, "one that breaks late is noticed within a few calls");
});

/** First look at which the lower bound is above zero, or −1. */
function firstStop(values: Iterable<number>): number {
  const sequence = new ConfidenceSequence(0.025);
  let at = 0;
  for (const value of values) {
    sequence.add(value);
    if (sequence.bounds().low > 0) return at;
    at++;
  }
  return -1;
}

Deno.test("ConfidenceSequence: looked at after each of 500 values, noise stops nearly none of 400, an effect all", {
  permissions: "none",
}, () => {
  const random = seededRandom(7);
  const draws = (mean: number) => Array.from({ length: 500 }, () => mean + random.normal());
  const falseStops = Array.from({ length: 400 }, () => firstStop(draws(0))).filter((at) => at >= 0).length;
  // One side of alpha = .025, with three standard errors of 400 trials.
  assert(falseStops <= 400 * (0.025 + 3 * Math.sqrt(0.025 * 0.975 / 400)), `${falseStops} of 400`);
  const stops = Array.from({ length: 100 }, () => firstStop(draws(0.5)));
  assert(stops.every((at) => at >= 0), "half a standard deviation is found");
  assert(stops.toSorted((a, b) => a - b)[50]! < 80, "in two or three days of hours");
  // An ordinary 97.5 % bound at each look, for comparison: what this is here to prevent.
  const naive = Array.from({ length: 400 }, () => {
    let sum = 0, squares = 0;
    return draws(0).some((value, i) => {
      sum += value;
      squares += value * value;
      const n = i + 1, mean = sum / n;
      return n >= 12 && mean - 1.96 * Math.sqrt((squares / n - mean * mean) / n) > 0;
    });
  }).filter(Boolean).length;
  assert(naive > 3 * falseStops && naive > 40, `${naive} of 400`);
});

Deno.test("ConfidenceSequence's bounds are those of the theorem", { permissions: "none" }, () => {
  const sequence = new ConfidenceSequence(0.05), values = Array.from({ length: 20 }, (_, i) => Math.sin(i));
  for (const value of values.slice(0, 11)) sequence.add(value);
  assertEquals(sequence.bounds().low, -Infinity);
  for (const value of values.slice(11)) sequence.add(value);
  const mean = values.reduce((a, b) => a + b) / 20;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 20);
  const rho2 = (-2 * Math.log(0.05) + Math.log(-2 * Math.log(0.05) + 1)) / 48, t = 20;
  const half = sd * Math.sqrt(2 * (t * rho2 + 1) / (t * t * rho2) * Math.log(Math.sqrt(t * rho2 + 1) / 0.05));
  const { low, high, count } = sequence.bounds();
  assertEquals(count, 20);
  assertAlmostEquals(low, mean - half, 1e-12);
  assertAlmostEquals(high, mean + half, 1e-12);
});

const model = (version: string) => ({ name: "m", version, alias: null, runId: "", horizonMinutes: 15 });

function minuteOf(version: string, minute: number, logLoss: number, qlike: number): ScoredMinute {
  return { model: model(version), decisionTimeMs: minute * MINUTE_MS, logLoss, qlike, isCovered: true };
}

Deno.test("SkillWatch pairs minutes of the two versions in any order and averages blocks of an hour", {
  permissions: "none",
}, () => {
  const watch = new SkillWatch({ champion: "1", challenger: "2" }, 15);
  for (let minute = 0; minute < 13 * 60; minute++) {
    const hour = Math.floor(minute / 60);
    const pair = [minuteOf("1", minute, 0.7, 1), minuteOf("2", minute, 0.7 - 0.01 * (minute % 2), 1.5 + hour / 100)];
    watch.add(minute % 3 === 0 ? pair.toReversed() : pair);
    watch.add([minuteOf("9", minute, 99, 99)]);
  }
  assertEquals(watch.bounds("qlike").count, 12, "the thirteenth is not full yet");
  assertAlmostEquals(watch.bounds("qlike").mean, 0.555, 1e-9);
  assertAlmostEquals(watch.bounds("logLoss").mean, -0.005, 1e-9);
  assert(watch.verdict!.includes("QLIKE"));
});

Deno.test("SkillWatch leaves out blocks of which less than half was seen, and ties of direction", {
  permissions: "none",
}, () => {
  const watch = new SkillWatch({ champion: "1", challenger: "2" }, 15);
  for (let minute = 0; minute < 20 * 60; minute++) {
    if (Math.floor(minute / 60) % 2 === 0 && minute % 60 > 28) continue;
    const logLoss = minute % 2 === 0 ? NaN : 0.7;
    watch.add([minuteOf("1", minute, logLoss, 1), minuteOf("2", minute, logLoss, 1)]);
  }
  assertEquals(watch.bounds("qlike").count, 9, "ten odd hours, the last still open");
  assertEquals(watch.bounds("logLoss").count, 9, "thirty of sixty minutes moved");
  assertEquals(watch.verdict, undefined);
});
