import { assertEquals, assertThrows } from "@std/assert";
import { Hono } from "@hono/hono";
import { parseAccessKeys, requireKey } from "../../../src/MLOps/server/access_keys.ts";

const KEY = "0123456789abcdef-ü", OTHER = "another key, also long";

function app(): Hono {
  const hono = new Hono();
  hono.use(requireKey([KEY, OTHER]));
  hono.all("*", (context) => context.text("in"));
  return hono;
}

const basic = (name: string, password: string) =>
  `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${password}`)))}`;

Deno.test("requireKey() lets in who shows a key, as a token or a password, and nobody else", async () => {
  const cases: readonly (readonly [string | undefined, number])[] = [
    [undefined, 401],
    [`Bearer ${KEY.slice(0, 16)}`, 401],
    ["Bearer 0123456789abcdef-", 401],
    [basic("anyone", KEY), 200],
    [basic("", OTHER), 200],
    [basic("anyone", `${KEY}x`), 401],
    [basic(KEY, ""), 401],
    ["Basic !!!", 401],
    ["Bearer", 401],
    ["Digest abc", 401],
    [`Bearer ${encodeURIComponent(KEY)}`, 401],
  ];
  for (const [authorization, wanted] of cases) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await app().request("http://127.0.0.1/api/2.0/mlflow/experiments/get", { headers });
    assertEquals(response.status, wanted, authorization);
    if (wanted === 401) {
      assertEquals(response.headers.get("www-authenticate"), 'Basic realm="mlflow", charset="UTF-8"');
      assertEquals((await response.json()).error_code, "UNAUTHENTICATED");
    } else await response.body?.cancel();
  }
  const plain = new Hono().use(requireKey(["0123456789abcdef"])).all("*", (context) => context.text("in"));
  const token = await plain.request("http://127.0.0.1/x", { headers: { authorization: "bearer 0123456789abcdef" } });
  assertEquals(await token.text(), "in");
});

Deno.test("requireKey() asks load balancers for nothing", async () => {
  for (const path of ["/health", "/version"]) {
    assertEquals((await app().request(`http://127.0.0.1${path}`)).status, 200);
  }
});

Deno.test("parseAccessKeys() reads a key a line, and refuses none and short ones", () => {
  assertEquals(parseAccessKeys(`# mine\n\n  ${OTHER}  \r\n${KEY}\n`), [OTHER, KEY]);
  assertThrows(() => parseAccessKeys("# nothing\n"), RangeError, "holds no key");
  assertThrows(() => parseAccessKeys(`${KEY}\nshort\n`), RangeError, "key 2 has fewer than 16");
});
