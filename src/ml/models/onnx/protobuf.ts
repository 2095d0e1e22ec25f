/**
 * The few parts of the protobuf wire format that an ONNX file needs, and of ONNX's messages (onnx.proto3, IR version 8)
 * that our graphs use.
 *
 * @module
 */

/** Element types of tensors (onnx.TensorProto.DataType). */
export const DATA_TYPE = { float: 1, int64: 7, bool: 9, double: 11 } as const;

/** Bytes of a message or of a part of it. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A value known when the graph is written. */
export interface Constant {
  readonly dims: readonly number[];
  readonly data: Float64Array | BigInt64Array | readonly boolean[];
}

/** An attribute of a node: an integer (`axis`), a text, or a list of integers, of float32 or of texts. */
export type Attribute = number | string | readonly number[] | Float32Array | readonly string[];

/** Operators for trees and the like, beside those of ONNX itself. */
export const ML_DOMAIN = "ai.onnx.ml";
const ML_OPSET = 3;

/** One operation; of ONNX itself where no domain is named. */
export interface OnnxNode {
  readonly op: string;
  readonly domain?: typeof ML_DOMAIN;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A named float32 matrix of `[N, columns]`. */
export interface OnnxPort {
  readonly name: string;
  readonly columns: number;
}

/** A whole graph. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly input: OnnxPort;
  readonly outputs: readonly OnnxPort[];
}

/** Bytes of a model file with the given opset. */
export function encodeModel(graph: OnnxGraph, options: { readonly opset: number; readonly producer: string }): Bytes {
  const opset = (domain: string, version: number) => message(8, concat(text(1, domain), integer(2, version)));
  const opsets = [opset("", options.opset)];
  if (graph.nodes.some(({ domain }) => domain === ML_DOMAIN)) opsets.push(opset(ML_DOMAIN, ML_OPSET));
  return concat(integer(1, 8), text(2, options.producer), message(7, encodeGraph(graph)), ...opsets);
}

function encodeGraph({ name, nodes, constants, input, outputs }: OnnxGraph): Bytes {
  return concat(
    ...nodes.map((node) => message(1, encodeNode(node))),
    text(2, name),
    ...[...constants].map(([constantName, constant]) => message(5, encodeTensor(constantName, constant))),
    message(11, encodePort(input)),
    ...outputs.map((output) => message(12, encodePort(output))),
  );
}

function encodeNode({ op, domain, inputs, outputs, attributes = {} }: OnnxNode): Bytes {
  return concat(
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, outputs[0]!), // node name: onnxruntime's messages show it
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  );
}

function encodeAttribute(name: string, value: Attribute): Bytes {
  const INT = 2, STRING = 3, FLOATS = 6, INTS = 7, STRINGS = 8;
  const typed = (type: number, parts: readonly Bytes[]) => concatAll([text(1, name), ...parts, integer(20, type)]);
  if (typeof value === "number") return typed(INT, [integer(3, value)]);
  if (typeof value === "string") return typed(STRING, [text(4, value)]);
  if (value instanceof Float32Array) return typed(FLOATS, [message(7, new Uint8Array(value.slice().buffer))]); // packed
  return isTexts(value)
    ? typed(STRINGS, value.map((item) => text(9, item)))
    : typed(INTS, value.map((item) => integer(8, item)));
}

function isTexts(list: readonly number[] | readonly string[]): list is readonly string[] {
  return typeof list[0] === "string";
}

function encodeTensor(name: string, { dims, data }: Constant): Bytes {
  const type = data instanceof Float64Array
    ? DATA_TYPE.double
    : data instanceof BigInt64Array
    ? DATA_TYPE.int64
    : DATA_TYPE.bool;
  const raw = data instanceof Float64Array || data instanceof BigInt64Array
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) // little-endian on every machine Deno runs on
    : Uint8Array.from(data, Number);
  return concat(...dims.map((dim) => integer(1, dim)), integer(2, type), text(8, name), message(9, raw));
}

function encodePort({ name, columns }: OnnxPort): Bytes {
  const rows = message(1, text(2, "N")), width = message(1, integer(1, columns));
  const tensorType = concat(integer(1, DATA_TYPE.float), message(2, concat(rows, width)));
  return concat(text(1, name), message(2, message(1, tensorType)));
}

function integer(field: number, value: number): Bytes {
  return concat(varint(field << 3), varint(value));
}

function text(field: number, value: string): Bytes {
  return message(field, new TextEncoder().encode(value));
}

function message(field: number, bytes: Uint8Array): Bytes {
  return concat(varint(field << 3 | 2), varint(bytes.length), bytes);
}

/** Base-128 groups, least first; negative numbers as 64-bit two's complement. */
function varint(value: number): Bytes {
  const groups: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const group = Number(rest & 127n);
    rest >>= 7n;
    groups.push(rest > 0n ? group | 128 : group);
  } while (rest > 0n);
  return Uint8Array.from(groups);
}

function concat(...parts: readonly Uint8Array[]): Bytes {
  return concatAll(parts);
}

/** For lists that are too long to be arguments. */
function concatAll(parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
