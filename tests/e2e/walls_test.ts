import { assert, assertEquals } from "@std/assert";
import type { WallProbe } from "../../src/cli/wall_probe.ts";
import { commandSets } from "../../src/cli/walls.ts";

Deno.test("every command's set refuses a host, a file, a variable, a process, a library, and DuckDB the world outside", async (t) => {
  for (const [command, set] of Object.entries(await commandSets())) {
    await t.step(command, async () => {
      const { code, stdout, stderr } = await new Deno.Command("deno", {
        args: ["run", "-q", "--no-prompt", `-P=${command}`, "tests/e2e/probe.ts"],
        stdout: "piped",
        stderr: "piped",
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      const probes = JSON.parse(new TextDecoder().decode(stdout)) as WallProbe[];
      assertEquals(probes.filter(({ refused }) => !refused), []);
      assertEquals(probes.some(({ attempt }) => attempt.startsWith("DuckDB")), set.ffi !== undefined);
      assert(probes.length >= 6);
    });
  }
});

Deno.test("the probe sees a hole where there is one", async () => {
  const { stdout } = await new Deno.Command("deno", {
    args: ["run", "-q", "--no-prompt", "--allow-read", "--allow-env", "--allow-ffi", "tests/e2e/probe.ts"],
    stdout: "piped",
    stderr: "null",
  }).output();
  const open = (JSON.parse(new TextDecoder().decode(stdout)) as WallProbe[]).filter(({ refused }) => !refused).map((
    { attempt },
  ) => attempt);
  assert(
    open.some((attempt) => attempt.startsWith("read /etc")) && open.includes("read variable HOME"),
    open.join(", "),
  );
});
