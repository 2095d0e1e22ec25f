import { assertEquals } from "@std/assert";

for (const kind of ["network", "network-job", "trees-job"]) {
  Deno.test(`an aborted ${kind} ends its Workers, and the process with them`, async () => {
    const program = new URL("./aborted_training.ts", import.meta.url);
    const child = new Deno.Command("deno", {
      args: ["run", "--quiet", "--allow-read", "--allow-ffi", "--allow-env", program.pathname, kind],
      ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "enough\n");
    const hangs = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const { code, signal } = await child.status;
    clearTimeout(hangs);
    assertEquals([code, signal], [0, null], "killed, as it did not end for 10 s after the abort");
    await reader.cancel();
  });
}
