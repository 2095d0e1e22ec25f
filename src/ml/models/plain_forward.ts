import {
  cellLogit,
  CLOCK_FEATURES,
  type ForecastSpec,
  type HarLine,
  type LogisticLine,
  type PlainDirection,
  RV_FLOOR_BPS2,
} from "./forecast_spec.ts";

/** Gives a raw feature of the row at hand by its place; NaN where missing. */
export type ValueAt = (feature: number) => number;

/** Place of a feature in a model's rows. @throws {RangeError} where the model has no such feature. */
export function placeOf({ featureNames, family }: Pick<ForecastSpec, "featureNames" | "family">, name: string): number {
  const at = featureNames.indexOf(name);
  if (at < 0) throw new RangeError(`Cannot find feature '${name}' that a '${family}' model reads`);
  return at;
}

/** ln σ² of rows by a HAR line; hour and weekday come from the features, as a row has no time. */
export function harForward(spec: ForecastSpec, line: HarLine): (valueAt: ValueAt) => number {
  const columns = line.features.map((name) => placeOf(spec, name)), fallback = placeOf(spec, line.fallback);
  const { intercept, coefficients, hourLevels, weekdayLevels } = line;
  const hour = hourLevels === undefined ? -1 : placeOf(spec, CLOCK_FEATURES.hour);
  const weekday = weekdayLevels === undefined ? -1 : placeOf(spec, CLOCK_FEATURES.weekday);
  return (valueAt) => {
    let sum = intercept, value = valueAt(fallback);
    for (let j = 0; j < columns.length; j++) {
      const own = valueAt(columns[j]!);
      if (!Number.isNaN(own)) value = own;
      sum += coefficients[j]! * Math.log(Math.max(value, RV_FLOOR_BPS2));
    }
    if (hourLevels !== undefined) sum += levelOf(hourLevels, valueAt(hour));
    if (weekdayLevels !== undefined) sum += levelOf(weekdayLevels, valueAt(weekday));
    return sum;
  };
}

/** The level of a clock's position; one that no clock shows is held to the nearest, as the exported graph does. */
export function levelOf(levels: readonly number[], position: number): number {
  const nearest = Math.min(levels.length - 1, Math.max(0, Math.floor(position)));
  return levels[nearest]!;
}

/** Logits of rows by the cells, and by the line where there is one; `inputs` are the row's scaled ones. */
export function plainDirectionForward(
  spec: ForecastSpec,
  direction: PlainDirection,
): (valueAt: ValueAt, inputs: Float64Array) => number {
  const { line } = direction, move = placeOf(spec, direction.feature);
  if (line === undefined) return (valueAt) => cellLogit(direction, valueAt(move));
  return (valueAt, inputs) => blendedLogit(line, cellLogit(direction, valueAt(move)), lineLogit(line, inputs));
}

/** (1 − share) · the cell's logit + share · the line's. */
export function blendedLogit({ share }: Pick<LogisticLine, "share">, cell: number, line: number): number {
  // Without a share it is the cells to the bit, whatever the line says.
  return share === 0 ? cell : (1 - share) * cell + share * line;
}

/** The logit of a line. */
export function lineLogit({ intercept, weights }: Pick<LogisticLine, "intercept" | "weights">, inputs: Float64Array) {
  return intercept + dot(weights, inputs);
}

/** Σ weight · input. */
export function dot(weights: readonly number[], inputs: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < inputs.length; j++) sum += weights[j]! * inputs[j]!;
  return sum;
}
