import { MINUTE_MS } from "../../src/core/mod.ts";
import { walkCandles } from "../fakes/candles.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import type { Bench } from "./bench.ts";

/** Request weight allowed a minute, as Binance had it in 2021. */
const LIMIT = 1_200;
const LATENCY_MS = 100;
/** At 600 pages of 1000 a minute: two whole minutes, wherever in a minute it begins. */
const CANDLES = 2_200_000;
const PAGE_WEIGHT = 2, PAGE_CANDLES = 1_000;

/** Ingest over REST in real time against an exchange that answers late and counts: how near the limit, and never over. */
export const bench: Bench = {
  name: "rest",
  async run() {
    await using tmp = await tmpDir();
    const endMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    // Half a day of candles, each time of the range with the values of the time of day: what they are does not matter.
    const candles = repeated(endMs - CANDLES * MINUTE_MS);
    await using server = new FakeExchangeServer({
      markets: { BTCUSDT: candles },
      weightPerMinute: LIMIT,
      latencyMs: LATENCY_MS,
    });
    const { code, stderr } = await new Deno.Command("deno", {
      args: [
        ...["run", "-q", "--no-prompt", "-P=ingest", `--allow-net=${new URL(server.origin).host}`],
        ...[`--allow-read=config,${tmp.path}`, `--allow-write=${tmp.path}`, "main.ts", "ingest", "--quiet"],
        ...["--config", await settings(tmp.path), "--source", "rest", "--no-report", "--no-features"],
        ...["--since", new Date(endMs - CANDLES * MINUTE_MS).toISOString(), "--until", new Date(endMs).toISOString()],
      ],
      env: { BINANCE_API_URL: server.origin },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(`ingest ended with ${code}: ${new TextDecoder().decode(stderr).slice(-500)}`);
    // The first and the last minute are cut by the start and the end.
    const full = [...server.weights.entries()].sort(([a], [b]) => a - b).slice(1, -1).map(([, weight]) => weight);
    const refused = server.requests.filter(({ status }) => status === 429 || status === 418).length;
    const least = Math.min(...full) / LIMIT;
    return [
      {
        name: `rest.weight_used (${full.length} full minutes, limit ${LIMIT}, ${LATENCY_MS} ms)`,
        unit: "share",
        value: least,
        target: "≥ 0.9",
        passed: full.length >= 2 && least >= 0.9 && Math.max(...full) <= LIMIT,
      },
      { name: "rest.refused", unit: "requests", value: refused, target: "0", passed: refused === 0 },
      {
        name: "rest.candles",
        unit: "candles/min",
        value: full.reduce((sum, weight) => sum + weight, 0) / full.length / PAGE_WEIGHT * PAGE_CANDLES,
        target: "≥ 540,000",
        passed: least >= 0.9,
      },
    ];
  },
};

async function settings(folder: string): Promise<string> {
  const path = `${folder}/config.json`;
  await Deno.writeTextFile(path, JSON.stringify({ featureStore: { path: `${folder}/store.duckdb` } }));
  return path;
}

function repeated(startMs: number) {
  const pattern = walkCandles({ startMs, endMs: startMs + 720 * MINUTE_MS });
  const at = <T extends Float64Array | Int32Array>(values: T, make: (length: number) => T) => {
    const column = make(CANDLES);
    for (let i = 0; i < CANDLES; i++) column[i] = values[i % values.length]!;
    return column;
  };
  const doubles = (values: Float64Array) => at(values, (length) => new Float64Array(length));
  const openTimeMs = Float64Array.from({ length: CANDLES }, (_, i) => startMs + i * MINUTE_MS);
  return {
    length: CANDLES,
    openTimeMs,
    closeTimeMs: openTimeMs.map((ms) => ms + MINUTE_MS - 1),
    open: doubles(pattern.open),
    high: doubles(pattern.high),
    low: doubles(pattern.low),
    close: doubles(pattern.close),
    volume: doubles(pattern.volume),
    quoteVolume: doubles(pattern.quoteVolume),
    tradeCount: at(pattern.tradeCount, (length) => new Int32Array(length)),
    takerBuyBaseVolume: doubles(pattern.takerBuyBaseVolume),
    takerBuyQuoteVolume: doubles(pattern.takerBuyQuoteVolume),
  };
}
