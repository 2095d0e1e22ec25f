import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Command, OptionSpec } from "../../src/cli/command.ts";
import { commandHelp, commandJson } from "../../src/cli/help.ts";
import { refuseIdleOptions } from "../../src/cli/option_rules.ts";
import { COMMON_OPTIONS } from "../../src/cli/options.ts";
import { DomainError } from "../../src/core/mod.ts";

const NONE = { permissions: "none" } as const;
const OPTIONS: Readonly<Record<string, OptionSpec>> = {
  id: { type: "string", description: "of the new one" },
  past: { type: "string", value: "RANGE", description: "" },
  speed: { type: "number", description: "", goesWith: ["past", "ahead"] },
  ahead: { type: "boolean", description: "" },
  rival: { type: "string", description: "", excludes: ["past"] },
};
const COMMAND: Pick<Command, "summary" | "options" | "words" | "examples"> = {
  summary: "Does things",
  options: OPTIONS,
  words: {
    make: { summary: "Makes one", positionals: "NAME", options: ["id"], examples: [] },
    list: { summary: "Lists them", options: [], examples: [{ line: "task x -- list", does: "all" }] },
  },
  examples: [{ line: "task x", does: "things" }],
};

Deno.test("refuseIdleOptions() refuses what would be ignored, and says what to do", NONE, () => {
  const cases: readonly [positionals: string[], given: string[], message: string, hint: string][] = [
    [["list"], ["id"], "Option '--id' does nothing with 'x list'", "see: task x -- list --help"],
    [["list", "more"], ["json", "speed"], "Option '--speed' does nothing with 'x list'", "Leave it out"],
    [["make"], ["id", "rival"], "Option '--rival' does nothing with 'x make'", "see: task x -- make --help"],
    [
      [],
      ["speed"],
      "goes with '--past' or '--ahead', which is not given",
      "Add --past RANGE or --ahead, or leave it out",
    ],
    [[], ["past", "rival"], "Options '--rival' and '--past' exclude each other", "Leave one of them out"],
  ];
  for (const [positionals, given, message, hint] of cases) {
    const error = assertThrows(() => refuseIdleOptions("x", COMMAND, { positionals, given }), DomainError, message);
    assertEquals([error.code, error.traits.exit], ["usage", 2]);
    assertStringIncludes(error.hint!, hint);
  }
  for (
    const [positionals, given] of [
      [["make"], ["id", ...Object.keys(COMMON_OPTIONS)]],
      [["list"], ["json", "config"]],
      [[], ["past", "speed"]],
      [[], ["ahead", "speed", "rival"]],
      // Not a word of the command: whoever runs it says so.
      [["toString"], ["id"]],
    ] as const
  ) refuseIdleOptions("x", COMMAND, { positionals, given });
});

Deno.test("a word's help shows its own options alone, the command's names the words", NONE, () => {
  const command: Command = { ...COMMAND, run: () => Promise.reject(new Error("not here")) };
  const whole = commandHelp("x", command), list = commandHelp("x", command, "list");
  assertStringIncludes(whole, "Words:\n  make NAME ");
  assertStringIncludes(whole, "--speed");
  assertStringIncludes(list, "Lists them\n\nUsage: task x -- list [options]");
  assert(!list.includes("--speed") && !list.includes("Words:") && list.includes("--json"), list);
  assertStringIncludes(commandHelp("x", command, "make"), "Usage: task x -- make NAME [options]");
  const json = commandJson("x", command, "make");
  assertEquals([json.command, json.options.map(({ name }) => name)], ["x make", [
    "id",
    ...Object.keys(COMMON_OPTIONS),
  ]]);
  assertEquals(commandJson("x", command).words?.map(({ name }) => name), ["make", "list"]);
});

Deno.test("every command's words and rules name options that it has", async () => {
  for (const name of ["ingest", "track", "register", "api", "api_keys", "mlflow_ui", "report", "monitor", "demo"]) {
    const { command } = await import(`../../src/cli/${name}.ts`) as { readonly command: Command };
    const known = Object.keys(command.options);
    for (const { options } of Object.values(command.words ?? {})) {
      assertEquals(options.filter((option) => !known.includes(option)), [], name);
    }
    for (const { goesWith = [], excludes = [] } of Object.values(command.options)) {
      assertEquals([...goesWith, ...excludes].filter((option) => !known.includes(option)), [], name);
    }
  }
});
