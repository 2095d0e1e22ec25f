import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ENGINE_FLAGS } from "../../src/cli/engine_flags.ts";
import { capture } from "../e2e/capture.ts";

/** Functions that the program tries: without the flag some per cent of them fail, so that none by chance is out of reach. */
const FUNCTIONS = 100;
/** In the place of what this process was started with. */
const ONLY_FLAGS_COUNT = { DENO_V8_FLAGS: "--expose-gc" };

Deno.test("the engine's flags keep a score from turning into the next one, which V8 does without", async () => {
  for (const delayMs of [0, 2]) { // of the second thread: what comes of it is a matter of when it is done
    const flags = `${ENGINE_FLAGS},--concurrent-recompilation-delay=${delayMs}`;
    const words = ["run", "-q", flags, "tests/cli/shared_numbers.ts", `${FUNCTIONS}`];
    const answer = await capture(words, ".", ONLY_FLAGS_COUNT);
    assertEquals(answer, { code: 0, stdout: "0\n", stderr: "" });
  }
});

Deno.test("doctor tells of a process that was started without the engine's flags", async () => {
  const doctor = async (flags: readonly string[]) => {
    const words = ["run", "-q", "--no-prompt", ...flags, "-P=doctor", "main.ts", "doctor", "--json"];
    const checks = JSON.parse((await capture(words, ".")).stdout).checks as { name: string; status: string }[];
    return checks.find(({ name }) => name === "engine flags")!;
  };
  assertEquals((await doctor([ENGINE_FLAGS])).status, "ok");
  const { status, detail } = await doctor([]) as { status: string; detail?: string };
  assertEquals(status, "warn");
  assertStringIncludes(detail!, ENGINE_FLAGS);
});

Deno.test("the engine's flags leave a long loop of a function that is called once compiled", async () => {
  const secondsOf = async (flags: string) => {
    const { stdout, stderr } = await capture(["run", "-q", flags, "tests/cli/long_loop.ts"], ".", ONLY_FLAGS_COUNT);
    assertEquals(stderr, "");
    return Number(stdout);
  };
  const compiled = await secondsOf(ENGINE_FLAGS), interpreted = await secondsOf(`${ENGINE_FLAGS},--no-use-osr`);
  assert(compiled < interpreted / 4, `${compiled} s compiled on the way, ${interpreted} s if not`);
});
