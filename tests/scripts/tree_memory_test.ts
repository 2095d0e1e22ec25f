import { assert, assertEquals } from "@std/assert";
import { TreeMemory, treeRssKb } from "../../scripts/tree_memory.ts";

Deno.test("treeRssKb() adds up a process and all below it, and nothing beside it", { permissions: "none" }, () => {
  const lines = `
   30   20   1000
   10    1     50
   20   10    200
    1    0      7
   40    1    900
  `;
  assertEquals(treeRssKb(lines, 10), 1250);
  assertEquals(treeRssKb(lines, 40), 900);
  assertEquals(treeRssKb(lines, 99), 0);
});

Deno.test("TreeMemory sees what a child of a child holds", async () => {
  const hold = "const held = new Uint8Array(2e8).fill(1); setTimeout(() => Deno.exit(held[0] - 1), 600)";
  const start = `await new Deno.Command("deno", { args: ["eval", ${JSON.stringify(hold)}] }).output()`;
  const child = new Deno.Command("deno", { args: ["eval", start] }).spawn();
  const memory = new TreeMemory(child.pid, { everyMs: 50 });
  await child.status;
  await memory[Symbol.asyncDispose]();
  assert(memory.peakMb! > 200, `saw ${memory.peakMb} MB`);
});
