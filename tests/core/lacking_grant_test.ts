import { assertEquals, assertThrows } from "@std/assert";
import { lackingGrant } from "../../src/core/mod.ts";

Deno.test("lackingGrant() reads what this version of Deno says", {
  permissions: { read: false, write: false, net: false },
}, async () => {
  const read = assertThrows(() => Deno.readDirSync("/data/my models"), Deno.errors.NotCapable);
  assertEquals(lackingGrant(read), { act: "read", place: "/data/my models", grant: "READ='/data/my models'" });
  const write = assertThrows(() => Deno.mkdirSync("/data/x"), Deno.errors.NotCapable);
  assertEquals(lackingGrant(write), { act: "write", place: "/data/x", grant: "WRITE=/data/x" });
  const net = await Deno.connect({ hostname: "127.0.0.1", port: 8600 }).catch((error: Error) => error);
  assertEquals(lackingGrant(net as Error), { act: "reach", place: "127.0.0.1:8600", grant: "NET=127.0.0.1:8600" });
});

Deno.test("lackingGrant() knows no grant for what no task can be given", { permissions: "none" }, () => {
  for (const message of [`Requires env access to "HOME", run again`, "Requires read access", "", "no"]) {
    assertEquals(lackingGrant({ message }), undefined, message);
  }
});
