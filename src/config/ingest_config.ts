import { z } from "zod";
import { DomainError, parseDuration, parseInstant, STORED_FEATURE_SETS } from "../core/mod.ts";
import { configJsonSchema, loadSettings } from "./load.ts";

/** Where the settings of ingest and of the feature store are read from by default. */
export const INGEST_CONFIG_PATH = "config/bitcoin_ingest.json";

const streamOrigin = z.string().regex(/^wss?:\/\/[^/?#]+$/, "must be an origin such as wss://host:443, no path");
const origin = z.string().regex(/^https?:\/\/[^/?#]+$/, "must be an origin such as https://api.binance.com, no path");
const candleLength = z.enum(["1m", "5m", "15m", "1h", "4h", "1d"]);
const count = z.int().positive();
const milliseconds = z.int().nonnegative();
const instant = z.string().refine((text) => isReadable(() => parseInstant(text)), "must be a UTC date");

/** Schema of `config/bitcoin_ingest.json`; every key has a default. */
export const INGEST_CONFIG_SCHEMA = z.strictObject({
  exchange: z.string().regex(/^[a-z0-9]+$/, "must be an exchange name of ccxt, in lower case").default("binance")
    .describe("Exchange, as ccxt names it"),
  symbols: z.array(z.string().min(1)).min(1).default(["BTC/USDT"]).describe("Unified symbols"),
  interval: z.union([candleLength, z.array(candleLength).min(1)]).default("1m")
    .describe("Candle length, or a list of them"),
  since: z.string().refine(
    (text) => parseDuration(text) !== undefined || isReadable(() => parseInstant(text)),
    "must be a date or a duration",
  ).default("P730D").describe("Start of the range without --since: a date, or a duration back from now"),
  featureStore: z.strictObject({
    path: z.string().min(1).default("feature_store/bitcoin.duckdb").describe("Database file"),
    memoryLimit: z.string().regex(/^\d+(\.\d+)?(MB|GB)$/, "must be such as 512MB or 1GB").default("512MB"),
    threads: count.default(2).describe("Threads of DuckDB"),
    waitMs: milliseconds.default(3000).describe("How long to wait for another process that holds the store"),
  }).prefault({}),
  features: z.array(z.enum(STORED_FEATURE_SETS))
    .refine((names) => new Set(names).size === names.length, "must name each set once")
    .default(["flagship", "base"])
    .describe("Feature sets that are kept as tables features_<name>; the first one is reported on"),
  reports: z.string().min(1).default("reports").describe("Folder of reports"),
  api: z.strictObject({
    origins: z.array(origin).min(1).default([
      "https://data-api.binance.vision",
      "https://api.binance.com",
      "https://api1.binance.com",
      "https://api2.binance.com",
    ]).describe("REST hosts, tried in order; BINANCE_API_URL replaces them"),
    pageRows: count.max(1000).default(1000).describe("Candles per request"),
    inFlight: count.max(32).default(8).describe("Requests at once"),
    timeoutMs: count.default(15000),
    attempts: count.default(6).describe("Tries of one request before the host counts as unavailable"),
    weightShare: z.number().min(0.05).max(1).default(1).describe("Share of the allowed request weight to use"),
    closedMarginMs: milliseconds.default(2000).describe("How long past its close a candle counts as closed"),
    clockWarnMs: milliseconds.default(2000).describe("Difference of clocks that is warned about"),
  }).prefault({}),
  archive: z.strictObject({
    origins: z.array(origin).min(1).default(["https://data.binance.vision"])
      .describe("Archive hosts, tried in order; BINANCE_ARCHIVE_URL replaces them"),
    parallel: count.max(32).default(6).describe("Downloads at once"),
    timeoutMs: count.default(60000),
    attempts: count.default(3).describe("Tries of one file"),
    cacheMb: z.int().nonnegative().default(256)
      .describe(
        "Downloads kept beside the store, in archive_cache: a run that was cut short asks for none again; 0: none",
      ),
  }).prefault({}),
  stream: z.strictObject({
    origins: z.array(streamOrigin).min(1)
      .default(["wss://data-stream.binance.vision:443"])
      .describe("Hosts of --follow, tried in turn; BINANCE_STREAM_URL replaces them"),
    staleMs: count.default(60000).describe("A connection without a message for so long is given up"),
    graceMs: milliseconds.default(3000).describe("How long after its close to wait for word of a candle before asking"),
  }).prefault({}),
  refreshMinutes: z.int().nonnegative().default(10)
    .describe("Newest closed minutes that every run asks for again"),
  precedence: z.array(z.enum(["daily", "monthly", "rest", "exchange"]))
    .refine((order) => new Set(order).size === order.length, "must name each source once")
    .default(["daily", "monthly", "rest", "exchange"])
    .describe(
      "Sources from the most to the least believed where they differ on a candle; of one source the newer value",
    ),
  checks: z.strictObject({
    priceTolerance: z.number().nonnegative().default(1e-6)
      .describe("How far quote volume / volume may lie outside [low, high], relative"),
    closeTimeExceptions: z.array(z.strictObject({ symbol: z.string(), openTime: instant, closeTime: instant }))
      .default([{ symbol: "BTC/USDT", openTime: "2023-03-24T12:39:00Z", closeTime: "2023-03-24T12:39:41.646Z" }])
      .describe("Real candles whose close time is not the end of their interval"),
    admitted: z.array(
      z.strictObject({ symbol: z.string(), interval: candleLength, openTime: instant, reason: z.string().min(1) }),
    ).default([]).describe(
      "Known real rows that break a rule on prices or volumes and are stored all the same, and why",
    ),
  }).prefault({}),
});

/** Settings of ingest and the feature store, all resolved. */
export type IngestConfig = z.output<typeof INGEST_CONFIG_SCHEMA>;

/** Outages of exchanges that are known, as `config/binance_outages.json` lists them. */
export function loadOutageCalendar(): Promise<Readonly<Record<string, unknown>>> {
  return loadSettings(undefined, {
    path: "config/binance_outages.json",
    schema: z.looseObject({}),
    carried: async () => (await import("../../config/binance_outages.json", { with: { type: "json" } })).default,
  });
}

/** The JSON Schema of the file, as `config/schemas/bitcoin_ingest.schema.json` has it. */
export function ingestConfigJsonSchema(): Record<string, unknown> {
  return configJsonSchema(INGEST_CONFIG_SCHEMA);
}

/** The settings in `path`, or the usual ones. @throws {DomainError} `config-invalid` naming file, key and value. */
export function loadIngestConfig(path?: string): Promise<IngestConfig> {
  return loadSettings(path, {
    path: INGEST_CONFIG_PATH,
    schema: INGEST_CONFIG_SCHEMA,
    carried: async () => (await import("../../config/bitcoin_ingest.json", { with: { type: "json" } })).default,
  });
}

/**
 * Origins from an environment variable, several separated by commas, or undefined where it is not set.
 *
 * @throws {DomainError} `config-invalid` where one is no origin.
 */
export function parseOrigins(
  variable: string,
  text: string | undefined,
  kind: "http" | "stream" = "http",
): string[] | undefined {
  if (text === undefined) return undefined;
  const origins = text.split(",").map((part) => part.trim().replace(/\/$/, "")).filter((part) => part !== "");
  for (const part of origins) {
    if ((kind === "http" ? origin : streamOrigin).safeParse(part).success) continue;
    throw new DomainError(
      "config-invalid",
      `${variable} must hold origins without a path: current value is '${part}'`,
      {
        hint: `Write such as ${
          kind === "http" ? "https://data-api.binance.vision" : "wss://data-stream.binance.vision:443"
        }, several separated by commas`,
      },
    );
  }
  return origins.length === 0 ? undefined : origins;
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
