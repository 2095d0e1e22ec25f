import { assertEquals } from "@std/assert";

const MODULE = new URL("../../src/ml/collect_garbage.ts", import.meta.url).href;
/** Says whether shared memory that nobody holds is let go of, and what is held is not. */
const PROGRAM = `
import { collectGarbage } from "${MODULE}";
const letGo = new WeakRef(new SharedArrayBuffer(1e8)), held = new SharedArrayBuffer(8);
await new Promise((resolve) => setTimeout(resolve, 0)); // until then a WeakRef holds what it was made of
collectGarbage();
console.log(letGo.deref() === undefined, held.byteLength);`;

async function run(...flags: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("deno", { args: ["eval", ...flags, PROGRAM] }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("collectGarbage() lets go of shared memory, which V8 itself does not look for, where the process allows it", async () => {
  assertEquals(await run("--v8-flags=--expose-gc"), "true 8\n");
  assertEquals(await run(), "false 8\n");
});
