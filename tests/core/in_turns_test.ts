import { assertEquals, assertRejects } from "@std/assert";
import { inTurns, oneAtATime } from "../../src/core/mod.ts";

/** Works that end when they are told to, and what has begun so far. */
function scene(inTurn: ReturnType<typeof inTurns>) {
  const begun: number[] = [], ends: PromiseWithResolvers<number>[] = [];
  const ask = (work: number) =>
    inTurn(() => {
      begun.push(work);
      return (ends[work] = Promise.withResolvers<number>()).promise;
    });
  return { begun, ends, ask };
}

Deno.test("inTurns() begins as many works as may go at a time, in the order they were asked for", async () => {
  const { begun, ends, ask } = scene(inTurns(2)), asked = [0, 1, 2, 3].map(ask);
  await Promise.resolve();
  assertEquals(begun, [0, 1]);
  ends[1]!.resolve(10);
  assertEquals(await asked[1], 10);
  const late = ask(4);
  await Promise.resolve();
  assertEquals(begun, [0, 1, 2], "who comes late goes last");
  ends[0]!.reject(new Error("broken"));
  await assertRejects(() => asked[0]!, Error, "broken");
  await Promise.resolve();
  assertEquals(begun, [0, 1, 2, 3], "a failure gives its place away too");
  for (const work of [2, 3]) ends[work]!.resolve(work);
  await Promise.all([asked[2], asked[3]]);
  await Promise.resolve();
  ends[4]!.resolve(4);
  assertEquals(await late, 4);
  const again = ask(5);
  ends[5]!.resolve(5);
  assertEquals(await again, 5, "places are given back");
});

Deno.test("oneAtATime() goes on after a work that throws at once", async () => {
  const inTurn = oneAtATime();
  const thrown = inTurn(() => {
    throw new Error("broken");
  });
  const next = inTurn(() => Promise.resolve("next"));
  await assertRejects(() => thrown, Error, "broken");
  assertEquals(await next, "next");
});
