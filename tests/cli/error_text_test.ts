import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { errorObject, errorText, toKnownError, traitsOf } from "../../src/cli/error_text.ts";
import { isShown, LOG_LEVELS, readLogLevel } from "../../src/cli/log_level.ts";
import { DomainError } from "../../src/core/mod.ts";

Deno.test(
  "toKnownError() names what the runtime and the system refuse, and leaves bugs",
  { permissions: "none" },
  () => {
    const cases: [unknown, string, number][] = [
      [new Deno.errors.NotCapable("Requires read access"), "permission-denied", 3],
      [new Deno.errors.PermissionDenied("os error 13"), "permission-denied", 3],
      [Object.assign(new Error("read-only"), { code: "EROFS" }), "permission-denied", 3],
      [Object.assign(new Error("no space"), { code: "ENOSPC" }), "disk-full", 3],
      [new DomainError("store-busy", "held"), "store-busy", 8],
      [new TypeError("x is not a function"), "bug", 70],
      ["text", "bug", 70],
    ];
    for (const [error, code, exit] of cases) {
      const known = toKnownError(error);
      assertEquals([errorObject(known)["code"], traitsOf(known).exit], [code, exit]);
    }
  },
);

Deno.test("toKnownError() names the grant, not the runtime's flag", { permissions: "none" }, () => {
  const text = `Requires net access to "10.0.0.1:80", run again with the --allow-net flag`;
  const known = toKnownError(new Deno.errors.NotCapable(text));
  assertEquals(known.message, "Cannot reach '10.0.0.1:80' as it is not granted");
  assertStringIncludes(errorText(known), "task NAME NET=10.0.0.1:80 -- …");
});

Deno.test("errorText() is a line and a hint; at debug with the causes", { permissions: "none" }, () => {
  const error = new DomainError("not-found", "Cannot find run 'x'", {
    hint: "List them",
    cause: new TypeError("underneath"),
  });
  assertEquals(errorText(error), "error Cannot find run 'x' [not-found]\nhint  List them");
  assertStringIncludes(errorText(error, "debug"), "caused by TypeError: underneath");
  assertStringIncludes(errorText(new TypeError("boom")), "error_text_test.ts");
});

Deno.test("readLogLevel() takes flag over variable over info, and names the nearest", { permissions: "none" }, () => {
  assertEquals([readLogLevel("debug", "error"), readLogLevel(undefined, "ERROR"), readLogLevel(undefined, undefined)], [
    "debug",
    "error",
    "info",
  ]);
  assertEquals(
    assertThrows(() => readLogLevel(undefined, "warn"), DomainError, "'warn'").hint,
    "Did you mean 'warning'?",
  );
  for (const weight of LOG_LEVELS) assert(isShown("error", weight) && isShown(weight, "debug"));
  assertEquals([isShown("info", "warning"), isShown("warning", "warning")], [false, true]);
});
