import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { capture, type Captured } from "./capture.ts";

function program(args: readonly string[], set = "doctor"): Promise<Captured> {
  return capture(["run", "-q", "--no-prompt", `-P=${set}`, "main.ts", ...args], ".");
}

const COMMANDS = "ingest track register api api-keys mlflow-ui import-mlruns report monitor doctor demo".split(" ");

Deno.test("--help lists every command, and each command's --help shows options and examples", async () => {
  const top = await program(["--help"]);
  assertEquals([top.code, top.stderr], [0, ""]);
  for (const name of COMMANDS) {
    assertStringIncludes(top.stdout, `  ${name} `);
    const help = await program([name, "--help"], name);
    assertEquals([help.code, help.stderr], [0, ""], name);
    for (const part of [`Usage: task ${name} -- `, "--json", "--config FILE", "Examples:\n  "]) {
      assertStringIncludes(help.stdout, part, name);
    }
  }
});

Deno.test("an unknown command or option is exit 2 and names the nearest", async () => {
  const commandError = await program(["ingset"]);
  assertEquals([commandError.code, commandError.stdout], [2, ""]);
  assertStringIncludes(commandError.stderr, "Did you mean 'ingest'?");
  const optionError = await program(["track", "--horizn", "15"], "track");
  assertEquals([optionError.code, optionError.stdout], [2, ""]);
  assertStringIncludes(optionError.stderr, "Did you mean '--horizon'?");
});

Deno.test("--json prints exactly one object, errors included", async () => {
  const { code, stdout, stderr } = await program(["ingest", "--json", "--since", "2023-02-30"], "ingest");
  assertEquals(code, 2);
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string; hint: string } };
  assertEquals(error.code, "usage");
  assertStringIncludes(error.message, "2023-02-30");
  assertEquals(stderr, "");
  assert(!stdout.includes("\x1b"));
});

Deno.test("--json is one object for help and version as well, wherever it stands", async () => {
  for (const args of [["--json"], ["--help", "--json"], ["--json", "--version"], ["--version", "--json"]]) {
    const { code, stdout, stderr } = await program(args);
    assertEquals([code, stderr], [0, ""]);
    assertEquals((JSON.parse(stdout) as { program: string }).program, "bitcoin-ml");
  }
  const help = await program(["doctor", "--help", "--json"]);
  assertEquals((JSON.parse(help.stdout) as { command: string }).command, "doctor");
  const unknown = await program(["ingset", "--json"]);
  assertEquals([unknown.code, JSON.parse(unknown.stdout).error.hint], [2, "Did you mean 'ingest'?"]);
});

Deno.test("a result that cannot be written is a named error, not a stack", async () => {
  for (const json of [[], ["--json"]]) {
    const { code, stderr } = await new Deno.Command("env", {
      args: ["sh", "-c", `exec deno run -q --no-prompt -P=doctor main.ts doctor ${json.join(" ")} >/dev/full`],
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 3, text);
    assertStringIncludes(text, "[disk-full]");
    assert(!text.includes("    at "), text);
  }
});

Deno.test("doctor prints one row a check and fails nothing on this machine", async () => {
  const { code, stdout } = await program(["doctor", "--json"]);
  const { checks, failed } = JSON.parse(stdout) as { checks: { name: string; status: string }[]; failed: number };
  assertEquals([code, failed], [0, 0], stdout);
  assertEquals(checks.map(({ name }) => name), [
    "program",
    "deno",
    "engine flags",
    "duckdb",
    "settings",
    "feature store",
    "tracking store",
    "disk",
    "exchange",
  ]);
});
