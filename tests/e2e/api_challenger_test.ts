import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { openStores, putCandles, runCommand, startApi } from "./service_folder.ts";

async function healthUntil(url: string, wanted: (health: { challenger: { state: string } }) => boolean) {
  for (let i = 0; i < 100; i++) {
    const health = await (await fetch(`${url}/health`)).json();
    if (wanted(health)) return health;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the challenger never came to the state that was waited for");
}

Deno.test("api tries a challenger in a Worker under its own permissions, lets it answer a share, and logs requests", async () => {
  await using tmp = await tmpDir();
  await putCandles(tmp.path, randomCandles(1500));
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(harSpec()));
    await registerModel(stores, modelFiles(harSpec({ logit: 0.5 })), { alias: "rival" });
  }
  await Deno.mkdir(`${tmp.path}/config`);
  await Deno.writeTextFile(
    `${tmp.path}/config/api.json`,
    JSON.stringify({ requestLog: { level: "info", destination: "mlruns/requests.jsonl" } }),
  );
  await using api = await startApi(tmp.path, ["--challenger", "rival", "--canary-share", "0.5"]);
  const health = await healthUntil(api.url, ({ challenger }) => challenger.state === "running");
  assertEquals([health.model.version, health.challenger.model.version], ["1", "2"]);
  const versions: string[] = [];
  for (let i = 0; i < 60; i++) {
    const response = await fetch(`${api.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": `r-${i}` },
      body: JSON.stringify({ features: plainRow() }),
    });
    assertEquals(response.status, 200);
    versions.push((await response.json()).model.version);
  }
  const served = versions.filter((version) => version === "2").length;
  assert(served > 10 && served < 50, `${served} of 60`);
  for (let i = 0; i < 50; i++) {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    if (metrics.includes(`{kind="minute",outcome="ok"} 1`)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  api.child.kill("SIGTERM");
  assertEquals((await api.child.status).code, 143, await api.stderr);
  assertStringIncludes(await api.stderr, "Challenger version 2 is loaded");

  const lines = (await Deno.readTextFile(`${tmp.path}/mlruns/requests.jsonl`)).trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line));
  assertEquals(entries.filter(({ route }) => route === "/predict").map(({ requestId }) => requestId), [
    ...Array.from({ length: 60 }, (_, i) => `r-${i}`),
  ]);
  assert(entries.some(({ event }) => event === "challenger-swap"));
  const { code, stdout } = await runCommand("api", tmp.path, ["verify-log", "--json"]);
  assertEquals([code, JSON.parse(stdout).passed], [0, true]);
  const monitored = await runCommand("monitor", tmp.path, ["--json"]);
  assertEquals(monitored.code, 0, monitored.stderr);
  assertEquals(Object.keys(JSON.parse(monitored.stdout).skill).length, 2, "a version each");
});

Deno.test("api refuses a share without a challenger, or one that is no share", async () => {
  await using tmp = await tmpDir();
  for (const args of [["--canary-share", "0.1"], ["--challenger", "rival", "--canary-share", "1.5"]]) {
    const { code, stderr } = await runCommand("api", tmp.path, args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "--canary-share");
  }
});
