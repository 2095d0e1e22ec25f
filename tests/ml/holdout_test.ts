import { assert, assertEquals, assertThrows } from "@std/assert";
import { DAY_MS, DomainError } from "../../src/core/mod.ts";
import { outsideHoldout } from "../../src/ml/holdout.ts";

const SEALED = Date.UTC(2023, 9, 1), RANGE = { startMs: SEALED - 90 * DAY_MS, endMs: SEALED + DAY_MS };

Deno.test("outsideHoldout() clips a range that ends where the data do, and says so", { permissions: "none" }, () => {
  const { range, warning } = outsideHoldout(RANGE, { startMs: SEALED, isEndAsked: false });
  assertEquals(range, { startMs: RANGE.startMs, endMs: SEALED });
  assert(warning!.message.includes("2023-10-01") && warning!.message.includes("2023-10-02"));
});

Deno.test("outsideHoldout() leaves a range alone that does not reach it", { permissions: "none" }, () => {
  const before = { ...RANGE, endMs: SEALED };
  for (const isEndAsked of [false, true]) {
    assertEquals(outsideHoldout(before, { startMs: SEALED, isEndAsked }), { range: before, warning: undefined });
    assertEquals(outsideHoldout(RANGE, { startMs: null, isEndAsked }), { range: RANGE, warning: undefined });
    const opened = outsideHoldout(RANGE, { startMs: SEALED, isEndAsked, isOpened: true });
    assertEquals(opened, { range: RANGE, warning: undefined });
  }
});

Deno.test(
  "outsideHoldout() refuses an end that was asked for, and a range wholly within",
  { permissions: "none" },
  () => {
    const within = { startMs: SEALED, endMs: SEALED + DAY_MS };
    for (const [range, isEndAsked] of [[RANGE, true], [within, false], [within, true]] as const) {
      const error = assertThrows(
        () => outsideHoldout(range, { startMs: SEALED, isEndAsked }),
        DomainError,
        "2023-10-01",
      );
      assertEquals(error.traits.exit, 3);
      assert(error.hint!.startsWith(range === RANGE ? "Ask for a range that ends by" : "Seal newer data"), error.hint);
      const hint = (firstMs: number) =>
        assertThrows(() => outsideHoldout(within, { startMs: SEALED, isEndAsked, firstMs }), DomainError).hint!;
      assert(hint(RANGE.startMs).startsWith("Ask for a range that begins before 2023-10-01"));
      assert(hint(SEALED).startsWith("Seal newer data, as the store has none before 2023-10-01"));
    }
  },
);
