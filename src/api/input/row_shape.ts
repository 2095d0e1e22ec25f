import type { ForecastModelInfo } from "../../core/mod.ts";
import { type FieldError, MAX_FIELD_ERRORS, RequestError } from "../http/problem.ts";

/** What a row of features must look like; built once a model. */
export interface RowShape {
  /** Feature names in the model's order. */
  readonly names: readonly string[];
  /** Per feature, 1 where `null` is allowed. */
  readonly nullable: Uint8Array;
  /** Place of each name. */
  readonly index: ReadonlyMap<string, number>;
  /** Most rows of one request. */
  readonly maxRows: number;
}

/** Raw features of a request, row-major `[count, F]`; NaN stands for an allowed null. */
export interface FeatureRows {
  /** Values. */
  readonly rows: Float32Array<ArrayBuffer>;
  /** Number of rows. */
  readonly count: number;
}

/** Doubles from here on round to Infinity in float32: halfway between its largest number and the next step. */
const FLOAT32_END = 2 ** 128 - 2 ** 103;

/** The shape that a model's rows have. */
export function rowShape(
  info: Pick<ForecastModelInfo, "featureNames" | "nullable">,
  options: { readonly maxRows: number },
): RowShape {
  return {
    names: info.featureNames,
    nullable: Uint8Array.from(info.nullable, Number),
    index: new Map(info.featureNames.map((name, j) => [name, j])),
    maxRows: options.maxRows,
  };
}

/** Whether a JSON value is a number that float32 holds; `1e999` parses to Infinity and `1e39` rounds to it. */
export function isFeatureValue(value: unknown): value is number {
  return typeof value === "number" && value < FLOAT32_END && value > -FLOAT32_END;
}

/** Says what is wrong with a value that {@linkcode isFeatureValue} refused, or with a null that is not allowed. */
export function valueError(value: unknown, pointer: string, field: string, nullable: boolean): FieldError {
  const expected = nullable ? "must be a finite number or null" : "must be a finite number";
  if (typeof value === "number") {
    return { pointer, field, message: `${expected} that float32 holds (at most 3.4e38 in size)` };
  }
  return { pointer, field, message: `${expected}: it is ${kindOf(value)}` };
}

/** A JSON value's kind in words. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a string" : `a ${typeof value}`;
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A 422 for the given places. */
export function invalid(detail: string, errors: readonly FieldError[]): RequestError {
  return new RequestError("input-invalid", detail, { errors });
}

/** @throws {RequestError} 413 where there are more rows than one request may have, 422 where there are none. */
export function checkRowCount(count: number, pointer: string, shape: RowShape): void {
  if (count > shape.maxRows) {
    throw new RequestError(
      "request-too-large",
      `Cannot take more than ${shape.maxRows} rows at once: it has ${count}`,
      {
        errors: [{ pointer, message: `must have at most ${shape.maxRows} rows` }],
      },
    );
  }
  if (count === 0) throw invalid("Cannot predict as there are no rows", [{ pointer, message: "must have a row" }]);
}

/** A JSON pointer's escaped token (RFC 6901). */
export function pointerToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 200);
}

/**
 * The members of a body, which must be an object with exactly the given keys.
 *
 * @throws {RequestError} 422 naming every unknown key and the missing one.
 */
export function readMembers(body: unknown, required: string): unknown {
  if (!isObject(body)) {
    throw invalid("Cannot read the body as it is no JSON object", [
      { pointer: "", message: `must be an object with the member '${required}': it is ${kindOf(body)}` },
    ]);
  }
  const unknown = Object.keys(body).filter((key) => key !== required).slice(0, MAX_FIELD_ERRORS);
  const errors: FieldError[] = unknown.map((key) => ({
    pointer: `/${pointerToken(key)}`,
    message: `is no known member; '${required}' is`,
  }));
  if (!Object.hasOwn(body, required)) errors.unshift({ pointer: `/${required}`, message: "is missing" });
  if (errors.length > 0) throw invalid(`The body must have exactly the member '${required}'`, errors);
  return body[required];
}
