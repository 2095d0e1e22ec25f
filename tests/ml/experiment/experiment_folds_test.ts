import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, DomainError, HORIZONS, MINUTE_MS, timeRange } from "../../../src/core/mod.ts";
import {
  experimentFolds,
  type ExperimentSettings,
  quickSettings,
  shortTraining,
} from "../../../src/ml/experiment/mod.ts";
import { DAYS, SETTINGS as SMALL, START_MS } from "./small_settings.ts";

const pure = { permissions: "none" } as const;
const WALK: ExperimentSettings = {
  ...SMALL,
  quick: false,
  blockDays: 5,
  split: { ...SMALL.split, kind: "walk-forward", trainDays: 180, stepDays: 30, validationShare: 0.125 },
};
const over = (days: number, startMs = Date.UTC(2022, 0, 1)) => timeRange(startMs, startMs + days * DAY_MS);
const daysOf = ({ startMs, endMs }: { startMs: number; endMs: number }) => (endMs - startMs) / DAY_MS;

Deno.test("experimentFolds() walks two years forward in nineteen steps from the 180th day", pure, () => {
  const { folds, refit } = experimentFolds({ ...WALK, range: over(730) });
  assertEquals(folds.map(({ index }) => index), Array.from({ length: 19 }, (_, i) => i));
  assertEquals(folds[0]!.test.startMs, Date.UTC(2022, 5, 30));
  assertEquals(folds.at(-1)!.test.endMs, Date.UTC(2024, 0, 1) - 14 * MINUTE_MS);
  assertEquals(refit.trainingSpan, { startMs: Date.UTC(2023, 6, 5), endMs: Date.UTC(2024, 0, 1) - 14 * MINUTE_MS });
  assertEquals(refit.test.startMs, refit.test.endMs, "nothing is scored with the model to serve");
  assertEquals(refit.index, 19);
  const last = experimentFolds({ ...WALK, range: over(730), split: { ...WALK.split, folds: 3 } });
  assertEquals(last.folds, folds.slice(-3));
  assertEquals(last.refit, refit);
});

Deno.test("experimentFolds() trains a year at a day's horizon where there is one", pure, () => {
  const firstDays = (days: number) => {
    const { folds: [fold], refit } = experimentFolds({ ...WALK, horizonMinutes: 1440, range: over(days) });
    return [fold!.test.startMs - fold!.train.startMs, refit.test.startMs - refit.train.startMs].map((ms) =>
      ms / DAY_MS
    );
  };
  assertEquals([firstDays(730), firstDays(395), firstDays(394)], [[365, 365], [365, 365], [180, 180]]);
});

Deno.test("shortTraining() tells when a day's horizon has no year to train on", pure, () => {
  const told = (days: number, settings: Partial<ExperimentSettings> = {}) =>
    shortTraining({ ...WALK, horizonMinutes: 1440, range: over(days), ...settings });
  assertEquals(
    told(366),
    "Each step trains on 180 days and not on the 365 of a day's horizon: these and a step of 30 need 395 days, the range has 366",
  );
  assertEquals([told(395), told(366, { horizonMinutes: 60 }), told(366, { quick: true })], [
    ...[undefined, undefined, undefined],
  ]);
  assertEquals(told(600, { split: { ...WALK.split, trainDays: 400 } }), undefined);
  assertEquals(told(366, { split: { ...WALK.split, kind: "chronological" } }), undefined, "it has no such days");
});

Deno.test("quickSettings() trains on half the days and walks over the rest in steps of an eighth", pure, () => {
  const quick = quickSettings({ ...WALK, range: over(60) });
  const { folds, refit } = experimentFolds(quick);
  assertEquals([quick.split.trainDays, quick.split.stepDays, quick.blockDays, quick.quick], [30, 7, 1, true]);
  assertEquals(folds.map(({ test }) => Math.round(daysOf(test))), [7, 7, 7, 7, 2]);
  assertEquals((refit.test.startMs - refit.train.startMs) / DAY_MS, 30);
  assertEquals(quickSettings({ ...WALK, range: over(300) }).blockDays, 5, "thirty blocks of the usual length");
  assertEquals(quickSettings({ ...WALK, range: over(288) }).blockDays, 1);
});

Deno.test(
  "experimentFolds() of a chronological split scores the newest part in one step, cut at midnights",
  pure,
  () => {
    const { folds, refit } = experimentFolds(SMALL);
    assertEquals(folds.map(({ test }) => test.startMs), [START_MS + 17 * DAY_MS]);
    assertEquals(folds[0]!.validation.startMs, START_MS + 13 * DAY_MS);
    assertEquals(refit.train.startMs, START_MS + 17 * DAY_MS);
    const quarter = experimentFolds({ ...SMALL, split: { ...SMALL.split, testShare: 0.25 } });
    assertEquals(quarter.folds[0]!.test.startMs, START_MS + 25 * DAY_MS);
    const crooked = timeRange(START_MS + 7 * 3_600_000, START_MS + 33 * DAY_MS + 61 * MINUTE_MS);
    const [fold] = experimentFolds({ ...SMALL, range: crooked }).folds;
    assertEquals([fold!.test.startMs % DAY_MS, fold!.validation.startMs % DAY_MS], [0, 0]);
  },
);

Deno.test(
  "experimentFolds(): no label that is learnt from reaches what is scored, and none beyond the range",
  pure,
  () => {
    const settings = fc.record({
      days: fc.integer({ min: 40, max: 800 }),
      offsetMinutes: fc.integer({ min: 0, max: 1439 }),
      horizonMinutes: fc.constantFrom(...HORIZONS),
      kind: fc.constantFrom("walk-forward" as const, "chronological" as const),
      quick: fc.boolean(),
      embargoMinutes: fc.constantFrom(0, 1, 600),
    });
    fc.assert(fc.property(settings, ({ days, offsetMinutes, horizonMinutes, kind, quick, embargoMinutes }) => {
      const range = over(days, Date.UTC(2022, 0, 1) + offsetMinutes * MINUTE_MS);
      const plain = { ...WALK, range, horizonMinutes, split: { ...WALK.split, kind, embargoMinutes } };
      const chosen = quick || days < 220 ? quickSettings(plain) : plain;
      const { folds, refit } = experimentFolds(chosen), horizonMs = horizonMinutes * MINUTE_MS;
      /** When the last label of a span ends. */
      const ends = ({ endMs }: { readonly endMs: number }) => endMs - MINUTE_MS + horizonMs;
      for (const { train, validation, trainingSpan, test } of [...folds, refit]) {
        assert(ends(train) + embargoMinutes * MINUTE_MS <= validation.startMs);
        if (validation.endMs > validation.startMs) {
          assert(ends(validation) + embargoMinutes * MINUTE_MS <= test.startMs);
        }
        assert(ends(trainingSpan) + embargoMinutes * MINUTE_MS <= test.startMs);
        if (test.endMs > test.startMs) assert(ends(test) <= range.endMs);
        assert(train.startMs >= range.startMs);
      }
      folds.slice(1).forEach((fold, i) => {
        assert(fold.test.startMs >= folds[i]!.test.endMs);
        assertEquals(fold.test.startMs % DAY_MS, 0);
      });
    }));
  },
);

Deno.test("experimentFolds() refuses shuffled rows, and ranges that are too short", pure, () => {
  const leak = assertThrows(
    () => experimentFolds({ ...SMALL, split: { ...SMALL.split, kind: "shuffled" } }),
    DomainError,
    "shuffled",
  );
  assertEquals(leak.traits.exit, 7);
  const short = assertThrows(() => experimentFolds({ ...SMALL, range: over(29) }), DomainError, "29.0 days");
  assertEquals(short.code, "input-invalid");
  const walk = assertThrows(() => experimentFolds({ ...WALK, range: over(DAYS) }), DomainError, "180 days");
  assertEquals([walk.code, walk.hint!.includes("--quick")], ["input-invalid", true]);
});
