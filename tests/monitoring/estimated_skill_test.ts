import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../src/core/mod.ts";
import { estimateSkill } from "../../src/monitoring/mod.ts";

const plain = { horizonMinutes: 1, bounds: false };

Deno.test("estimateSkill() is the mean of max(p, 1 − p) and of the entropy", { permissions: "none" }, () => {
  const found = estimateSkill([0.5, 0.6, 0.3], plain)!;
  assertAlmostEquals(found.accuracy, (0.5 + 0.6 + 0.7) / 3, 1e-12);
  const entropy = (p: number) => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  assertAlmostEquals(found.logLoss, (entropy(0.5) + entropy(0.6) + entropy(0.3)) / 3, 1e-12);
  assertEquals([found.rows, found.bounds], [3, null]);
  assertEquals(estimateSkill([], plain), undefined);
  const sure = estimateSkill([0, 1], plain)!;
  assert(sure.accuracy > 0.999999 && sure.logLoss < 1e-5 && Number.isFinite(sure.logLoss));
});

Deno.test(
  "estimateSkill() bounds hold what calibrated outcomes realise, 95 times of 100",
  { permissions: "none" },
  () => {
    const random = seededRandom(3), rows = 400, trials = 500;
    const held = { accuracy: 0, logLoss: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const p = Float64Array.from({ length: rows }, () => 0.3 + 0.4 * random.uniform());
      let right = 0, loss = 0;
      for (const each of p) {
        const up = random.uniform() < each;
        if (up === each > 0.5) right++;
        loss -= Math.log(up ? each : 1 - each);
      }
      const { bounds } = estimateSkill(p, { horizonMinutes: 1, bounds: true })!;
      const within = ([low, high]: readonly [number, number], value: number) => value >= low && value <= high ? 1 : 0;
      held.accuracy += within(bounds!.accuracy, right / rows);
      held.logLoss += within(bounds!.logLoss, loss / rows);
    }
    // A binomial of 500 at .95 lies in .92 to .98 but once in 400.
    for (const [score, count] of Object.entries(held)) {
      assert(count / trials > 0.92 && count / trials < 0.98, `${score}: ${count / trials}`);
    }
  },
);

Deno.test(
  "estimateSkill() is no worse than a coin, and overlapping labels widen its bounds",
  { permissions: "none" },
  () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }), (p) => {
        const { accuracy, logLoss, bounds } = estimateSkill(p, { horizonMinutes: 15, bounds: true })!;
        assert(accuracy >= 0.5 && accuracy <= 1 && logLoss >= 0 && logLoss <= Math.LN2 + 1e-12);
        const narrow = estimateSkill(p, { horizonMinutes: 1, bounds: true })!.bounds!;
        for (const score of ["accuracy", "logLoss"] as const) {
          assert(bounds![score][0] <= narrow[score][0] && bounds![score][1] >= narrow[score][1]);
        }
      }),
    );
  },
);
