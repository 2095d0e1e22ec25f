import { assert, assertEquals } from "@std/assert";
import { Hono } from "@hono/hono";
import { guard, hostName, isLoopback, isPrivateAddress } from "../../../src/MLOps/server/guard.ts";

function app(allowedHosts: readonly string[] = []): Hono {
  const hono = new Hono();
  hono.use(guard({ allowedHosts }));
  hono.all("*", (context) => context.text("in"));
  return hono;
}

async function ask(hono: Hono, method: string, headers: Record<string, string>, path = "/x"): Promise<string> {
  return await (await hono.request(`http://127.0.0.1${path}`, { method, headers })).text();
}

Deno.test("guard() lets this machine and private addresses in by Host", async () => {
  for (
    const host of [
      "localhost:5000",
      "127.0.0.1:5000",
      "[::1]:5000",
      "192.168.1.2:5000",
      "10.0.0.1",
      "172.16.0.9",
      "a.localhost",
    ]
  ) {
    assertEquals(await ask(app(), "GET", { host }), "in", host);
  }
});

Deno.test("guard() refuses foreign and malformed hosts, but for health", async () => {
  for (
    const host of [
      "evil.example",
      "evil.example:5000",
      "172.32.0.1",
      "8.8.8.8",
      "127.0.0.1.evil.example",
      "10.evil",
      "a b",
      "",
    ]
  ) {
    const text = await ask(app(), "GET", { host });
    assert(text.includes("Invalid Host header - possible DNS rebinding attack detected"), host);
    assertEquals(await ask(app(), "GET", { host }, "/health"), "in");
  }
});

Deno.test("guard() lets in the hosts that were allowed", async () => {
  assertEquals(await ask(app(["ml.example"]), "GET", { host: "ML.example:80" }), "in");
});

Deno.test("guard() blocks changes that another origin asks for", async () => {
  const host = "192.168.1.2:5000";
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    for (
      const origin of ["http://evil.example", "null", "http://192.168.1.2:5001", "file://", "http://localhost:3000"]
    ) {
      const text = await ask(app(), method, { host, origin });
      assert(text.includes("Cross-origin request blocked"), `${method} ${origin}`);
    }
    assertEquals(await ask(app(), method, { host, origin: "http://192.168.1.2:5000" }), "in");
    assertEquals(await ask(app(), method, { host }), "in");
  }
  assertEquals(await ask(app(), "GET", { host, origin: "http://evil.example" }), "in");
});

Deno.test("guard() lets other services of this machine change things only when asked as this machine", async () => {
  assertEquals(await ask(app(), "POST", { host: "127.0.0.1:5000", origin: "http://localhost:3000" }), "in");
});

Deno.test("hostName() drops ports and brackets and refuses what is no host", () => {
  assertEquals(hostName("[fe80::1]:80"), "fe80::1");
  assertEquals(hostName("Example.ORG:123"), "example.org");
  for (const text of ["a/b", "a@b", "::1", "a:b", "a:123456", ""]) assertEquals(hostName(text), undefined, text);
});

Deno.test("isLoopback() and isPrivateAddress() know their ranges", () => {
  assert(isLoopback("127.1.2.3") && isLoopback("::1") && !isLoopback("128.0.0.1") && !isLoopback("localhost.evil"));
  assert(isPrivateAddress("172.31.255.255") && isPrivateAddress("fd12::1") && isPrivateAddress("fe80::1"));
  assert(!isPrivateAddress("172.15.0.1") && !isPrivateAddress("192.169.0.1") && !isPrivateAddress("10.example"));
});

Deno.test("guard() tells of the name that it refused", async () => {
  const refused: string[] = [];
  const app = new Hono().use(guard({ allowedHosts: ["ml.example.org"], onForeignHost: (host) => refused.push(host) }));
  app.get("/x", (context) => context.text("ok"));
  const ask = async (host: string) => (await app.request(`http://${host}/x`, { headers: { host } })).status;
  assertEquals([await ask("ml.example.org:5000"), await ask("evil.example:5000"), await ask("10.0.0.3")], [
    200,
    403,
    200,
  ]);
  assertEquals(refused, ["evil.example"]);
});
