import { assertEquals } from "@std/assert";
import { listen } from "../../src/api/mod.ts";
import { startService } from "./service_fixture.ts";

/** Headers that differ from one request to the next. */
const OF_THE_MOMENT = ["date", "x-request-id"];

Deno.test("HEAD says over the wire what GET would, its length too, and sends no body", async () => {
  const { service } = await startService();
  const server = listen(service.fetch, { host: "127.0.0.1", port: 0, hasKeys: false, shutdownMs: 1000 });
  try {
    for (
      const path of [
        "/health",
        "/livez",
        "/docs",
        "/openapi.json",
        "/version",
        "/ping",
        "/nowhere",
        "/v1/forecast?horizon=x",
      ]
    ) {
      const [got, headed] = [await fetch(server.url + path), await fetch(server.url + path, { method: "HEAD" })];
      const headers = ({ headers }: Response) => [...headers].filter(([name]) => !OF_THE_MOMENT.includes(name));
      const length = (await got.arrayBuffer()).byteLength;
      assertEquals(Number(headed.headers.get("content-length")), length, path);
      assertEquals((await headed.arrayBuffer()).byteLength, 0);
      assertEquals([headed.status, headers(headed)], [got.status, headers(got)], path);
    }
    const wrong = await fetch(`${server.url}/predict`, { method: "HEAD" });
    assertEquals([wrong.status, Number(wrong.headers.get("content-length")) > 0], [405, true]);
  } finally {
    await server.stop();
  }
});
