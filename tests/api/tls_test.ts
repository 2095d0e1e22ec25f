import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import { listen, readTls, watchTls } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const FIXTURES = new URL("../fixtures/tls/", import.meta.url).pathname;
const filesOf = (name: string) => ({ cert: `${FIXTURES}${name}.crt`, key: `${FIXTURES}${name}.key` });

async function get(url: string, name: string): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(filesOf(name).cert)] });
  return await (await fetch(url, { client })).text();
}

Deno.test("a server goes on with another certificate, ends what is under way, and refuses a pair that is none", async () => {
  const gate = Promise.withResolvers<void>(), began = Promise.withResolvers<void>();
  const server = listen(async (request) => {
    if (request.url.endsWith("/slow")) {
      began.resolve();
      await gate.promise;
    }
    return new Response("here");
  }, { host: "127.0.0.1", port: 0, hasKeys: false, tls: await readTls(filesOf("service")), shutdownMs: 5000 });
  assertEquals(await get(server.url, "service"), "here");
  const slow = get(`${server.url}/slow`, "service");
  await began.promise;
  const service = await readTls(filesOf("service")), other = await readTls(filesOf("other"));
  await assertRejects(() => server.renew({ cert: service.cert, key: other.key }), DomainError, "not the certificate's");
  assertEquals(await get(server.url, "service"), "here", "a bad pair changes nothing");
  await server.renew(other);
  assertEquals(await get(server.url, "other"), "here");
  await assertRejects(() => get(server.url, "service"), TypeError);
  gate.resolve();
  assertEquals(await slow, "here");
  await server.renew(service);
  assertEquals(await get(server.url, "service"), "here");
  await server.stop();
});

Deno.test("watchTls() takes a pair once both files have settled, and tells of a bad one once", async () => {
  await using tmp = await tmpDir();
  const files = { cert: `${tmp.path}/a.crt`, key: `${tmp.path}/a.key` };
  const put = async (cert: string, key: string) => {
    await Deno.copyFile(`${FIXTURES}${cert}.crt`, files.cert);
    await Deno.copyFile(`${FIXTURES}${key}.key`, files.key);
  };
  await put("service", "service");
  let sleeps = 0;
  const clock = new class extends ManualClock {
    override sleep(...args: Parameters<ManualClock["sleep"]>) {
      sleeps++;
      return super.sleep(...args);
    }
  }(0);
  const ending = new AbortController();
  const renewed: string[] = [], told: (string | undefined)[] = [];
  const other = await Deno.readTextFile(`${FIXTURES}other.crt`);
  const watching = watchTls(files, await readTls(files), {
    renew(pair) {
      renewed.push(pair.cert === other ? "other" : "service");
      return Promise.resolve();
    },
    onChange: (problem) => told.push(problem?.message),
    ...{ clock, signal: ending.signal },
  });
  const look = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const before = sleeps;
      await clock.advance(10_000);
      // A look has ended when the next is waited for.
      while (sleeps === before) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await look(2);
  await Deno.copyFile(`${FIXTURES}other.crt`, files.cert);
  await look(1);
  await put("other", "other");
  await look(1);
  assertEquals(renewed, [], "half of a pair, and a pair that was not seen twice, are left alone");
  await look(3);
  assertEquals([renewed, told], [["other"], [undefined]]);
  await Deno.remove(files.key);
  await look(4);
  assertEquals([renewed.length, told.length], [1, 2]);
  assertStringIncludes(told[1]!, "a.key");
  await put("other", "other");
  await look(3);
  assertEquals(renewed, ["other", "other"], "what is back is taken again");
  ending.abort();
  await watching;
  assert(told.at(-1) === undefined);
});
