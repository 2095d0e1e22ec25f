import { assertEquals } from "@std/assert";
import { collectGarbage } from "../../src/ml/collect_garbage.ts";

Deno.test(
  "collectGarbage() lets go of shared memory, which V8 itself does not look for",
  { permissions: "none" },
  async () => {
    const letGo = new WeakRef(new SharedArrayBuffer(1e8)), held = new SharedArrayBuffer(8);
    await new Promise((resolve) => setTimeout(resolve, 0)); // until then a WeakRef holds what it was made of
    collectGarbage();
    assertEquals([letGo.deref(), held.byteLength], [undefined, 8]);
  },
);
