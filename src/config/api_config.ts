import { z } from "zod";
import { configJsonSchema, loadSettings } from "./load.ts";

/** Where the inference service's settings are. */
export const API_CONFIG_PATH = "config/api.json";

const seconds = (defaultValue: number, description: string) =>
  z.number().positive().max(86_400).default(defaultValue).describe(description);

/** Settings of the inference service (`config/api.json`); every key may be left out. */
export const API_CONFIG_SCHEMA = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; others than loopback ones need keys"),
  port: z.int().min(0).max(65_535).default(8000).describe("Port to listen on; 0 takes a free one"),
  tls: z.strictObject({
    cert: z.string().min(1).describe("PEM file of the certificate and those between it and its root"),
    key: z.string().min(1).describe("PEM file of its private key"),
  }).nullable().default(null).describe("Files for HTTPS; null speaks HTTP; --tls-cert and --tls-key win"),
  modelUri: z.string().min(1).default("models:/bitcoin-model@production").describe(
    "Model to serve: models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest; MODEL_URI and --model-uri win",
  ),
  series: z.strictObject({
    exchange: z.string().min(1).default("binance").describe("Exchange of the candles, as in the store"),
    symbol: z.string().min(1).default("BTC/USDT").describe("Symbol of the candles, as in the store"),
  }).prefault({}).describe("Whose minute candles GET /v1/forecast is computed from"),
  limits: z.strictObject({
    maxBodyBytes: z.int().min(1024).max(268_435_456).default(8_388_608).describe("Largest request body, in bytes"),
    maxRows: z.int().min(1).max(4096).default(4096).describe("Most rows in one request"),
    bodySeconds: seconds(10, "How long a request's body may take to come; a slower one is answered 408"),
    answerSeconds: seconds(30, "How long an answer may wait for the registry; a later one is 503"),
    maxInFlight: z.int().min(1).max(65_536).default(128).describe(
      "Most requests that are answered at once, those whose body is still coming included",
    ),
    maxQueued: z.int().min(0).max(65_536).default(256).describe(
      "Most requests that wait for a place; any more are answered 503 at once",
    ),
    queueMilliseconds: z.int().min(1).max(60_000).default(500).describe(
      "Longest wait for a place or for the processor; then the answer is 503",
    ),
    shutdownSeconds: seconds(10, "How long a stop waits for requests that are under way"),
  }).prefault({}).describe("What one request may cost"),
  model: z.strictObject({
    pollSeconds: seconds(2, "How often the registry is asked whether the alias moved"),
    retryRefusedSeconds: seconds(10, "How often the files of a refused version are looked at for a change"),
  }).prefault({}).describe("How changes of the model are noticed"),
  data: z.strictObject({
    checkSeconds: seconds(1, "How often the feature store's file is looked at for new candles"),
    waitMilliseconds: z.int().min(1).max(60_000).default(1000).describe(
      "How long GET /v1/forecast waits for the store; then it answers from the candles it has",
    ),
    staleAfterSeconds: seconds(180, "Age of the newest closed candle from which on data counts as stale"),
    refuseAfterSeconds: z.number().positive().nullable().default(null).describe(
      "Age from which on GET /v1/forecast answers 503 instead of an old forecast; null never refuses",
    ),
  }).prefault({}).describe("How fresh the candles must be"),
  challenger: z.strictObject({
    alias: z.string().regex(/^[A-Za-z0-9_-]+$/).nullable().default(null).describe(
      "Alias of a version, of the model that is served, to try beside it; null tries none; --challenger wins",
    ),
    share: z.number().min(0).max(1).default(0).describe(
      "Share of the requests that it answers, by a hash of x-canary-key or the request's id; --canary-share wins",
    ),
    shadowPerSecond: z.int().min(0).max(10_000).default(20).describe(
      "Most requests a second that it is asked beside, after their answer; closed minutes always are",
    ),
    timeoutMilliseconds: z.int().min(1).max(60_000).default(100).describe(
      "How long its answer is waited for; then the champion answers, and the call counts as failed",
    ),
    stop: z.strictObject({
      maxErrorShare: z.number().min(0).lt(1).default(0.05).describe(
        "Share of failed calls that is borne; it is stopped once more is sure at 95 %",
      ),
      minCalls: z.int().min(1).max(200).default(20).describe("Calls before failures stop it"),
    }).prefault({}).describe("When failures stop it; worse skill always does, once it is sure"),
  }).prefault({}).describe("A second version that is tried beside the one that answers"),
  skill: z.strictObject({
    windowMinutes: z.int().min(10).max(100_000).default(1440).describe(
      "Newest closed minutes that the realised skill in /metrics is the mean of",
    ),
  }).prefault({}).describe("How the skill of forecasts whose labels have closed is told"),
  requestLog: z.strictObject({
    level: z.enum(["info", "warning", "error", "off"]).default("warning").describe(
      "Which requests get a line: all, those not answered as asked (4xx, 5xx), those that hit a bug, or none",
    ),
    destination: z.string().min(1).default("stderr").describe("Where lines go: stderr, or the path of a file"),
    format: z.enum(["auto", "json", "text"]).default("auto").describe(
      "One JSON object a line, or text for a person; auto is text on a terminal and JSON elsewhere",
    ),
    sampleShare: z.number().gt(0).max(1).default(1).describe(
      "Share of the requests that went well which gets a line; all others always do",
    ),
    maxFileBytes: z.int().min(4096).max(1_073_741_824).default(67_108_864).describe(
      "Size from which on a file becomes FILE.1, in place of the one before, and a new one is begun",
    ),
  }).prefault({}).describe("A line a request; bodies are never kept"),
  predictionLog: z.strictObject({
    enabled: z.boolean().default(true).describe("Whether forecasts and predictions are logged"),
    directory: z.string().min(1).default("mlruns/prediction_log").describe("Folder of the prediction log"),
    keyFile: z.string().min(1).default("mlruns/prediction_log.key").describe(
      "File of the key that chains the log's lines, made on first use; keep it out of the log's folder",
    ),
    flushMilliseconds: z.int().min(1).max(100).default(100).describe("How long a record may wait to be written"),
    maxFileBytes: z.int().min(4096).max(1_073_741_824).default(67_108_864).describe(
      "Size from which on the next file of the day is begun",
    ),
    anchorSeconds: seconds(60, "How often the chain's head is noted as a tag of the model version"),
  }).prefault({}).describe("The record of what was forecast"),
}).describe("Settings of the inference service");

/** Settings of the inference service, resolved. */
export type ApiConfig = z.output<typeof API_CONFIG_SCHEMA>;

/** JSON Schema of the file, as `config/schemas/api.schema.json` holds it. */
export function apiConfigJsonSchema(): Record<string, unknown> {
  return configJsonSchema(API_CONFIG_SCHEMA);
}

/** The settings in `path`, or the usual ones. @throws {DomainError} `config-invalid` naming file, key and value. */
export function loadApiConfig(path?: string): Promise<ApiConfig> {
  return loadSettings(path, {
    path: API_CONFIG_PATH,
    schema: API_CONFIG_SCHEMA,
    carried: async () => (await import("../../config/api.json", { with: { type: "json" } })).default,
  });
}

/** The settings of an empty file. */
export function defaultApiConfig(): ApiConfig {
  return API_CONFIG_SCHEMA.parse({});
}
