import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/core/mod.ts";

const DRAWS = 200_000;

Deno.test(
  "seededRandom() gives the same stream for the same seed and another for another",
  { permissions: "none" },
  () => {
    const stream = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => random.uniform());
    };
    assertEquals(stream(1), stream(1));
    assert(stream(1).every((value, i) => value !== stream(2)[i]));
  },
);

Deno.test("seededRandom() is uniform and normal in the first two moments", { permissions: "none" }, () => {
  const random = seededRandom(7);
  let sum = 0, square = 0, normalSum = 0, normalSquare = 0;
  for (let i = 0; i < DRAWS; i++) {
    const u = random.uniform(), z = random.normal();
    sum += u;
    square += u * u;
    normalSum += z;
    normalSquare += z * z;
  }
  // Five standard errors of each moment.
  assert(Math.abs(sum / DRAWS - 0.5) < 5 * Math.sqrt(1 / 12 / DRAWS));
  assert(Math.abs(square / DRAWS - 1 / 3) < 5 * Math.sqrt(4 / 45 / DRAWS));
  assert(Math.abs(normalSum / DRAWS) < 5 / Math.sqrt(DRAWS));
  assert(Math.abs(normalSquare / DRAWS - 1) < 5 * Math.sqrt(2 / DRAWS));
});

Deno.test("seededRandom().integer() covers every value below the bound", { permissions: "none" }, () => {
  const random = seededRandom(3);
  const seen = new Set(Array.from({ length: 1000 }, () => random.integer(7)));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
});
