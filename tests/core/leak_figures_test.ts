import { assertEquals } from "@std/assert";
import { judgeLeakChecks, type LeakCheckOutcome, type LeakScope } from "../../src/core/mod.ts";
import { CLEAN_LEAK_CHECKS as CLEAN } from "./clean_leak_checks.ts";

const SCOPE = { horizonMinutes: 15, blocks: 45 };
const NONE: LeakCheckOutcome = { ...CLEAN[0]!, value: null, limit: null, skipped: true };

/** The clean checks with what this says of those whose name and figure hold the words. */
function changed(words: string, change: Partial<LeakCheckOutcome>): LeakCheckOutcome[] {
  return CLEAN.map((check) => `${check.name} ${check.figure}`.includes(words) ? { ...check, ...change } : check);
}

function judged(checks: readonly LeakCheckOutcome[], scope: LeakScope = SCOPE): [found: string, doubts: string] {
  const { found, doubts } = judgeLeakChecks(checks, scope);
  return [found.join(), doubts.join()];
}

Deno.test("judgeLeakChecks() finds nothing in a clean firewall", { permissions: "none" }, () => {
  assertEquals(judgeLeakChecks(CLEAN, SCOPE), { found: [], doubts: [], taken: 13 });
});

Deno.test("judgeLeakChecks() holds values to their limits whatever the checks say", { permissions: "none" }, () => {
  assertEquals(judged(changed("truncation", { value: 5 })), ["truncation", ""]);
  assertEquals(judged(changed("linear head", { value: 3 })), ["planted", ""]);
  assertEquals(judged(changed("split", { value: null })), ["split", ""]);
  assertEquals(judged(changed("rotation distance of mean", { passed: false })), ["rotation", ""]);
});

Deno.test("judgeLeakChecks() wants every figure once, and no other", { permissions: "none" }, () => {
  assertEquals(judgeLeakChecks(CLEAN.slice(0, 1), SCOPE).doubts.length, 12);
  for (const [at, { name, figure }] of CLEAN.entries()) {
    assertEquals(judged(CLEAN.toSpliced(at, 1)), ["", `${name} (${figure}) is missing`]);
  }
  assertEquals(judged([...CLEAN, CLEAN[8]!]), ["", "split (rows that learn from what is scored) stands twice"]);
  assertEquals(judged([...CLEAN, { ...CLEAN[0]!, figure: "x" }]), ["", "truncation (x) is no figure of the firewall"]);
});

Deno.test("judgeLeakChecks() wants the firewall's own limits, and none that nothing can pass", {
  permissions: "none",
}, () => {
  const doubts = (words: string, limit: number | null, value = 0) => judged(changed(words, { limit, value }))[1];
  assertEquals(doubts("mutation", 9), "mutation (parts of the model that differ) is held to 9, and not to 0");
  assertEquals(
    doubts("linear head", -9),
    "planted (t of a planted signal in the linear head) is held to -9, and not to 3",
  );
  const family = "rotation (distance of the family's AUC from .5 on rotated labels) is held to";
  assertEquals(doubts("rotation distance of the family", 0.06), "");
  for (const limit of [0.001, 0.5, null]) {
    assertEquals(
      doubts("rotation distance of the family", limit),
      `${family} ${limit}, and not to 0.002 or more, below 0.5`,
    );
  }
});

Deno.test("judgeLeakChecks() lets a figure be left out only where it may be", { permissions: "none" }, () => {
  const without = (words: string, scope?: LeakScope) => {
    const { value, limit, skipped } = NONE;
    return judged(changed(words, { value, limit, skipped }), scope)[1] === "";
  };
  assertEquals(["rotation distance of the family", "the family's forecasts"].map((words) => without(words)), [
    true,
    true,
  ]);
  const never = ["truncation", "mutation", "labels", "distance of mean", "linear head", "split"];
  assertEquals(never.map((words) => without(words)), never.map(() => false));
  const smelling = (horizonMinutes: number, blocks: number | null) => {
    return ["bound of accuracy", "bound of AUC", "gain"].map((words) => without(words, { horizonMinutes, blocks }));
  };
  assertEquals(smelling(15, 10), [false, false, false]);
  assertEquals(smelling(15, 9), [true, true, true]);
  assertEquals(smelling(1, 45), [false, true, false]);
  assertEquals(smelling(1440, 45), [true, true, true]);
});
