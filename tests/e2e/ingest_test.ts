import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DAY_MS, MINUTE_MS, toIso } from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { BTC, writeMirror, zipOf } from "../fakes/archive_files.ts";
import { klineCsv, walkCandles } from "../fakes/candles.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { finish, runIngest, SAMPLE, startIngest } from "./ingest_program.ts";

const BARE = ["--no-report", "--no-features"];
const SAMPLE_DIGEST = "c1e6c7bc7bda759f85ed3b3d50ef75fae8b132130d0d84cf89b513731f9895b1";
const OUTAGE = { start: "2023-03-24T12:40:00Z", end: "2023-03-24T14:00:00Z", minutes: 80, cause: "outage" };

Deno.test("ingest takes the bundled sample to a store, features and a report, and again costs nothing", async () => {
  await using tmp = await tmpDir();
  const first = await runIngest(tmp.path, ["--archive-dir", SAMPLE], { read: [SAMPLE] });
  assertEquals(first.code, 0, first.stderr);
  const { seconds, report, series, ...json } = first.json;
  assertEquals(json as unknown, {
    exchange: "binance",
    symbol: "BTC/USDT",
    interval: "1m",
    range: { start: "2023-02-01T00:00:00Z", end: "2023-05-02T00:00:00Z" },
    rows: { expected: 129_600, present: 129_520, added: 129_520, revised: 0 },
    gaps: [OUTAGE],
    datasetDigest: SAMPLE_DIGEST,
    files: { verified: 0, unverified: 90, refetched: 0, missing: 0, unreached: 0, rejected: 0, cached: 0 },
    requests: { count: 0, weight: 0, retries: 0 },
    warnings: [],
  });
  assertEquals(series!.length, 1);
  assert(seconds! > 0);
  assertMatch(report!, /^reports\/ingestion\/[\dTZ-]+\/report\.pdf$/);
  assert((await Deno.stat(`${tmp.path}/${report}`)).size > 10_000);
  {
    await using store = await DuckDbFeatureStore.open(`${tmp.path}/feature_store/bitcoin.duckdb`, {
      mode: "read",
      clock: SYSTEM_CLOCK,
    });
    const range = { startMs: Date.UTC(2023, 1, 1), endMs: Date.UTC(2023, 4, 3) };
    for (const [name, width] of [["flagship", 96], ["base", 27]] as const) {
      const { length, names } = await store.loadFeatures(name, { ...BTC, range });
      assertEquals([length, names.length], [129_520, width], name);
    }
  }
  const second = await runIngest(tmp.path, ["--archive-dir", SAMPLE, "--no-report"], { read: [SAMPLE] });
  assertEquals([second.code, second.json.rows!.added, second.json.datasetDigest], [0, 0, SAMPLE_DIGEST]);
  assertEquals([second.json.report, second.json.files!["unverified"]], [null, 0]);
});

Deno.test("ingest says what it did, what is missing and why, and what to run next", async () => {
  await using tmp = await tmpDir();
  const { code, stdout, stderr } = await startIngest(tmp.path, ["--archive-dir", SAMPLE, ...BARE], { read: [SAMPLE] })
    .output();
  const text = new TextDecoder();
  assertEquals(code, 0);
  const out = text.decode(stdout);
  for (
    const part of [
      "129,520 of 129,600, 129,520 new",
      "80 minutes: 2023-03-24T12:40:00Z to 2023-03-24T14:00:00Z (outage)",
      SAMPLE_DIGEST,
      "90 without a published checksum",
    ]
  ) assertStringIncludes(out, part);
  assertStringIncludes(text.decode(stderr), "task track");
});

Deno.test("ingest --dry-run shows the plan and makes nothing", async () => {
  await using tmp = await tmpDir();
  const args = ["--archive-dir", SAMPLE, "--dry-run", "--since", "2023-03-01", "--until", "2023-03-03"];
  const { code, json } = await runIngest(tmp.path, args, { read: [SAMPLE] });
  assertEquals([code, json.rows as unknown], [0, { expected: 2880, present: 0 }]);
  const plan = json.plan as { files: string[]; missing: unknown[]; rest: unknown[] };
  assertEquals([plan.files.length, plan.missing.length, plan.rest], [2, 1, []]);
  assertEquals([...Deno.readDirSync(tmp.path)], []);
});

Deno.test("ingest without the right to read the mirror says how to grant it", async () => {
  await using tmp = await tmpDir();
  const { code, json } = await runIngest(tmp.path, ["--archive-dir", SAMPLE, ...BARE]);
  assertEquals([code, json.error!.code], [3, "permission-denied"]);
  assertEquals(json.error!.hint, `Grant it: task ingest READ=${SAMPLE} -- --archive-dir ${SAMPLE}`);
});

Deno.test("ingest names what is wrong with its options", async (t) => {
  await using tmp = await tmpDir();
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [["--since", "2023-02-30"], 2, "2023-02-30"],
    [["--since", "2023-02-02", "--until", "2023-02-02"], 2, "range is empty"],
    [["--symbol", "BTCUSDT"], 2, "Did you mean 'BTC/USDT'?"],
    [["--interval", "2m"], 2, "--interval"],
    [["--source", "archiv"], 2, "Did you mean 'archive'?"],
    [["--source", "rest", "--archive-dir", "x"], 2, "together"],
    [["--export", "csv:out"], 2, "parquet:DIR"],
    [["--archive-dirr", "x"], 2, "--archive-dir"],
    [["--archive-dir", "nowhere"], 6, "is no folder"],
    [["--exchange", "binanze", "--source", "rest"], 2, "Did you mean 'binance'?"],
    [["--config", "none.json"], 3, "does not exist"],
  ];
  for (const [args, exit, part] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, json } = await runIngest(tmp.path, args);
      assertEquals(code, exit, JSON.stringify(json));
      assertStringIncludes(`${json.error!.message} ${json.error!.hint}`, part);
    });
  }
  await t.step("a config with an unknown key", async () => {
    await Deno.writeTextFile(`${tmp.path}/mine.json`, '{"refreshMinuts": 5}');
    const { code, json } = await runIngest(tmp.path, ["--config", "mine.json"]);
    assertEquals([code, json.error!.code, json.error!.hint], [3, "config-invalid", "Did you mean 'refreshMinutes'?"]);
  });
});

Deno.test("ingest of damaged files stores the others, and its exit code says what kind of damage", async (t) => {
  await using tmp = await tmpDir();
  const start = Date.UTC(2024, 0, 10);
  const candles = walkCandles({ startMs: start, endMs: start + 3 * DAY_MS });
  const [, file] = await writeMirror(`${tmp.path}/mirror`, candles);
  const path = `${tmp.path}/mirror/${file!.path}`;
  const good = await Deno.readFile(path);
  const csv = klineCsv(walkCandles(file!.range));
  const member = file!.name.replace(".zip", ".csv");
  const cases: Readonly<Record<string, readonly [Uint8Array, number, string, string]>> = {
    "a zip cut off": [good.slice(0, good.length >> 1), 4, "archive-unreadable", file!.name],
    "a missing column": [
      zipOf(member, csv.replaceAll(/,0$/gm, "")),
      5,
      "invariant-violated",
      "11 columns instead of 12",
    ],
    "a number that is none": [zipOf(member, csv.replace(/^(\d+),[\d.]+/, "$1,1O0")), 5, "invariant-violated", "'1O0'"],
    "high below low": [
      zipOf(member, csv.replace(/^(\d+,[\d.]+),[\d.]+/, "$1,0.5")),
      5,
      "invariant-violated",
      "row 1 (2024-01-11T00:00:00Z): prices disagree",
    ],
  };
  for (const [name, [bytes, exit, errorCode, part]] of Object.entries(cases)) {
    await t.step(name, async () => {
      await Deno.remove(`${tmp.path}/feature_store`, { recursive: true }).catch(() => undefined);
      await Deno.writeFile(path, bytes);
      const { code, json } = await runIngest(tmp.path, ["--archive-dir", "mirror", ...BARE]);
      assertEquals([code, json.error!.code], [exit, errorCode]);
      assertStringIncludes(json.error!.message, part);
      assertEquals(json.rows!.present, 2880);
      assertEquals(json.gaps, [{
        start: "2024-01-11T00:00:00Z",
        end: "2024-01-12T00:00:00Z",
        minutes: 1440,
        cause: "fetch_failed",
      }]);
    });
  }
  await t.step("and a rerun with the whole file completes it", async () => {
    await Deno.writeFile(path, good);
    const { code, json } = await runIngest(tmp.path, ["--archive-dir", "mirror", ...BARE]);
    assertEquals([code, json.rows!.present, json.gaps], [0, 4320, []]);
  });
});

Deno.test("ingest on a store that another process holds is exit 8 and says who", async () => {
  await using tmp = await tmpDir();
  await using _holder = await DuckDbFeatureStore.open(`${tmp.path}/feature_store/bitcoin.duckdb`, {
    mode: "write",
    clock: SYSTEM_CLOCK,
    command: "api",
  });
  await Deno.writeTextFile(`${tmp.path}/quick.json`, '{"featureStore": {"waitMs": 50}}');
  const args = ["--archive-dir", SAMPLE, "--config", "quick.json", ...BARE];
  const { code, json } = await runIngest(tmp.path, args, { read: [SAMPLE] });
  assertEquals([code, json.error!.code], [8, "store-busy"]);
  assertStringIncludes(json.error!.message, `'api' (pid ${Deno.pid}) since 20`);
});

Deno.test("ingest on a damaged store is exit 5 and leaves the file as it is", async () => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/feature_store`);
  const path = `${tmp.path}/feature_store/bitcoin.duckdb`;
  await Deno.writeTextFile(path, "no database ".repeat(5000));
  const { code, json } = await runIngest(tmp.path, ["--archive-dir", SAMPLE, ...BARE], { read: [SAMPLE] });
  assertEquals([code, json.error!.code], [5, "store-damaged"]);
  assertStringIncludes(json.error!.hint!, "run ingest again");
  assertEquals((await Deno.readTextFile(path)).length, 60_000);
});

/** An exchange whose last minutes are now, and the flags and variables that lead there. */
function exchange(options: Partial<ConstructorParameters<typeof FakeExchangeServer>[0]> = {}) {
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const hole = { startMs: now - 700 * MINUTE_MS, endMs: now - 680 * MINUTE_MS };
  const candles = walkCandles({ startMs: now - 5 * DAY_MS, endMs: now + 5 * MINUTE_MS }, [hole]);
  const server = new FakeExchangeServer({
    markets: { BTCUSDT: candles, ETHUSDT: candles },
    silent: [hole],
    ...options,
  });
  const to = {
    net: [new URL(server.origin).host],
    env: { BINANCE_API_URL: server.origin, BINANCE_ARCHIVE_URL: server.origin },
  };
  return { server, to, hole, candles };
}

Deno.test("ingest over REST takes all that is closed, and only what is new the next time", async () => {
  await using tmp = await tmpDir();
  const { server, to, hole } = exchange();
  await using _ = server;
  const args = ["--source", "rest", "--since", "P2D", ...BARE];
  const first = await runIngest(tmp.path, args, to);
  assertEquals(first.code, 0, JSON.stringify(first.json));
  const { rows, gaps, requests, range } = first.json;
  // Both ends fall on whole minutes, and a minute closes two seconds late.
  assert(rows!.expected >= 2878 && rows!.expected <= 2880, String(rows!.expected));
  assertEquals([rows!.present, rows!.added], [rows!.expected - 20, rows!.expected - 20]);
  assertEquals(gaps, [{ start: toIso(hole.startMs), end: toIso(hole.endMs), minutes: 20, cause: "outage" }]);
  assert(Date.parse(range!.end) <= Date.now());
  assert(requests!.count >= 5 && requests!.weight >= 2 * 3 + 20);
  const before = server.countOf("klines");
  const second = await runIngest(tmp.path, args, to);
  assertEquals(second.code, 0);
  assert(second.json.rows!.added <= 2);
  assert(server.countOf("klines") - before <= 2);
});

Deno.test("ingest takes several symbols, and says the same of each", async () => {
  await using tmp = await tmpDir();
  const { server, to } = exchange();
  await using _ = server;
  const symbols = ["--symbol", "BTC/USDT", "--symbol", "eth/usdt"];
  const { code, json } = await runIngest(tmp.path, ["--source", "rest", "--since", "PT3H", ...symbols, ...BARE], to);
  assertEquals([code, json.rows, json.series!.length], [0, undefined, 2]);
  assertEquals(json.series!.map((one) => one["symbol"]), ["BTC/USDT", "ETH/USDT"]);
  assertEquals(json.series![0]!["datasetDigest"], json.series![1]!["datasetDigest"]);
  assert(json.requests!.count > 0);
});

Deno.test("ingest shows what it brought of one symbol when it does not know the next", async () => {
  await using tmp = await tmpDir();
  const { server, to } = exchange();
  await using _ = server;
  const symbols = ["--symbol", "BTC/USDT", "--symbol", "DOGE/USDT"];
  const { code, json } = await runIngest(tmp.path, ["--source", "rest", "--since", "PT3H", ...symbols, ...BARE], to);
  assertEquals([code, json.error!.code, json.series!.length], [3, "symbol-unknown", 1]);
  assert(json.rows!.present >= 178, String(json.rows!.present));
});

Deno.test("several symbols and intervals in one run: each its own entry, one report, and the unknown one keeps none back", async () => {
  await using tmp = await tmpDir();
  const { candles } = exchange();
  const hours = 5 * 24 + 1; // the last one is forming
  const firstMs = Math.ceil(candles.openTimeMs[0]! / 3_600_000) * 3_600_000;
  const byHour = (values: Float64Array) => values.slice(0, hours);
  const hourly = {
    ...candles,
    length: hours,
    ...Object.fromEntries(
      (["open", "high", "low", "close", "volume", "quoteVolume", "takerBuyBaseVolume", "takerBuyQuoteVolume"] as const)
        .map((field) => [field, byHour(candles[field])]),
    ),
    openTimeMs: Float64Array.from({ length: hours }, (_, i) => firstMs + i * 3_600_000),
    closeTimeMs: Float64Array.from({ length: hours }, (_, i) => firstMs + (i + 1) * 3_600_000 - 1),
  } as typeof candles;
  const markets = { BTCUSDT: candles, ETHUSDT: candles, "BTCUSDT/1h": hourly, "ETHUSDT/1h": hourly };
  const { server, to } = exchange({ markets });
  await using _ = server;
  const args = ["--source", "rest", "--since", "P2D", "--symbol", "BTC/USDT,DOGE/USDT", "--symbol", "ETH/USDT"];
  const { code, json, stderr } = await runIngest(tmp.path, [...args, "--interval", "1m,1h", "--no-features"], to);
  assertEquals([code, json.error!.code], [3, "symbol-unknown"], stderr);
  const series = json.series as { symbol: string; interval: string; rows: { expected: number; present: number } }[];
  assertEquals(series.map(({ symbol, interval }) => `${symbol} ${interval}`), [
    ...["BTC/USDT 1m", "BTC/USDT 1h", "ETH/USDT 1m", "ETH/USDT 1h"],
  ]);
  for (const { interval, rows } of series) {
    assert(rows.expected >= (interval === "1m" ? 2878 : 47) && rows.expected <= (interval === "1m" ? 2880 : 48));
    assertEquals(rows.present, rows.expected - (interval === "1m" ? 20 : 0));
  }
  assertMatch(json.report!, /report\.pdf$/);
  assertEquals([...Deno.readDirSync(`${tmp.path}/reports/ingestion`)].length, 1, "one report for the run");
});

Deno.test("ingest exits by what the exchange says", async (t) => {
  await using tmp = await tmpDir();
  await t.step("a symbol it does not know: 3", async () => {
    const { server, to } = exchange();
    await using _ = server;
    const { code, json } = await runIngest(tmp.path, ["--source", "rest", "--symbol", "DOGE/USDT", ...BARE], to);
    assertEquals([code, json.error!.code], [3, "symbol-unknown"]);
  });
  await t.step("not served here: 4", async () => {
    const { server, to } = exchange({ fault: () => ({ status: 451 }) });
    await using _ = server;
    const { code, json } = await runIngest(tmp.path, ["--source", "rest", ...BARE], to);
    assertEquals([code, json.error!.code], [4, "region-blocked"]);
    assertStringIncludes(json.error!.hint!, "--source archive");
  });
  await t.step("a host that is not granted: 3, and which", async () => {
    const { server, to } = exchange();
    await using _ = server;
    const { code, json } = await runIngest(tmp.path, ["--source", "rest", ...BARE], { env: to.env });
    assertEquals([code, json.error!.code], [3, "permission-denied"]);
    assertStringIncludes(json.error!.message, to.net[0]!);
  });
  await t.step("a page that never comes, after one that did: 4, and that one is kept", async () => {
    const { server, to } = exchange({
      fault: (endpoint, count) => endpoint === "klines" && count > 2 ? { status: 500 } : undefined,
    });
    await using _ = server;
    await Deno.writeTextFile(`${tmp.path}/quick.json`, '{"api": {"attempts": 2, "inFlight": 1, "pageRows": 500}}');
    const args = ["--source", "rest", "--since", "P1D", "--config", "quick.json", ...BARE];
    const { code, json } = await runIngest(tmp.path, args, to);
    assertEquals([code, json.error!.code, json.rows!.present > 0], [4, "exchange-unavailable", true]);
    assertEquals(json.gaps!.at(-1)!.cause, "fetch_failed");
  });
});

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`ingest stopped by ${signal} keeps what it committed, prints it, and exits ${exit}`, async () => {
    await using tmp = await tmpDir();
    // Slow enough to be met at work.
    const { server, to } = exchange({ latencyMs: 120 });
    await using _ = server;
    await Deno.writeTextFile(`${tmp.path}/slow.json`, '{"api": {"inFlight": 1, "pageRows": 100}}');
    const args = ["--json", "--source", "rest", "--since", "P4D", "--config", "slow.json", ...BARE];
    const process = startIngest(tmp.path, args, to);
    while (server.countOf("klines") < 12) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(signal);
    const { code, json } = await finish(process);
    assertEquals([code, json.error!.code], [exit, "interrupted"]);
    const { present, added, expected } = json.rows!;
    assert(present > 500 && present < expected && present === added, JSON.stringify(json.rows));
  });
}

Deno.test("ingest in an empty store uses the file that the program carries as its config", async () => {
  await using tmp = await tmpDir();
  await writeMirror(`${tmp.path}/mirror`, walkCandles(dailyFile(BTC, Date.UTC(2024, 0, 10)).range), {
    checksums: true,
  });
  const out = `parquet:${tmp.path}/reports/export`;
  const { code, json } = await runIngest(tmp.path, ["--archive-dir", "mirror", "--export", out, ...BARE]);
  assertEquals([code, json.files], [0, {
    verified: 1,
    unverified: 0,
    refetched: 0,
    missing: 0,
    unreached: 0,
    rejected: 0,
    cached: 0,
  }]);
  const [exported] = json.exports as { manifest: string; rows: number; files: number }[];
  assertEquals([exported!.rows, exported!.files], [1440, 1]);
  assertEquals(
    exported!.manifest,
    `${tmp.path}/reports/export/exchange=binance/symbol=BTCUSDT/interval=1m/_manifest.json`,
  );
});
