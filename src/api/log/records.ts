import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import {
  type ForecastColumns,
  type ForecastRecord,
  type PredictRecord,
  QUANTILE_LEVELS,
  type ServedModel,
  toIso,
} from "../../core/mod.ts";

/** An answer that is to be logged; turned into a record off the hot path. */
export type PendingRecord =
  | {
    readonly kind: "forecast";
    readonly atMs: number;
    readonly requestId: string | null;
    readonly model: ServedModel;
    readonly featureSetDigest: string;
    readonly decisionTimeMs: number;
    readonly features: Float32Array<ArrayBuffer>;
    readonly outputs: ForecastColumns;
  }
  | {
    readonly kind: "predict";
    readonly atMs: number;
    readonly requestId: string;
    readonly model: ServedModel;
    readonly features: Float32Array<ArrayBuffer>;
    readonly outputs: ForecastColumns;
  };

/** A record without its place in the chain. */
export type UnplacedRecord = Omit<ForecastRecord, "n"> | Omit<PredictRecord, "n">;

/** Float32 outputs of a row: probabilityUp, volatilityBps and the quantiles. */
export const OUTPUTS_PER_ROW = 2 + QUANTILE_LEVELS.length;

/** The record of a pending answer. */
export function toRecord(pending: PendingRecord): UnplacedRecord {
  const { name, version, runId, horizonMinutes } = pending.model;
  const at = toIso(pending.atMs);
  const { outputs, features } = pending;
  if (pending.kind === "forecast") {
    return {
      at,
      kind: "forecast",
      name,
      version,
      runId,
      horizonMinutes,
      requestId: pending.requestId,
      decisionTime: toIso(pending.decisionTimeMs),
      probabilityUp: outputs.probabilityUp[0]!,
      volatilityBps: outputs.volatilityBps[0]!,
      quantilesBps: Array.from(outputs.quantilesBps.subarray(0, QUANTILE_LEVELS.length)),
      featureSetDigest: pending.featureSetDigest,
      features: base64(features),
    };
  }
  return {
    at,
    kind: "predict",
    name,
    version,
    runId,
    horizonMinutes,
    requestId: pending.requestId,
    rows: outputs.length,
    outputs: base64(packOutputs(outputs)),
    featuresSha256: createHash("sha256").update(bytesOf(features)).digest("hex"),
  };
}

function packOutputs(outputs: ForecastColumns): Float32Array {
  const levels = QUANTILE_LEVELS.length;
  const packed = new Float32Array(outputs.length * OUTPUTS_PER_ROW);
  for (let i = 0; i < outputs.length; i++) {
    packed[i * OUTPUTS_PER_ROW] = outputs.probabilityUp[i]!;
    packed[i * OUTPUTS_PER_ROW + 1] = outputs.volatilityBps[i]!;
    packed.set(outputs.quantilesBps.subarray(i * levels, (i + 1) * levels), i * OUTPUTS_PER_ROW + 2);
  }
  return packed;
}

// Every platform that Deno runs on is little-endian, as the record format is.
function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
