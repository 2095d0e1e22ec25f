import { type Attribute, type Constant, ML_DOMAIN, type OnnxGraph, type OnnxNode, type OnnxPort } from "./protobuf.ts";

/** Name of a value in the graph. */
export type Value = string;

/** Collects nodes and constants; each method adds one node and returns the name of its result. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, Constant>();

  /** A constant of doubles. */
  doubles(data: ArrayLike<number>, dims: readonly number[]): Value {
    return this.#constant({ dims, data: Float64Array.from(data) });
  }

  /** A row `[1, n]` of doubles. */
  row(data: ArrayLike<number>): Value {
    return this.doubles(data, [1, data.length]);
  }

  /** A double as `[1, 1]`. */
  scalar(value: number): Value {
    return this.row([value]);
  }

  /** A vector of int64. */
  integers(data: readonly number[]): Value {
    return this.#constant({ dims: [data.length], data: BigInt64Array.from(data, BigInt) });
  }

  /** A row `[1, n]` of booleans. */
  booleans(data: readonly boolean[]): Value {
    return this.#constant({ dims: [1, data.length], data });
  }

  /** Adds an operation with one result. */
  add(op: string, inputs: readonly Value[], attributes?: Readonly<Record<string, Attribute>>): Value {
    return this.addNamed(op, inputs, `${op.toLowerCase()}_${this.#nodes.length}`, attributes);
  }

  /** Adds an operation whose result has the given name: an output of the graph. */
  addNamed(
    op: string,
    inputs: readonly Value[],
    output: string,
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value {
    this.#nodes.push({ op, inputs, outputs: [output], ...(attributes === undefined ? {} : { attributes }) });
    return output;
  }

  /** Adds an operation with results of the given names. */
  addMany(
    op: string,
    inputs: readonly Value[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): void {
    this.#nodes.push({ op, inputs, outputs, ...(attributes === undefined ? {} : { attributes }) });
  }

  /** Adds an operation of the ai.onnx.ml domain with one result. */
  addMl(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>): Value {
    const output = `${op.toLowerCase()}_${this.#nodes.length}`;
    this.#nodes.push({ op, domain: ML_DOMAIN, inputs, outputs: [output], attributes });
    return output;
  }

  /** A matrix cut into parts of so many columns, side by side. */
  split(matrix: Value, sizes: readonly number[]): Value[] {
    const outputs = sizes.map((_, i) => `split_${this.#nodes.length}_${i}`);
    this.addMany("Split", [matrix, this.integers(sizes)], outputs, { axis: 1 });
    return outputs;
  }

  /** Columns of a matrix by number, `[N, columns.length]`. */
  columns(matrix: Value, columns: readonly number[]): Value {
    return this.add("Gather", [matrix, this.integers(columns)], { axis: 1 });
  }

  /** The finished graph. */
  build(name: string, input: OnnxPort, outputs: readonly OnnxPort[]): OnnxGraph {
    return { name, nodes: this.#nodes, constants: this.#constants, input, outputs };
  }

  #constant(constant: Constant): Value {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, constant);
    return name;
  }
}
