import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { COMMON_OPTIONS, readOptions } from "../../src/cli/options.ts";
import type { OptionSpec } from "../../src/cli/command.ts";
import { DomainError } from "../../src/core/mod.ts";

const SPECS: Readonly<Record<string, OptionSpec>> = {
  ...COMMON_OPTIONS,
  since: { type: "string", description: "" },
  port: { type: "number", description: "" },
  tag: { type: "string", multiple: true, description: "" },
  source: { type: "string", choices: ["auto", "archive", "rest"], description: "" },
};

Deno.test("readOptions() reads values, repeats, numbers and positionals", { permissions: "none" }, () => {
  const { positionals, options } = readOptions("x", [
    "create",
    "--since=P1D",
    "--tag",
    "a=1",
    "--tag",
    "b=2",
    "--port",
    "80",
    "--json",
  ], SPECS);
  assertEquals(positionals, ["create"]);
  assertEquals(options.string("since"), "P1D");
  assertEquals(options.strings("tag"), ["a=1", "b=2"]);
  assertEquals(options.number("port"), 80);
  assertEquals([options.boolean("json"), options.boolean("quiet"), options.string("source")], [true, false, undefined]);
});

Deno.test("readOptions() names the nearest option and value", { permissions: "none" }, () => {
  const cases: [string[], string, string | undefined][] = [
    [["--sinse", "P1D"], "Unknown option '--sinse'", "Did you mean '--since'?"],
    [["--source", "archiv"], "current value is 'archiv'", "Did you mean 'archive'?"],
    [["--port", "http"], "must be a number: current value is 'http'", undefined],
    [["--since="], "must not be empty", undefined],
    [["--since"], "Cannot read the options", "See the options with: x --help"],
    [["--json=1"], "Cannot read the options", "See the options with: x --help"],
  ];
  for (const [args, message, hint] of cases) {
    const error = assertThrows(() => readOptions("x", args, SPECS), DomainError, message);
    assertEquals([error.code, error.hint, error.traits.exit], ["usage", hint, 2]);
  }
});

Deno.test("readOptions() answers any words with values or a usage error", { permissions: "none" }, () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--", "-", "--json", "--port", "--tag=x", "-1", "--port=1e3", "--source=rest"),
  );
  fc.assert(
    fc.property(fc.array(word), (args) => {
      try {
        readOptions("x", args, SPECS);
      } catch (error) {
        assertEquals(error instanceof DomainError && error.code, "usage");
      }
    }),
    { numRuns: 500 },
  );
});
