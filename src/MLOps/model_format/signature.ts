import { z } from "zod";
import type { ColumnSpec, ModelSignature, ParamSpec, TensorSpec } from "../../core/mod.ts";

const SHAPE = z.array(z.int().min(-1));
const TENSOR = z.object({
  type: z.literal("tensor"),
  name: z.string().optional(),
  "tensor-spec": z.object({ dtype: z.string(), shape: SHAPE }),
});
const COLUMN = z.object({ type: z.string(), name: z.string().optional(), required: z.boolean().default(true) });
/** A tensor is tried first, as a column takes any type. */
const FIELD = z.union([TENSOR, COLUMN.refine(({ type }) => type !== "tensor")]);
const PARAM = z.object({
  name: z.string(),
  type: z.string(),
  default: z.unknown(),
  shape: SHAPE.nullable().default(null),
});

/** The signature as `MLmodel` holds it: each part a text of JSON, or null. */
export const SIGNATURE_TEXTS = z.object({
  inputs: z.string().nullable().default(null),
  outputs: z.string().nullable().default(null),
  params: z.string().nullable().default(null),
});

/** Reads the three texts of a signature. @throws {SyntaxError | z.ZodError} for a text that is none */
export function readSignature({ inputs, outputs, params }: z.infer<typeof SIGNATURE_TEXTS>): ModelSignature {
  return {
    inputs: z.array(FIELD).parse(JSON.parse(inputs ?? "[]")).map(toField),
    outputs: z.array(FIELD).parse(JSON.parse(outputs ?? "[]")).map(toField),
    params: z.array(PARAM).parse(JSON.parse(params ?? "[]")),
  };
}

/** The signature as `MLmodel` holds it; a part without entries is null, as MLflow writes it. */
export function signatureTexts({ inputs, outputs, params }: ModelSignature): z.infer<typeof SIGNATURE_TEXTS> {
  const text = (fields: readonly unknown[]) => fields.length === 0 ? null : JSON.stringify(fields);
  return {
    inputs: text(inputs.map(fromField)),
    outputs: text(outputs.map(fromField)),
    params: text(params.map(fromParam)),
  };
}

function toField(field: z.infer<typeof FIELD>): TensorSpec | ColumnSpec {
  const named = field.name === undefined ? {} : { name: field.name };
  return "tensor-spec" in field
    ? { kind: "tensor", ...named, ...field["tensor-spec"] }
    : { kind: "column", ...named, type: field.type, required: field.required };
}

function fromField(field: TensorSpec | ColumnSpec): unknown {
  const named = field.name === undefined ? {} : { name: field.name };
  return field.kind === "tensor"
    ? { ...named, type: "tensor", "tensor-spec": { dtype: field.dtype, shape: field.shape } }
    : { type: field.type, ...named, required: field.required };
}

function fromParam({ name, type, shape, ...rest }: ParamSpec): unknown {
  return { name, type, default: rest.default, shape };
}
