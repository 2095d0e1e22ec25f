import type { LoadedModel } from "../model/model_host.ts";
import type { LiveRow } from "./live_features.ts";

/** What of a model decides whether a row can be forecast. */
export type RowReader = Pick<LoadedModel<unknown>, "info" | "shape">;

/** The row in the features that the model reads. */
export function featuresFor({ info }: RowReader, row: LiveRow): Float32Array<ArrayBuffer> {
  return row.featuresOf(info.featureSetDigest);
}

/** Features that the model cannot do without and that the row lacks. */
export function missingFeatures({ shape }: RowReader, features: Float32Array): string[] {
  return shape.names.filter((_, j) => Number.isNaN(features[j]!) && shape.nullable[j] === 0);
}
