import { assert, assertEquals } from "@std/assert";
import { DomainError, ERROR_TRAITS, isDomainError, nearestWord, TrackingError } from "../../src/core/mod.ts";

/** Exit codes that the command line promises (design section 4). */
const PROMISED_EXITS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 70, 130]);

Deno.test("ERROR_TRAITS gives every code a promised exit and an HTTP status", { permissions: "none" }, () => {
  for (const [code, { exit, status }] of Object.entries(ERROR_TRAITS)) {
    assert(/^[a-z]+(-[a-z]+)*$/.test(code), `${code} is not kebab-case`);
    assert(PROMISED_EXITS.has(exit), `${code} has exit ${exit}`);
    assert(status >= 400 && status < 600, `${code} has status ${status}`);
  }
  assertEquals(new Set(Object.values(ERROR_TRAITS).map(({ exit }) => exit)), PROMISED_EXITS);
});

Deno.test("DomainError carries code, hint, cause and its class's name", { permissions: "none" }, () => {
  const cause = new Error("disk");
  const error = new DomainError("store-busy", "Store is held", { hint: "Wait", cause });
  assertEquals([error.name, error.code, error.hint, error.cause, error.traits.exit], [
    "DomainError",
    "store-busy",
    "Wait",
    cause,
    8,
  ]);
  assertEquals(isDomainError(error, "store-busy", "usage"), true);
  assertEquals(isDomainError(error, "usage"), false);
  assertEquals(new TrackingError("RESOURCE_DOES_NOT_EXIST", "No run").name, "TrackingError");
});

Deno.test("nearestWord() names what was meant, and nothing where nothing is near", { permissions: "none" }, () => {
  const commands = ["ingest", "track", "register", "api"];
  assertEquals(nearestWord("ingset", commands), "ingest");
  assertEquals(nearestWord("REGISTR", commands), "register");
  assertEquals(nearestWord("reg", commands), "register");
  assertEquals(nearestWord("zzzzzz", commands), undefined);
  assertEquals(nearestWord("7", ["1", "15"]), undefined);
});
