/** The two files that `tf.loadLayersModel` reads. */
export interface LayersModelFiles {
  /** `model.json`. */
  readonly topology: string;
  /** `weights.bin`: float32, little-endian, in the order of the manifest. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/** A weight in the manifest. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32";
}

/** A layer in Keras' JSON, as far as it is ours. */
export interface LayerJson {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

/** A layer that reads others, by their names. */
export function layerJson(
  className: string,
  name: string,
  from: readonly string[],
  config: Readonly<Record<string, unknown>>,
): LayerJson {
  return {
    name,
    class_name: className,
    config: { name, trainable: true, ...config },
    inbound_nodes: [from.map(nodeOf)],
  };
}

/** A layer's output as another's input. */
export function nodeOf(name: string): readonly unknown[] {
  return [name, 0, 0, {}];
}
