import { assert, assertEquals } from "@std/assert";
import { changeKeys, newKey } from "../../src/api/access/mod.ts";
import { KeyRing } from "../../src/api/mod.ts";
import { ROUTES } from "../../src/api/openapi/routes.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { startService } from "./service_fixture.ts";

const AT = "2026-01-02T03:04:05.000Z";

Deno.test("no request can add to what /metrics holds: whatever a client makes up shares a label", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/keys.json`,
    made = newKey({ id: "k", scopes: ["predict", "admin"], rate: null, createdAt: AT });
  await changeKeys(path, () => [made.key]);
  const { ask } = await startService({ keys: await KeyRing.open(path, new ManualClock(0)) });
  const paths = [...ROUTES.map(({ path }) => path), "/nowhere", "//metrics"];
  const storm = async (word: string) => {
    for (const path of paths) {
      const headers = { "x-request-id": word, "x-canary-key": word, host: word, "content-type": word };
      const bearers = [{}, { authorization: `Bearer ${word}` }, { authorization: `Bearer ${made.token}` }];
      for (const authorization of bearers) {
        for (const method of ["GET", "HEAD", "POST", "OPTIONS", word, word.toLowerCase()]) {
          const body = method === "GET" || method === "HEAD" ? null : word;
          for (const query of ["", `?horizon=${word}`, `?${word}=1`]) {
            await (await ask(path + query, { method, headers: { ...headers, ...authorization }, body })).body?.cancel();
          }
        }
      }
      await (await ask(`${path}/${word}`)).body?.cancel();
    }
    const text = await (await ask("/metrics", { headers: { authorization: `Bearer ${made.token}` } })).text();
    return text.split("\n").filter((line) => !line.startsWith("#")).map((line) => line.replace(/ \S*$/, ""));
  };
  const first = await storm("X000001"), second = await storm("X000002");
  assertEquals(second, await storm("Q3"));
  assertEquals(second.filter((series) => !first.includes(series) && !series.includes('route="/metrics"')), []);
  assert(!second.some((series) => /X00000|x00000/.test(series)));
  const count = `bitcoin_ml_http_request_duration_seconds_count{method="other",route="/predict",status="405"}`;
  assert(second.includes(count));
});
