import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, DomainError, MINUTE_MS } from "../../../src/core/mod.ts";
import { MinuteGrid } from "../../../src/ml/features/mod.ts";
import {
  computeLabels,
  everyNthMinute,
  foldBetween,
  foldRows,
  rotatingMinutes,
  walkForwardFolds,
} from "../../../src/ml/labels/mod.ts";
import { chronologicalSplit } from "../chronological_split.ts";
import { randomCandles } from "../candles.ts";

const TWO_YEARS = { startMs: Date.UTC(2022, 0, 1), endMs: Date.UTC(2024, 0, 1) };
const DEFAULTS = { horizonMinutes: 15, trainDays: 180, stepDays: 30, validationDays: 18 };
const pure = { permissions: "none" } as const;

Deno.test("walkForwardFolds() of two years is the protocol's 19 folds", pure, () => {
  const folds = walkForwardFolds(TWO_YEARS, DEFAULTS);
  assertEquals(folds.length, 19);
  assertEquals(folds[0], {
    index: 0,
    train: { startMs: TWO_YEARS.startMs, endMs: Date.UTC(2022, 5, 11, 23, 46) },
    validation: { startMs: Date.UTC(2022, 5, 12), endMs: Date.UTC(2022, 5, 29, 23, 46) },
    trainingSpan: { startMs: TWO_YEARS.startMs, endMs: Date.UTC(2022, 5, 29, 23, 46) },
    test: { startMs: Date.UTC(2022, 5, 30), endMs: Date.UTC(2022, 6, 30) },
  });
  assertEquals(folds[18]!.test, { startMs: Date.UTC(2023, 11, 22), endMs: Date.UTC(2023, 11, 31, 23, 46) });
});

Deno.test("walkForwardFolds() takes the last of the same grid", pure, () => {
  const all = walkForwardFolds(TWO_YEARS, DEFAULTS);
  assertEquals(walkForwardFolds(TWO_YEARS, { ...DEFAULTS, folds: 3 }), all.slice(-3));
  assertEquals(walkForwardFolds(TWO_YEARS, { ...DEFAULTS, folds: 19 }), all);
});

Deno.test("walkForwardFolds() scores a last step of a day, and drops a shorter one", pure, () => {
  const lastOf = (endMs: number) => walkForwardFolds({ ...TWO_YEARS, endMs }, DEFAULTS).at(-1)!.index;
  const eleventhStart = Date.UTC(2022, 5, 30) + 10 * 30 * DAY_MS;
  assertEquals(lastOf(eleventhStart + DAY_MS), 10);
  assertEquals(lastOf(eleventhStart + DAY_MS - MINUTE_MS), 9);
});

const cases = fc.record({
  startMs: fc.integer({ min: 0, max: 30 * 1440 }).map((minutes) => TWO_YEARS.startMs + minutes * MINUTE_MS),
  spareMinutes: fc.integer({ min: 0, max: 90 * 1440 }),
  horizonMinutes: fc.constantFrom(1, 5, 15, 60, 1440),
  trainDays: fc.integer({ min: 5, max: 60 }),
  stepDays: fc.integer({ min: 1, max: 40 }),
  validationDays: fc.integer({ min: 0, max: 3 }),
  embargoMinutes: fc.constantFrom(0, 1, 60),
}).map(({ startMs, spareMinutes, ...options }) => ({
  range: { startMs, endMs: startMs + (options.trainDays + 2) * DAY_MS + spareMinutes * MINUTE_MS },
  options,
}));

Deno.test("walkForwardFolds() ends each label before the span that it must not see", pure, () => {
  fc.assert(fc.property(cases, ({ range, options }) => {
    const { horizonMinutes, embargoMinutes } = options;
    const lastLabelEnd = (span: { endMs: number }) => span.endMs - MINUTE_MS + horizonMinutes * MINUTE_MS;
    for (const { train, validation, trainingSpan, test } of walkForwardFolds(range, options)) {
      const embargoMs = embargoMinutes * MINUTE_MS;
      assertEquals(lastLabelEnd(trainingSpan) + embargoMs, test.startMs);
      assertEquals(lastLabelEnd(train) + embargoMs, validation.startMs);
      assert(validation.endMs === validation.startMs || lastLabelEnd(validation) + embargoMs === test.startMs);
      assert(lastLabelEnd(test) <= range.endMs);
      assert(range.startMs <= train.startMs && train.startMs === trainingSpan.startMs);
      assertEquals(test.startMs - trainingSpan.startMs, options.trainDays * DAY_MS);
    }
  }));
});

Deno.test("walkForwardFolds() tiles the grid without a hole or an overlap", pure, () => {
  fc.assert(fc.property(cases, ({ range, options }) => {
    const folds = walkForwardFolds(range, options);
    assertEquals(folds[0]!.test.startMs % DAY_MS, 0);
    assert(folds[0]!.test.startMs - range.startMs - options.trainDays * DAY_MS < DAY_MS);
    folds.forEach(({ index, test }, i) => {
      assertEquals(index, i);
      if (i > 0) assertEquals(test.startMs - folds[i - 1]!.test.startMs, options.stepDays * DAY_MS);
      // Only the end of the range cuts a span short.
      const lastLabelledMs = range.endMs - options.horizonMinutes * MINUTE_MS;
      assertEquals(test.endMs, Math.min(test.startMs + options.stepDays * DAY_MS, lastLabelledMs + MINUTE_MS));
      assert(test.endMs > test.startMs);
    });
    const unscored = range.endMs - folds.at(-1)!.test.startMs - options.stepDays * DAY_MS;
    assert(unscored < DAY_MS, `${unscored / DAY_MS} days are left over`);
  }));
});

Deno.test("foldRows() picks the rows that chronologicalSplit() picks of the same bounds", pure, () => {
  const candles = randomCandles(8 * 1440, { missing: (i) => i > 3000 && i < 3100 });
  const decisionTimeMs = candles.openTimeMs.map((ms) => ms + MINUTE_MS), startMs = candles.openTimeMs[0]!;
  const { scorable } = computeLabels(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes: 60 });
  const range = { startMs, endMs: startMs + 8 * DAY_MS };
  const folds = walkForwardFolds(range, { horizonMinutes: 60, trainDays: 5, stepDays: 3, validationDays: 1 });
  assertEquals(folds.length, 1);
  assertEquals(
    foldRows({ decisionTimeMs, scorable }, folds[0]!),
    chronologicalSplit({ decisionTimeMs, scorable }, {
      horizonMinutes: 60,
      validationStartMs: startMs + 4 * DAY_MS,
      testStartMs: startMs + 5 * DAY_MS,
    }),
  );
});

Deno.test("everyNthMinute() keeps the minutes of one phase", pure, () => {
  const decisionTimeMs = Float64Array.from({ length: 9 }, (_, i) => (7 + i) * MINUTE_MS);
  const rows = Int32Array.from({ length: 9 }, (_, i) => i);
  assertEquals([...everyNthMinute(rows, decisionTimeMs, { minutes: 3 })], [2, 5, 8]);
  assertEquals([...everyNthMinute(rows, decisionTimeMs, { minutes: 3, phase: 1 })], [0, 3, 6]);
});

Deno.test("rotatingMinutes() takes each minute of the hour equally often, whatever the stride", pure, () => {
  const decisionTimeMs = Float64Array.from({ length: 60 * 1440 }, (_, i) => TWO_YEARS.startMs + i * MINUTE_MS);
  const rows = Int32Array.from(decisionTimeMs, (_, i) => i);
  fc.assert(fc.property(fc.constantFrom(1, 2, 3, 5, 10, 15, 30), (minutes) => {
    const picked = rotatingMinutes(rows, decisionTimeMs, minutes), counts = new Map<number, number>();
    for (const row of picked) counts.set(row % 60, (counts.get(row % 60) ?? 0) + 1);
    assertEquals(counts.size, 60);
    assertEquals(new Set(counts.values()), new Set([60 * 24 / minutes]));
    for (let i = 1; i < picked.length; i++) {
      const step = picked[i]! - picked[i - 1]!, sameDay = picked[i]! % 1440 >= minutes;
      assert(sameDay ? step === minutes : step <= 2 * minutes, `${step}`);
    }
  }));
});

Deno.test(
  "rotatingMinutes() takes no minute of the hour more than a tenth too often at strides prime to 60",
  pure,
  () => {
    const decisionTimeMs = Float64Array.from({ length: 77 * 1440 }, (_, i) => TWO_YEARS.startMs + i * MINUTE_MS);
    const rows = Int32Array.from(decisionTimeMs, (_, i) => i);
    for (const minutes of [7, 11]) {
      const counts = new Int32Array(60);
      for (const row of rotatingMinutes(rows, decisionTimeMs, minutes)) counts[row % 60]!++;
      const usual = rows.length / minutes / 60;
      for (const count of counts) assert(Math.abs(count / usual - 1) < 0.1, `${count}, usual ${usual}`);
    }
  },
);

Deno.test("walkForwardFolds() refuses a range without a fold, too many folds, and odd options", pure, () => {
  const short = { ...TWO_YEARS, endMs: TWO_YEARS.startMs + 180.5 * DAY_MS };
  const error = assertThrows(() => walkForwardFolds(short, DEFAULTS), DomainError, "180.5 days (2022-01-01 to");
  assertEquals(error.code, "input-invalid");
  assertThrows(
    () => walkForwardFolds(TWO_YEARS, { ...DEFAULTS, folds: 20 }),
    DomainError,
    "20 folds as the range holds 19",
  );
  for (
    const odd of [{ trainDays: 0 }, { stepDays: 1.5 }, { folds: 0 }, { embargoMinutes: -1 }, { validationDays: 180 }]
  ) {
    assertThrows(() => walkForwardFolds(TWO_YEARS, { ...DEFAULTS, ...odd }), RangeError);
  }
});

Deno.test("foldRows() of a span that the purge leaves nothing of has no rows", pure, () => {
  const spans = { horizonMinutes: 1440, trainDays: 3, validationDays: 2, embargoMinutes: 3000 };
  const fold = foldBetween({ ...spans, index: 0, testStartMs: 5 * DAY_MS, testEndMs: 6 * DAY_MS });
  assert(fold.train.endMs < fold.train.startMs && fold.trainingSpan.endMs < fold.trainingSpan.startMs);
  const decisionTimeMs = Float64Array.from({ length: 10 * 1440 }, (_, minute) => minute * MINUTE_MS);
  const rows = foldRows({ decisionTimeMs, scorable: new Uint8Array(decisionTimeMs.length).fill(1) }, fold);
  assertEquals([rows.train.length, rows.validation.length, rows.trainingSpan.length, rows.test.length], [0, 0, 0, 1]);
});
