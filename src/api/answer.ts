import { type ForecastColumns, QUANTILE_KEYS } from "../core/mod.ts";
import { invalid } from "./input/row_shape.ts";

const LEVELS = QUANTILE_KEYS.length;
const KEY_PREFIXES = QUANTILE_KEYS.map((key, k) => `${k === 0 ? "" : ","}"${key}":`);

/**
 * `"probabilityUp":…,"volatilityBps":…,"quantilesBps":{…}` of a row: the members of a forecast, without braces. Written
 * by hand, as it is on the hot path.
 */
export function forecastMembers(outputs: ForecastColumns, row: number): string {
  let text = `"probabilityUp":${outputs.probabilityUp[row]},"volatilityBps":${
    outputs.volatilityBps[row]
  },"quantilesBps":{`;
  for (let k = 0; k < LEVELS; k++) text += KEY_PREFIXES[k]! + outputs.quantilesBps[row * LEVELS + k]!;
  return `${text}}`;
}

/** The body of `POST /predict` and `POST /v1/predict`. */
export function predictionsJson(outputs: ForecastColumns, modelJson: string, requestId: string): string {
  let text = `{"predictions":[{${forecastMembers(outputs, 0)}}`;
  for (let row = 1; row < outputs.length; row++) text += `,{${forecastMembers(outputs, row)}}`;
  return `${text}],"model":${modelJson},"requestId":"${requestId}"}`;
}

/** First row with an output that is no finite number, or −1. */
export function firstNonFiniteRow(outputs: ForecastColumns): number {
  const { probabilityUp, volatilityBps, quantilesBps } = outputs;
  for (let row = 0; row < outputs.length; row++) {
    // A sum is finite only if each term is; these are float32 values, so it cannot overflow on its own.
    let sum = probabilityUp[row]! + volatilityBps[row]!;
    for (let k = 0; k < LEVELS; k++) sum += quantilesBps[row * LEVELS + k]!;
    if (!Number.isFinite(sum)) return row;
  }
  return -1;
}

/**
 * Makes sure that every output is a number: values far outside of the training range can overflow the model.
 *
 * @throws {RequestError} 422 naming the row.
 */
export function checkOutputs(outputs: ForecastColumns, pointerOf: (row: number) => string): void {
  const row = firstNonFiniteRow(outputs);
  if (row < 0) return;
  throw invalid("The model gives no finite forecast for these features", [
    {
      pointer: pointerOf(row),
      message: "lies so far from what the model was trained on that its arithmetic overflows",
    },
  ]);
}
