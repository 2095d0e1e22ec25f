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

/** An attribute of a node: an integer (`axis`) or a list of them. */
export type Attribute = number | readonly number[];

/** One operation; `attributes` hold integers only, which is all our operators take. */
export interface OnnxNode {
  readonly op: string;
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
  const opset = concat(text(1, ""), integer(2, options.opset));
  return concat(integer(1, 8), text(2, options.producer), message(7, encodeGraph(graph)), message(8, opset));
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

function encodeNode({ op, inputs, outputs, attributes = {} }: OnnxNode): Bytes {
  return concat(
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, outputs[0]!), // node name: onnxruntime's messages show it
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
  );
}

function encodeAttribute(name: string, value: Attribute): Bytes {
  const INT = 2, INTS = 7;
  return typeof value === "number"
    ? concat(text(1, name), integer(3, value), integer(20, INT))
    : concat(text(1, name), ...value.map((item) => integer(8, item)), integer(20, INTS));
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
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
