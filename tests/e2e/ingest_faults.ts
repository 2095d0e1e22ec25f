/**
 * What can go wrong with candles, each tried on the real program against a loopback exchange that serves the bundled real
 * candles. The test runs them all; `task faults` runs them with a hundred kills and keeps the outcomes for the docs.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CandleColumns, concatCandles, DAY_MS, lowerBound, MINUTE_MS, seededRandom } from "../../src/core/mod.ts";
import { dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { parseKlineCsv } from "../../src/data_ingestion_service/archive/kline_csv.ts";
import { readOnlyMember } from "../../src/data_ingestion_service/archive/zip_member.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { BTC, checksumText, within, zipOf } from "../fakes/archive_files.ts";
import { klineCsv, walkCandles } from "../fakes/candles.ts";
import { type FakeExchangeOptions, FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { type IngestAnswer, type IngestOptions, runIngest, SAMPLE, startIngest } from "./ingest_program.ts";

/** Something that goes wrong, and what the program does about it. */
export interface IngestFault {
  /** What goes wrong. */
  readonly name: string;
  /** Tries it and says what was seen; throws where that is not as it should be. */
  readonly run: (options: { readonly kills: number }) => Promise<string>;
}

const FIRST = Date.UTC(2023, 2, 20), TODAY = Date.UTC(2023, 2, 26);
const DAYS = Array.from({ length: (TODAY - FIRST) / DAY_MS }, (_, day) => dailyFile(BTC, FIRST + day * DAY_MS));
/** 20 closed minutes of the sixth day, and some of the next. */
const NOW = TODAY + 20 * MINUTE_MS + 30_000;
const OUTAGE = { startMs: Date.UTC(2023, 2, 24, 12, 40), endMs: Date.UTC(2023, 2, 24, 14) };
const BARE = ["--no-report", "--no-features"];
const SINCE = ["--since", "2023-03-20", ...BARE];

type Archive = Map<string, Uint8Array | string>;

async function zipBytes(ms: number): Promise<Uint8Array> {
  return await Deno.readFile(`${SAMPLE}/${dailyFile(BTC, ms).path}`);
}

function rowsOf(zip: Uint8Array, name: string): CandleColumns {
  return parseKlineCsv(readOnlyMember(zip, name.replace(".zip", ".csv"))).columns;
}

/** The real candles of the week and of today. */
async function realCandles(): Promise<CandleColumns> {
  const days = [];
  for (let ms = FIRST; ms <= TODAY; ms += DAY_MS) days.push(rowsOf(await zipBytes(ms), dailyFile(BTC, ms).name));
  return concatCandles(days);
}

function publish(archive: Archive, ms: number, bytes: Uint8Array): void {
  const file = dailyFile(BTC, ms);
  archive.set(file.path, bytes).set(`${file.path}.CHECKSUM`, checksumText(file.name, bytes));
}

async function publishedWeek(): Promise<Archive> {
  const archive: Archive = new Map();
  for (const { range } of DAYS) publish(archive, range.startMs, await zipBytes(range.startMs));
  return archive;
}

interface Scene extends AsyncDisposable {
  readonly folder: string;
  readonly server: FakeExchangeServer;
  readonly archive: Archive;
  readonly candles: CandleColumns;
  readonly to: { readonly net: readonly string[]; readonly env: Readonly<Record<string, string>> };
  ingest(args?: readonly string[], options?: Partial<IngestOptions>): ReturnType<typeof runIngest>;
}

/** An exchange at the end of the real week, its archive, and an empty folder. */
async function scene(options: Partial<FakeExchangeOptions> = {}): Promise<Scene> {
  const tmp = await tmpDir();
  const archive = await publishedWeek(), candles = await realCandles();
  const startedAt = performance.now();
  const now = () => NOW + Math.round(performance.now() - startedAt);
  const markets = { BTCUSDT: candles };
  const server = new FakeExchangeServer({ markets, archive, now, silent: [OUTAGE], ...options });
  const to = {
    net: [new URL(server.origin).host],
    env: { BINANCE_API_URL: server.origin, BINANCE_ARCHIVE_URL: server.origin },
  };
  return {
    folder: tmp.path,
    server,
    archive,
    candles,
    to,
    ingest: (args = SINCE, more = {}) => runIngest(tmp.path, args, { ...to, ...more }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await tmp[Symbol.asyncDispose]();
    },
  };
}

let cleanDigest: Promise<string> | undefined;

/** Digest of the week where nothing goes wrong. */
function digestOfWeek(): Promise<string> {
  return cleanDigest ??= (async () => {
    await using clean = await scene();
    const { code, json } = await clean.ingest();
    assertEquals([code, json.rows!.expected - json.rows!.present], [0, 80], JSON.stringify(json));
    return json.datasetDigest!;
  })();
}

async function whole(
  { code, json, stderr }: { code: number; json: IngestAnswer; stderr: string },
): Promise<IngestAnswer> {
  assertEquals(code, 0, JSON.stringify(json) + stderr);
  assertEquals(json.datasetDigest, await digestOfWeek(), "the digest is not that of an untroubled run");
  return json;
}

const codes = (json: IngestAnswer) => json.warnings!.map(({ code }) => code).filter((code) => code !== "clock-differs");

/** All faults, in the order of the table. */
export const INGEST_FAULTS: readonly IngestFault[] = [
  {
    name: "a zip cut off in the middle, its checksum published for the whole",
    async run() {
      await using at = await scene();
      at.archive.set(DAYS[1]!.path, (await zipBytes(DAYS[1]!.range.startMs)).slice(0, 20_000));
      const json = await whole(await at.ingest());
      assertEquals([json.files!["rejected"], codes(json)], [1, ["file-replaced", "file-refetched"]]);
      return "asked for again, then recorded as a mismatch; REST fills the day: equal digest";
    },
  },
  {
    name: "a damaged zip whose checksum fits",
    async run() {
      await using at = await scene();
      const bytes = await zipBytes(DAYS[1]!.range.startMs);
      bytes[bytes.length / 2 | 0]! ^= 0xff;
      publish(at.archive, DAYS[1]!.range.startMs, bytes);
      const json = await whole(await at.ingest());
      assertEquals(codes(json).includes("file-replaced"), true);
      return "the zip's CRC tells; nothing of it is stored, REST fills the day: equal digest";
    },
  },
  {
    name: "rows that cannot be true (high below low) in a file that is proven otherwise",
    async run() {
      await using at = await scene();
      const file = DAYS[2]!, rows = rowsOf(await zipBytes(file.range.startMs), file.name);
      [rows.high[700], rows.low[700]] = [rows.low[700]!, rows.high[700]!];
      publish(at.archive, file.range.startMs, zipOf(file.name.replace(".zip", ".csv"), klineCsv(rows)));
      const alone = await at.ingest([...SINCE, "--source", "archive"]);
      assertEquals([alone.code, alone.json.error!.code], [5, "invariant-violated"]);
      assertStringIncludes(alone.json.error!.message, "row 701");
      assertEquals(alone.json.gaps!.some(({ cause, minutes }) => cause === "fetch_failed" && minutes === 1440), true);
      await whole(await at.ingest());
      return "exit 5 with the row shown, nothing of the file stored; with REST the day is filled: equal digest";
    },
  },
  {
    name: "a minute that the archive gives otherwise than REST did",
    async run() {
      await using at = await scene();
      const file = DAYS[0]!, rows = rowsOf(await zipBytes(file.range.startMs), file.name);
      rows.tradeCount[100]!++;
      publish(at.archive, file.range.startMs, zipOf(file.name.replace(".zip", ".csv"), klineCsv(rows)));
      await whole(await at.ingest([...SINCE, "--source", "rest"]));
      const { code, json } = await at.ingest([...SINCE, "--verify"]);
      assertEquals(code, 0, JSON.stringify(json));
      const verify = json.verify as {
        revised: number;
        kept: number;
        differences: { column: string; applied: boolean }[];
      };
      assertEquals([verify.revised, verify.kept, json.rows!.revised], [1, 0, 1]);
      assertEquals(verify.differences.map(({ column, applied }) => [column, applied]), [["trade_count", true]]);
      assert(json.datasetDigest !== await digestOfWeek());
      const again = await at.ingest([...SINCE, "--verify"]);
      assertEquals((again.json.verify as { kept: number }).kept, 1, "REST still says otherwise");
      return "--verify keeps both values as a revision; the archive wins, as the precedence says";
    },
  },
  {
    name: "a day that the archive does not have",
    async run() {
      await using at = await scene();
      at.archive.delete(DAYS[3]!.path);
      const alone = await at.ingest([...SINCE, "--source", "archive"]);
      assertEquals([alone.code, alone.json.error!.code], [4, "fetch-failed"]);
      assertEquals(alone.json.rows!.present, 5 * 1440 - 80);
      const json = await whole(await at.ingest());
      assertEquals(json.rows!.added, 1440 + 20);
      return "from the archive alone exit 4, a gap fetch_failed, the rest stored; with REST filled: equal digest";
    },
  },
  {
    name: "a host that answers 451 (region)",
    async run() {
      await using refusing = await scene({ fault: () => ({ status: 451 }) });
      await using at = await scene();
      const env = { ...at.to.env, BINANCE_API_URL: `${refusing.server.origin},${at.server.origin}` };
      const json = await whole(await at.ingest(SINCE, { env, net: [...refusing.to.net, ...at.to.net] }));
      assertEquals(codes(json), ["host-refused"]);
      const all = await refusing.ingest([...SINCE, "--source", "rest"]);
      assertEquals([all.code, all.json.error!.code], [4, "region-blocked"]);
      return "the next host is asked, and said so: equal digest; where all refuse, exit 4";
    },
  },
  {
    name: "a ban (418) and a limit (429), each with Retry-After",
    async run() {
      let seen = 0;
      await using at = await scene({
        fault: (endpoint) => {
          if (endpoint !== "klines" || ++seen > 4 || seen % 2 === 0) return undefined;
          return { status: seen === 1 ? 418 : 429, retryAfter: 1 };
        },
      });
      const startedAt = performance.now();
      const json = await whole(await at.ingest([...SINCE, "--source", "rest"]));
      assert(json.requests!.retries >= 2 && performance.now() - startedAt > 2_000);
      return "waited as long as asked, then went on: equal digest";
    },
  },
  {
    name: "5xx, cut connections and a portal's page in between",
    async run() {
      let seen = 0;
      await using at = await scene({
        fault: (endpoint) => {
          seen++;
          if (endpoint !== "klines" && !endpoint.endsWith(".zip")) return undefined;
          return seen % 5 === 0 ? { status: 503 } : seen % 7 === 0 ? "cut" : seen % 11 === 0 ? "html" : undefined;
        },
      });
      await whole(await at.ingest([...SINCE, "--source", "rest"]));
      await using other = await scene({
        fault: (path, count) => path.endsWith(".zip") && count === 1 ? "cut" : undefined,
      });
      await whole(await other.ingest());
      return "tried again after a pause with jitter: equal digest";
    },
  },
  {
    name: "a redirection, and pages that are no lists of candles",
    async run() {
      let isBroken = true;
      await using at = await scene({
        fault: (endpoint, count) => {
          if (endpoint !== "klines" || !isBroken) return undefined;
          if (count === 2) return { status: 302 };
          return count === 4
            ? { status: 200, body: "{}" }
            : count === 7
            ? { status: 200, body: "[[1, 2]]" }
            : undefined;
        },
      });
      const args = [...SINCE, "--source", "rest"];
      const first = await at.ingest(args);
      assertEquals([first.code, first.json.error!.code], [5, "invariant-violated"], JSON.stringify(first.json));
      const { present, expected } = first.json.rows!;
      assert(present >= expected - 80 - 2_000 && present < expected - 80, `${present} of ${expected}`);
      isBroken = false;
      const json = await whole(await at.ingest(args));
      assertEquals(json.rows!.added, expected - 80 - present);
      return "asked again after the redirection; exit 5, two pages a gap fetch_failed, all others stored; " +
        "the rerun asks for these alone: equal digest";
    },
  },
  {
    name: "a network that is gone after the third page, then comes back",
    async run() {
      let isDown = true;
      await using at = await scene({
        fault: (endpoint, count) => isDown && endpoint === "klines" && count > 3 ? "cut" : undefined,
      });
      await Deno.writeTextFile(`${at.folder}/quick.json`, '{"api": {"attempts": 2, "inFlight": 1}}');
      const args = [...SINCE, "--source", "rest", "--config", "quick.json"];
      const cut = await at.ingest(args);
      assertEquals([cut.code, cut.json.error!.code], [4, "exchange-unavailable"]);
      assert(cut.json.rows!.present > 0 && cut.json.gaps!.some(({ cause }) => cause === "fetch_failed"));
      isDown = false;
      const json = await whole(await at.ingest(args));
      assertEquals(json.rows!.added, json.rows!.present - cut.json.rows!.present);
      return "exit 4 with what came committed; the rerun asks for the rest alone: equal digest";
    },
  },
  {
    name: "times in microseconds (archives since 2025), a header line, CRLF",
    async run() {
      for (const form of [{ unit: "us" }, { header: true }, { unit: "us", header: true, newline: "\r\n" }] as const) {
        await using at = await scene();
        for (const { name, range } of DAYS) {
          const rows = rowsOf(await zipBytes(range.startMs), name);
          publish(at.archive, range.startMs, zipOf(name.replace(".zip", ".csv"), klineCsv(rows, form)));
        }
        await whole(await at.ingest());
      }
      return "told from the content: equal digest";
    },
  },
  {
    name: "a local clock that is two hours off, either way",
    async run() {
      for (const offMs of [-2 * 60 * MINUTE_MS, 2 * 60 * MINUTE_MS]) {
        const now = () => Date.now() + offMs;
        const lastMs = Math.floor(now() / MINUTE_MS) * MINUTE_MS;
        const candles = walkCandles({ startMs: lastMs - DAY_MS, endMs: lastMs + 5 * MINUTE_MS });
        await using at = await scene({ markets: { BTCUSDT: candles }, now, silent: [] });
        const since = new Date(lastMs - 60 * MINUTE_MS).toISOString();
        const { code, json } = await at.ingest(["--source", "rest", "--since", since, ...BARE]);
        assertEquals(code, 0, JSON.stringify(json));
        assert(json.warnings!.some(({ code }) => code === "clock-differs"), JSON.stringify(json.warnings));
        const endMs = Date.parse(json.range!.end);
        assert(endMs <= now() - 2_000 && endMs > now() - 2 * MINUTE_MS - 10_000, json.range!.end);
        const stored = await storedCandles(at.folder, { startMs: lastMs - 60 * MINUTE_MS, endMs: endMs + DAY_MS });
        const expected = within(candles, { startMs: lastMs - 60 * MINUTE_MS, endMs });
        assertEquals(
          Array.from(stored.volume),
          Array.from(expected.volume),
          "a forming candle was taken for a closed one",
        );
      }
      return "warned about; the exchange's clock says what is closed: no forming candle, none missing";
    },
  },
  {
    name: "time zones with odd offsets and summer time (TZ)",
    async run() {
      for (const TZ of ["America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"]) {
        await using at = await scene();
        await whole(await at.ingest(SINCE, { env: { ...at.to.env, TZ } }));
      }
      return "days are UTC days whatever the machine's zone: equal digest";
    },
  },
  {
    name: "a second writer",
    async run() {
      await using at = await scene();
      await at.ingest();
      const path = `${at.folder}/feature_store/bitcoin.duckdb`;
      await using _holder = await DuckDbFeatureStore.open(path, {
        mode: "write",
        clock: SYSTEM_CLOCK,
        command: "ingest",
      });
      await Deno.writeTextFile(`${at.folder}/quick.json`, '{"featureStore": {"waitMs": 100}}');
      const second = await at.ingest([...SINCE, "--config", "quick.json"]);
      assertEquals([second.code, second.json.error!.code], [8, "store-busy"]);
      assertStringIncludes(second.json.error!.message, String(Deno.pid));
      return "exit 8, says which process holds the store and since when";
    },
  },
  { name: "a disk that is full", run: fullDisk },
  {
    name: "kill -9 at a random instant, then again",
    async run({ kills }) {
      const digest = await digestOfWeek();
      const random = seededRandom(20_230_324);
      let met = 0;
      for (let kill = 0; kill < kills; kill++) {
        await using at = await scene({ latencyMs: 2 });
        const process = startIngest(at.folder, [...SINCE, "--quiet"], at.to);
        const output = process.output();
        await new Promise((resolve) => setTimeout(resolve, 150 + 500 * random.uniform()));
        try {
          process.kill("SIGKILL");
        } catch { /* it was faster */ }
        if (!(await output).success) met++;
        const { code, json } = await at.ingest();
        assertEquals([code, json.datasetDigest], [0, digest], JSON.stringify(json));
      }
      assert(met > 0, "no kill met the ingest at work");
      return `${kills} kills, ${met} of them before the end: ${kills} equal digests`;
    },
  },
];

/** A file system of its own that is too small for the store: made where the machine lets us. */
async function fullDisk(): Promise<string> {
  await using at = await scene();
  const mount = `${at.folder}/small`;
  await Deno.mkdir(mount);
  const system = (...args: string[]) => new Deno.Command("env", { args, stderr: "null" }).output();
  if (!(await system("mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", mount)).success) {
    return "not tried: this machine lets nobody mount";
  }
  try {
    await Deno.writeTextFile(
      `${at.folder}/small.json`,
      JSON.stringify({ featureStore: { path: "small/store.duckdb" } }),
    );
    const args = [...SINCE, "--config", "small.json"], grants = { write: [mount] };
    const full = await at.ingest(args, grants);
    assertEquals([full.code, full.json.error!.code], [3, "disk-full"], JSON.stringify(full.json) + full.stderr);
    assert((await system("mount", "-o", "remount,size=200m", mount)).success);
    await whole(await at.ingest(args, grants));
    return "exit 3 and named; with room made, the rerun goes on: equal digest";
  } finally {
    await system("umount", mount);
  }
}

async function storedCandles(folder: string, range: { startMs: number; endMs: number }): Promise<CandleColumns> {
  const path = `${folder}/feature_store/bitcoin.duckdb`;
  await using store = await DuckDbFeatureStore.open(path, { mode: "read", clock: SYSTEM_CLOCK });
  const columns = await store.loadCandles({ ...BTC, range });
  assertEquals(lowerBound(columns.openTimeMs, range.endMs), columns.length);
  return columns;
}
