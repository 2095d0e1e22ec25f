import { assert, assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS, seededRandom } from "../../src/core/mod.ts";
import { ArchiveHttp } from "../../src/data_ingestion_service/archive/archive_http.ts";
import { dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { BinanceExchange } from "../../src/data_ingestion_service/exchange/binance_exchange.ts";
import { ingest, planIngest } from "../../src/data_ingestion_service/ingest.ts";
import { estimatePlan } from "../../src/data_ingestion_service/planning/estimate.ts";
import { archiveZip, BTC, checksumText } from "../fakes/archive_files.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { CANDLES, setup, START } from "./ingest_setup.ts";

Deno.test("a plan's files, requests and weight are those that the run then asks for", async () => {
  const archive = new Map<string, Uint8Array | string>();
  for (const day of [0, 1, 2, 3, 4]) {
    const file = dailyFile(BTC, START + day * DAY_MS), bytes = archiveZip(file, CANDLES);
    archive.set(file.path, bytes).set(`${file.path}.CHECKSUM`, checksumText(file.name, bytes));
  }
  for (const source of ["auto", "rest"] as const) {
    const { clock, deps } = setup({});
    await using server = new FakeExchangeServer({ markets: { BTCUSDT: CANDLES }, archive, now: () => clock.nowMs() });
    const hosts = { origins: [server.origin], attempts: 1, timeoutMs: 5_000, clock, random: seededRandom(1) };
    const paging = { pageRows: 1000, inFlight: 4, weightShare: 1, closedMarginMs: 2_000 };
    await using exchange = new BinanceExchange({ ...hosts, ...paging });
    const sources = { ...deps, exchange, ...(source === "auto" ? { archive: new ArchiveHttp(hosts) } : {}) };
    // After the hole: that the archive lacks minutes, which REST is then asked for, no plan can know.
    const request = { series: BTC, source, sinceMs: START + 2 * DAY_MS };
    const { estimate } = (await clock.run(planIngest(request, sources)))!;
    const asked = () => ({
      files: server.requests.filter(({ endpoint }) => endpoint.endsWith(".zip")).length,
      requests: server.requests.filter(({ endpoint, parameters }) =>
        endpoint === "klines" && parameters.get("limit") !== "1"
      ).length,
    });
    assertEquals(asked(), { files: 0, requests: 0 }, "a plan fetches nothing");
    const { error } = (await clock.run(ingest(request, sources)))!;
    assertEquals(error, undefined);
    assertEquals(asked(), { files: estimate.files, requests: estimate.requests });
    assertEquals(estimate.weight, 2 * estimate.requests);
    assertEquals(estimate.files, source === "auto" ? 3 : 0);
  }
});

Deno.test("the estimated time obeys the allowed weight, the round trips and the size", { permissions: "none" }, () => {
  const base = {
    series: BTC,
    files: [],
    isRemote: true,
    rest: [{ startMs: 0, endMs: 1_000_000 * MINUTE_MS }],
    paging: { pageCandles: 1000, pageWeight: 2, inFlight: 8 },
    weightPerMinute: 6000,
    roundTripMs: 80,
  };
  const near = estimatePlan(base);
  assertEquals([near.requests, near.weight, near.bytes], [1000, 2000, 0]);
  assert(near.seconds > 9 && near.seconds < 15, `${near.seconds}`);
  assertEquals(Math.floor(estimatePlan({ ...base, weightPerMinute: 400 }).seconds / 60), 4);
  const years = Array.from({ length: 730 }, (_, day) => dailyFile(BTC, START + day * DAY_MS));
  const archive = estimatePlan({ ...base, rest: [], files: years });
  assertEquals([archive.files, archive.requests, archive.weight], [730, 0, 0]);
  assert(Math.abs(archive.bytes / 52.3e6 - 1) < 0.02, "730 real days have 52.3 MB");
  assert(estimatePlan({ ...base, rest: [], files: years, isRemote: false }).seconds < archive.seconds);
  const spans = [{ startMs: 0, endMs: 60 * MINUTE_MS }, { startMs: DAY_MS, endMs: DAY_MS + 1001 * MINUTE_MS }];
  assertEquals(estimatePlan({ ...base, rest: spans }).requests, 3);
  assertEquals(estimatePlan({ ...base, paging: undefined, rest: [] }).requests, 0);
});
