import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { normalCdf, normalQuantile, studentCdf } from "../../../../src/ml/evaluation/inference/distributions.ts";
import fixture from "./inference.json" with { type: "json" };
import { assertNear } from "./near.ts";

const pure = { permissions: "none" } as const;

Deno.test("normalCdf() is scipy's to 13 digits in both tails", pure, () => {
  for (const [z, expected] of fixture.normal) assertNear(normalCdf(z!), expected!, 1e-13, `z ${z}`);
});

Deno.test("normalQuantile() is scipy's to 14 digits", pure, () => {
  for (const [level, expected] of fixture.normalQuantile) {
    assertAlmostEquals(normalQuantile(level!), expected!, 1e-14 * Math.abs(expected!), `level ${level}`);
  }
  assertEquals([0, 1].map(normalQuantile), [-Infinity, Infinity]);
  assertEquals([-0.1, 1.1, NaN].map(normalQuantile), [NaN, NaN, NaN]);
});

Deno.test("normalQuantile() takes normalCdf() back", pure, () => {
  fc.assert(fc.property(fc.double({ min: -8, max: 5, noNaN: true }), (z) => {
    assertAlmostEquals(normalQuantile(normalCdf(z)), z, 1e-9);
  }));
});

Deno.test("studentCdf() is scipy's, is even about 0, and is normal with many degrees", pure, () => {
  for (const [t, degrees, expected] of fixture.student) {
    assertNear(studentCdf(t!, degrees!), expected!, 1e-11, `t ${t} of ${degrees}`);
    assertAlmostEquals(studentCdf(t!, degrees!) + studentCdf(-t!, degrees!), 1, 1e-14);
  }
  assertAlmostEquals(studentCdf(1.3, 1e7), normalCdf(1.3), 1e-7);
});
