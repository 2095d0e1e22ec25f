/** A tensor of a signature (MLflow's `TensorSpec`). */
export interface TensorSpec {
  /** Tells it from a column. */
  readonly kind: "tensor";
  /** All tensors of a side have one, or its only one has none. */
  readonly name?: string;
  /** NumPy's name of the element type, such as `float32`. */
  readonly dtype: string;
  /** Length of each axis; -1 is any. */
  readonly shape: readonly number[];
}

/** A column of a data frame in a signature (MLflow's `ColSpec`). */
export interface ColumnSpec {
  /** Tells it from a tensor. */
  readonly kind: "column";
  /** Outputs may have none. */
  readonly name?: string;
  /** MLflow's name of the type, such as `double`; for nested types `array`, `object`, `map`. */
  readonly type: string;
  /** Whether it must be there. */
  readonly required: boolean;
}

/** A parameter of `predict` in a signature (MLflow's `ParamSpec`). */
export interface ParamSpec {
  /** Name. */
  readonly name: string;
  /** MLflow's name of the type, such as `double`. */
  readonly type: string;
  /** Value where none is given. */
  readonly default: unknown;
  /** Null for one value. */
  readonly shape: readonly number[] | null;
}

/** What a model takes and gives. */
export interface ModelSignature {
  /** What `predict` takes. */
  readonly inputs: readonly (TensorSpec | ColumnSpec)[];
  /** What it gives. */
  readonly outputs: readonly (TensorSpec | ColumnSpec)[];
  /** What it can be told beside. */
  readonly params: readonly ParamSpec[];
}

/** An input example that lies beside `MLmodel`. */
export interface InputExampleInfo {
  /** The example itself. */
  readonly path: string;
  /** A whole body for `/invocations`. */
  readonly servingPath?: string;
  /** `ndarray`, `dataframe`, `json_object`, … */
  readonly type: string;
}

/** The document `MLmodel` in the root of a model's directory, which says how each tool loads it. */
export interface MlModel {
  /** Settings by flavor: `python_function`, `onnx`, `tfjs`, … */
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Unset where whoever wrote it gave none. */
  readonly signature?: ModelSignature;
  /** Unset where there is none. */
  readonly inputExample?: InputExampleInfo;
  /** `m-…` of the logged model. */
  readonly modelId?: string;
  /** Run that made it. */
  readonly runId?: string;
  /** Where it was written to. */
  readonly artifactPath?: string;
  /** Bytes of the files beside it. */
  readonly sizeBytes?: number;
  /** Epoch milliseconds. */
  readonly createdAtMs?: number;
  /** Release of MLflow that wrote it. */
  readonly mlflowVersion?: string;
  /** Free. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Writes the document; where MLflow reads it, nothing is lost. */
export type EncodeMlModel = (model: MlModel) => string;
