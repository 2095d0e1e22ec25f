/** `ingest --follow` on the real program: an exchange whose minutes take a second. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MINUTE_MS } from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { finish, runIngest, startIngest } from "./ingest_program.ts";

const START = Date.UTC(2024, 0, 10);
const SPEED = 60;

async function scene() {
  const tmp = await tmpDir();
  const startedAt = performance.now();
  const candles = walkCandles({ startMs: START, endMs: START + 3_000 * MINUTE_MS });
  const server = new FakeExchangeServer({
    markets: { BTCUSDT: candles },
    now: () => Math.round(START + 200 * MINUTE_MS + SPEED * (performance.now() - startedAt)),
    weightPerMinute: 100_000,
  });
  const settings = { api: { closedMarginMs: 0 }, stream: { graceMs: 20_000 } };
  await Deno.writeTextFile(`${tmp.path}/quick.json`, JSON.stringify(settings));
  const to = {
    net: [new URL(server.origin).host],
    env: { BINANCE_API_URL: server.origin, BINANCE_STREAM_URL: server.streamOrigin },
  };
  const args = ["--source", "rest", "--since", "2024-01-10", "--config", "quick.json", "--no-report"];
  const path = `${tmp.path}/feature_store/bitcoin.duckdb`;
  const stored = async () => {
    await using store = await DuckDbFeatureStore.open(path, { mode: "read", clock: SYSTEM_CLOCK, waitMs: 10_000 });
    return (await store.span(BTC))!.endMs;
  };
  /** Waits until the store reaches a time; the follower lets readers in. */
  const reaches = async (endMs: number) => {
    for (let tries = 0; tries < 200; tries++) {
      const reached = await stored().catch(() => 0);
      if (reached >= endMs) return reached;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("The follower does not get on");
  };
  return {
    folder: tmp.path,
    server,
    to,
    args,
    stored,
    reaches,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await tmp[Symbol.asyncDispose]();
    },
  };
}

Deno.test("ingest --follow keeps up, lets readers in, fills what a cut left, and stops on SIGINT with one object", async () => {
  await using at = await scene();
  const process = startIngest(at.folder, [...at.args, "--follow", "--json"], at.to);
  const ended = finish(process);
  // On a slow machine catching up alone may reach this, before there is a stream to cut.
  for (let tries = 0; at.server.connections === 0 && tries < 600; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const first = await at.reaches(START + 203 * MINUTE_MS);
  at.server.cutStreams();
  const reached = await at.reaches(first + 8 * MINUTE_MS);
  process.kill("SIGINT");
  const { code, json, stderr } = await ended;
  assertEquals(code, 130, `${stderr}\n${JSON.stringify(json.error)}`);
  assertEquals(json.error, undefined);
  const { follow, rows, gaps } = json as typeof json & {
    follow: { added: number; disconnections: number; batches: number };
  };
  assert(follow.added >= 5 && follow.batches >= 4 && follow.disconnections === 1, JSON.stringify(follow));
  assertEquals([rows!.expected - rows!.present, gaps], [0, []]);
  assertStringIncludes(stderr, "Following BTC/USDT 1m");
  assertStringIncludes(stderr, "lag ");
  assert(at.server.connections >= 2, "it connected again");
  assert(await at.stored() >= reached);
  await assertEqualsOneIngest(at);
  assertEquals([...Deno.readDirSync(at.folder)].some(({ name }) => name === "reports"), false, "no report a minute");
});

Deno.test("ingest --follow that is killed leaves whole batches, and features that an ingest brings up to date", async () => {
  await using at = await scene();
  const process = startIngest(at.folder, [...at.args, "--follow"], at.to);
  const output = process.output();
  await at.reaches(START + 204 * MINUTE_MS);
  process.kill("SIGKILL");
  await output;
  await assertEqualsOneIngest(at);
});

/** The store that followed has the digest of one that was filled by one ingest, over the same range. */
async function assertEqualsOneIngest(at: Awaited<ReturnType<typeof scene>>): Promise<void> {
  const endMs = await at.stored();
  const until = ["--until", new Date(endMs).toISOString()];
  const again = await runIngest(at.folder, [...at.args, ...until], at.to);
  assertEquals([again.code, again.json.rows!.added], [0, 0], JSON.stringify(again.json));
  await Deno.mkdir(`${at.folder}/other`);
  await Deno.copyFile(`${at.folder}/quick.json`, `${at.folder}/other/quick.json`);
  const whole = await runIngest(`${at.folder}/other`, [...at.args, ...until], at.to);
  assertEquals([whole.code, whole.json.datasetDigest], [0, again.json.datasetDigest]);
}

Deno.test("ingest --follow refuses what has an end, and a stream that is not granted", async () => {
  await using at = await scene();
  for (
    const [extra, named] of [
      [["--until", "2024-01-11"], "--until"],
      [["--dry-run"], "--dry-run"],
      [["--export", "parquet:x"], "--export"],
    ] as const
  ) {
    const { code, json } = await runIngest(at.folder, [...at.args, "--follow", ...extra], at.to);
    assertEquals([code, json.error!.code], [2, "usage"]);
    assertStringIncludes(json.error!.message, named);
  }
  const env = { ...at.to.env, BINANCE_STREAM_URL: "ws://127.0.0.1:1" };
  const walled = await runIngest(at.folder, [...at.args, "--follow"], { ...at.to, env });
  assertEquals([walled.code, walled.json.error!.code], [3, "permission-denied"], walled.stderr);
  assertStringIncludes(walled.json.error!.hint!, "NET=127.0.0.1:1");
  const none = await runIngest(at.folder, [...at.args, "--follow"], {
    ...at.to,
    env: { ...env, BINANCE_STREAM_URL: "http://x" },
  });
  assertEquals([none.code, none.json.error!.code], [3, "config-invalid"]);
});
