import { Buffer } from "node:buffer";
import { allocateForecasts, DAY_MS, type ForecastColumns, MINUTE_MS, QUANTILE_LEVELS } from "../core/mod.ts";

/** A logged forecast, as far as monitoring needs it. */
export interface LoggedForecast {
  /** When it was given, epoch milliseconds. */
  readonly atMs: number;
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Run that made it; may be empty. */
  readonly runId: string;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Exchange of the candles. */
  readonly exchange: string;
  /** Symbol of the candles. */
  readonly symbol: string;
  /** Decision time, epoch milliseconds. */
  readonly decisionTimeMs: number;
  /** P(up). */
  readonly probabilityUp: number;
  /** Forecast volatility, basis points. */
  readonly volatilityBps: number;
  /** Nine quantiles, basis points. */
  readonly quantilesBps: readonly number[];
  /** Raw features in the model's order; NaN where missing. */
  readonly features: Float32Array;
}

/** Logged forecasts as columns, in their order. */
export function forecastColumns(rows: readonly LoggedForecast[]): ForecastColumns {
  const columns = allocateForecasts(rows.length);
  rows.forEach((row, i) => {
    columns.probabilityUp[i] = row.probabilityUp;
    columns.volatilityBps[i] = row.volatilityBps;
    columns.quantilesBps.set(row.quantilesBps, i * QUANTILE_LEVELS.length);
  });
  return columns;
}

/** Answers to rows that a client brought. */
export interface LoggedPredictions {
  /** When they were given, epoch milliseconds. */
  readonly atMs: number;
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Row-major `[rows, 11]`: P(up), volatility, nine quantiles. */
  readonly outputs: Float32Array;
}

/** What a reading of the log found besides the forecasts. */
export interface LogReading {
  /** Answers to rows that clients brought, but for a shadow's, which nobody was given; they have no outcome. */
  predictions: number;
  /** Records that the service itself said it lost. */
  lost: number;
  /** Lines that are no record; a killed service leaves at most one. */
  unreadable: number;
  /** Forecasts of decision times that the version had forecast before: by another instance, or asked for again. */
  repeated: number;
  /** Forecasts given when their outcome was known already, by the service's clock. */
  late: number;
}

/** Floats of an answered row: P(up), volatility and the quantiles. */
export const OUTPUTS_PER_ROW: number = 2 + QUANTILE_LEVELS.length;
const FILE = /^(\d{4}-\d{2}-\d{2})-\d+\.jsonl$/;
/** A file is named by the service's clock, which may be off by so much. */
const CLOCK_ROOM_MS = 2 * DAY_MS;

/** Options of {@linkcode readForecasts}. */
export interface ReadOptions {
  /** Files that were closed before it by more than two days are not read. @default none */
  readonly sinceMs?: number;
  /** Told the answers that clients were given for rows that they brought. */
  readonly onPredictions?: (predictions: LoggedPredictions) => void;
}

/**
 * Every forecast in the log, instance by instance, in the order of writing. Read one file at a time; what else is
 * there is counted into `reading`.
 */
export async function* readForecasts(
  directory: string,
  reading: LogReading,
  { sinceMs = -Infinity, onPredictions }: ReadOptions = {},
): AsyncGenerator<LoggedForecast> {
  const slab = new FloatSlab();
  for (const instance of await namesIn(directory, "isDirectory")) {
    const folder = `${directory}/${instance}`;
    for (const file of await namesIn(folder, "isFile")) {
      const day = FILE.exec(file)?.[1];
      if (day === undefined || Date.parse(day) + DAY_MS < sinceMs - CLOCK_ROOM_MS) continue;
      for (const line of await linesOf(`${folder}/${file}`)) {
        if (line === "") continue;
        const record = parseLine(line, slab);
        if (record === undefined) reading.unreadable++;
        else if (record.kind === "forecast") yield record.forecast;
        else if (record.kind === "predict") {
          // Asked beside a client's answer: counted, it would be that client twice.
          if (record.isShadow) continue;
          reading.predictions++;
          onPredictions?.(record.predictions);
        } else reading.lost += record.records;
      }
    }
  }
}

/** Lines of a file; none of one that was pruned since it was listed. */
async function linesOf(path: string): Promise<string[]> {
  try {
    return (await Deno.readTextFile(path)).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function namesIn(folder: string, kind: "isDirectory" | "isFile"): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter((entry) => entry[kind]).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

type ParsedLine =
  | { readonly kind: "forecast"; readonly forecast: LoggedForecast }
  | { readonly kind: "predict"; readonly isShadow: boolean; readonly predictions: LoggedPredictions }
  | { readonly kind: "lost"; readonly records: number };

/** A record of the log, or undefined where the line is none: half written, or of another program. */
export function parseLine(line: string, slab: FloatSlab = new FloatSlab()): ParsedLine | undefined {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null) return undefined;
  if (record["kind"] === "predict") return parsePredictions(record);
  if (record["kind"] === "lost") {
    const { records } = record;
    return typeof records === "number" && records >= 0 ? { kind: "lost", records } : undefined;
  }
  if (record["kind"] !== "forecast") return undefined;
  const { at, name, version, runId, exchange, symbol, decisionTime, features } = record;
  const { horizonMinutes, probabilityUp, volatilityBps, quantilesBps } = record;
  const atMs = timeOf(at), decisionTimeMs = timeOf(decisionTime);
  if (atMs === undefined || decisionTimeMs === undefined || decisionTimeMs % MINUTE_MS !== 0) return undefined;
  if (!isText(name) || !isText(version) || !isText(runId) || !isText(exchange) || !isText(symbol)) return undefined;
  if (!isFinite(horizonMinutes) || !isFinite(probabilityUp) || !isFinite(volatilityBps)) return undefined;
  if (!Number.isInteger(horizonMinutes) || horizonMinutes < 1) return undefined;
  if (probabilityUp < 0 || probabilityUp > 1 || volatilityBps <= 0) return undefined;
  if (!Array.isArray(quantilesBps) || quantilesBps.length !== QUANTILE_LEVELS.length) return undefined;
  if (!quantilesBps.every(isFinite) || !isText(features)) return undefined;
  return {
    kind: "forecast",
    forecast: {
      atMs,
      name,
      version,
      runId,
      horizonMinutes,
      exchange,
      symbol,
      decisionTimeMs,
      probabilityUp,
      volatilityBps,
      quantilesBps,
      features: floatsOf(features, (length) => slab.take(length)),
    },
  };
}

function parsePredictions(
  { at, name, version, role, rows, outputs }: Readonly<Record<string, unknown>>,
): ParsedLine | undefined {
  const atMs = timeOf(at);
  if (atMs === undefined || !isText(name) || !isText(version) || !isText(outputs) || !isFinite(rows)) return undefined;
  // Kept by nobody for long: in a slab they would keep the forecasts' neighbours alive.
  const values = floatsOf(outputs, (length) => new Float32Array(length));
  if (values.length !== rows * OUTPUTS_PER_ROW || !values.every(Number.isFinite)) return undefined;
  return { kind: "predict", isShadow: role === "shadow", predictions: { atMs, name, version, outputs: values } };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** The floats of little-endian bytes as base64; a rest of less than four bytes is dropped. */
function floatsOf(base64: string, take: (length: number) => Float32Array): Float32Array {
  const bytes = Buffer.from(base64, "base64"), floats = take(bytes.byteLength >>> 2);
  new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength).set(bytes.subarray(0, floats.byteLength));
  return floats;
}

const SLAB_FLOATS = 262_144;

/**
 * Room for the floats of many records: one buffer a record would be thousands of small ones, and a service that reads the
 * log again and again would be left with their holes.
 */
export class FloatSlab {
  #rest: Float32Array = new Float32Array(0);

  /** The next so many floats. */
  take(length: number): Float32Array {
    if (length > this.#rest.length) this.#rest = new Float32Array(Math.max(length, SLAB_FLOATS));
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
