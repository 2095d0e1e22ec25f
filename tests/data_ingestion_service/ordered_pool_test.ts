import { assert, assertEquals, assertRejects } from "@std/assert";
import { mapOrdered } from "../../src/data_ingestion_service/ordered_pool.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("mapOrdered() keeps the order and never runs more than its limit", async () => {
  let running = 0, most = 0;
  const results = await Array.fromAsync(mapOrdered(Array.from({ length: 20 }, (_, i) => i), 4, async (i) => {
    most = Math.max(most, ++running);
    await wait((i * 7) % 5);
    running--;
    return i * 2;
  }));
  assertEquals(results, Array.from({ length: 20 }, (_, i) => i * 2));
  assertEquals(most, 4);
  assertEquals(await Array.fromAsync(mapOrdered([], 3, () => Promise.resolve(1))), []);
});

Deno.test("mapOrdered() ends at the first error in order, and leaves nothing running", async () => {
  let running = 0;
  const seen: number[] = [];
  const error = await assertRejects(async () => {
    for await (
      const value of mapOrdered([0, 1, 2, 3, 4, 5, 6], 3, async (i) => {
        running++;
        await wait(i === 2 ? 0 : 5);
        running--;
        if (i === 2) throw new Error("two");
        return i;
      })
    ) seen.push(value);
  }, Error);
  assertEquals([error.message, seen, running], ["two", [0, 1], 0]);
});

Deno.test("mapOrdered() stops when its reader stops", async () => {
  let started = 0;
  for await (const _ of mapOrdered(Array.from({ length: 100 }, (_, i) => i), 3, () => Promise.resolve(started++))) {
    break;
  }
  assert(started <= 5);
});

Deno.test("mapOrdered() refuses a limit that is none", async () => {
  await assertRejects(() => Array.fromAsync(mapOrdered([1], 0, () => Promise.resolve(1))), RangeError, "limit");
});
