import { allocateForecasts } from "../../src/core/mod.ts";
import { type PendingRecord, PredictionLog, type PredictionLogOptions } from "../../src/api/mod.ts";
import { logFiles } from "../../src/api/log/verify_log.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** Key of the chain. */
export const KEY = new Uint8Array(32).fill(7);
/** A minute before a day ends. */
export const NOW = Date.UTC(2024, 4, 31, 23, 59);
/** The model that answered. */
export const MODEL = { name: "bitcoin-model", version: "3", alias: "production", runId: "r", horizonMinutes: 15 };

/** An answer to rows of two features. */
export function pending(requestId: string, rows = 1): PendingRecord {
  const outputs = allocateForecasts(rows);
  outputs.probabilityUp.fill(0.5);
  outputs.volatilityBps.fill(20);
  outputs.quantilesBps.forEach((_, i) => outputs.quantilesBps[i] = i);
  return {
    kind: "predict",
    atMs: NOW,
    requestId,
    model: MODEL,
    features: new Float32Array(rows * 2).fill(1.5),
    outputs,
  };
}

/** A log of that key; its clock stands still unless the test moves it. */
export function openLog(
  directory: string,
  options: Partial<PredictionLogOptions> = {},
) {
  return PredictionLog.open({
    ...{ directory, key: KEY, clock: new ManualClock(NOW), flushMs: 20, maxFileBytes: 1e6 },
    ...options,
  });
}

/** Lines of all files of an instance, in order. */
export async function lines(folder: string): Promise<string[]> {
  const texts = await Promise.all((await logFiles(folder)).map((file) => Deno.readTextFile(`${folder}/${file}`)));
  return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
}
