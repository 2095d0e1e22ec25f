import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DomainError, parseDuration, parseInstant, parseInstantOrDuration, toIso } from "../../src/core/mod.ts";

Deno.test("parseInstant() reads what toIso() writes", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4102444800000 }), (ms) => assertEquals(parseInstant(toIso(ms)), ms)));
});

Deno.test("parseInstant() refuses days that do not exist and names them", { permissions: "none" }, () => {
  for (
    const text of [
      "2023-02-29",
      "2024-13-01",
      "2024-00-10",
      "2024-01-31T24:01Z",
      "2024-1-1",
      "yesterday",
      "",
      "2024-01-01T00:00+02:00",
    ]
  ) {
    const error = assertThrows(() => parseInstant(text, "--since"), DomainError, `'${text}'`);
    assertEquals(error.traits.exit, 2);
  }
  assertEquals(parseInstant("2024-02-29"), Date.UTC(2024, 1, 29));
  assertEquals(parseInstant("2024-01-31T12:00Z"), Date.UTC(2024, 0, 31, 12));
});

Deno.test("parseDuration() reads weeks, days, hours and minutes and nothing else", { permissions: "none" }, () => {
  assertEquals(parseDuration("P90D"), 90 * 86_400_000);
  assertEquals(parseDuration("P1DT12H30M"), 36.5 * 3_600_000);
  assertEquals(parseDuration("P2W"), 14 * 86_400_000);
  for (const text of ["P", "PT", "90D", "P1Y", "P-1D", "P0D", "P1DT"]) {
    assertEquals(parseDuration(text), undefined, text);
  }
  assertEquals(parseInstantOrDuration("PT1H", 7_200_000), 3_600_000);
});
