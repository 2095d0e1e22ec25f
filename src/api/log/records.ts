import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { type ForecastColumns, type PredictionRole, QUANTILE_LEVELS, type ServedModel, toIso } from "../../core/mod.ts";

/** An answer that is to be logged; turned into a record off the hot path. */
export type PendingRecord =
  | {
    readonly kind: "forecast";
    readonly atMs: number;
    readonly requestId: string | null;
    readonly model: ServedModel;
    readonly role?: PredictionRole | undefined;
    readonly featureSetDigest: string;
    readonly series: { readonly exchange: string; readonly symbol: string };
    readonly decisionTimeMs: number;
    readonly features: Float32Array<ArrayBuffer>;
    readonly outputs: ForecastColumns;
  }
  | {
    readonly kind: "predict";
    readonly atMs: number;
    readonly requestId: string;
    readonly model: ServedModel;
    readonly role?: PredictionRole | undefined;
    readonly features: Float32Array<ArrayBuffer>;
    readonly outputs: ForecastColumns;
  };

/** Float32 outputs of a row: probabilityUp, volatilityBps and the quantiles. */
export const OUTPUTS_PER_ROW: number = 2 + QUANTILE_LEVELS.length;

/** What forecasts are called in the log: those of a replay must never be taken for live ones. */
export type ForecastKind = "forecast" | "replay";

const MODEL_MEMBERS = new WeakMap<ServedModel, string>();

/**
 * The members of a pending answer's record behind `n`, as JSON text without braces: a `ForecastRecord` or a
 * `PredictRecord`. Written by hand, as there is one for each request.
 */
export function recordMembers(pending: PendingRecord, forecastKind: ForecastKind = "forecast"): string {
  const { outputs, model, features } = pending;
  const at = toIso(pending.atMs), role = pending.role === undefined ? "" : `,"role":"${pending.role}"`;
  if (pending.kind === "predict") {
    const hash = createHash("sha256").update(bytesOf(features)).digest("hex");
    return `"at":"${at}","kind":"predict",${
      modelMembers(model)
    }${role},"requestId":"${pending.requestId}","rows":${outputs.length},"outputs":"${
      base64(packOutputs(outputs))
    }","featuresSha256":"${hash}"`;
  }
  const requestId = pending.requestId === null ? "null" : `"${pending.requestId}"`;
  const quantiles = outputs.quantilesBps.subarray(0, QUANTILE_LEVELS.length).join(",");
  return `"at":"${at}","kind":"${forecastKind}",${modelMembers(model)}${role},"requestId":${requestId},"exchange":${
    JSON.stringify(pending.series.exchange)
  },"symbol":${JSON.stringify(pending.series.symbol)},"decisionTime":"${
    toIso(pending.decisionTimeMs)
  }","probabilityUp":${outputs.probabilityUp[0]},"volatilityBps":${
    outputs.volatilityBps[0]
  },"quantilesBps":[${quantiles}],"featureSetDigest":"${pending.featureSetDigest}","features":"${base64(features)}"`;
}

function modelMembers(model: ServedModel): string {
  let text = MODEL_MEMBERS.get(model);
  if (text === undefined) {
    const { name, version, runId, horizonMinutes } = model;
    text = JSON.stringify({ name, version, runId, horizonMinutes }).slice(1, -1);
    MODEL_MEMBERS.set(model, text);
  }
  return text;
}

/** Grows to the largest answer; a view of it is used at once and never kept. */
let scratch = new Float32Array(64 * OUTPUTS_PER_ROW);

function packOutputs(outputs: ForecastColumns): Float32Array {
  const levels = QUANTILE_LEVELS.length;
  const size = outputs.length * OUTPUTS_PER_ROW;
  if (scratch.length < size) scratch = new Float32Array(size);
  for (let row = 0, at = 0; row < outputs.length; row++) {
    scratch[at++] = outputs.probabilityUp[row]!;
    scratch[at++] = outputs.volatilityBps[row]!;
    for (let k = 0; k < levels; k++) scratch[at++] = outputs.quantilesBps[row * levels + k]!;
  }
  return scratch.subarray(0, size);
}

// Every platform that Deno runs on is little-endian, as the record format is.
function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
