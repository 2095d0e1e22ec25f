import { zstdDecompressSync } from "node:zlib";
import { parquetMetadata, parquetRead } from "hyparquet";

/** Columns of a Parquet file to read, and into what. */
export interface WantedColumns {
  readonly float64: readonly string[];
  readonly float32: readonly string[];
  /** Columns that become one row-major array, by its name; all or none of them are there. */
  readonly rowMajor: Readonly<Record<string, readonly string[]>>;
  /** Columns without which the file is of no use. */
  readonly needed: readonly string[];
}

/** Columns by name; null is NaN, times are epoch milliseconds. */
export interface NumericColumns {
  readonly float64: ReadonlyMap<string, Float64Array>;
  readonly float32: ReadonlyMap<string, Float32Array>;
  readonly rowMajor: ReadonlyMap<string, Float32Array>;
  /** Needed columns that the file lacks. */
  readonly absent: readonly string[];
}

/** Where the values of a column go: to `offset + row · stride`. */
interface Target {
  readonly values: Float64Array | Float32Array;
  readonly stride: number;
  readonly offset: number;
}

/** Reads columns straight into what they are wanted as; others are not read. */
export async function readNumericColumns(file: Uint8Array, wanted: WantedColumns): Promise<NumericColumns> {
  const buffer = wholeBuffer(file), metadata = parquetMetadata(buffer), rows = Number(metadata.num_rows);
  const there = new Set(metadata.schema.slice(1).map(({ name }) => name));
  const targets = new Map<string, Target>();
  const plain = <A extends Float64Array | Float32Array>(names: readonly string[], kind: new (length: number) => A) =>
    new Map(
      names.filter((name) => there.has(name)).map((name) => {
        const values = new kind(rows);
        targets.set(name, { values, stride: 1, offset: 0 });
        return [name, values];
      }),
    );
  const float64 = plain(wanted.float64, Float64Array), float32 = plain(wanted.float32, Float32Array);
  const rowMajor = new Map<string, Float32Array>();
  for (const [name, columns] of Object.entries(wanted.rowMajor)) {
    if (!columns.every((column) => there.has(column))) continue;
    const values = new Float32Array(rows * columns.length);
    columns.forEach((column, offset) => targets.set(column, { values, stride: columns.length, offset }));
    rowMajor.set(name, values);
  }
  await parquetRead({
    file: buffer,
    metadata,
    columns: [...targets.keys()],
    compressors: { ZSTD: (bytes, length) => new Uint8Array(zstdDecompressSync(bytes, { maxOutputLength: length })) },
    onChunk({ columnName, columnData, rowStart }) {
      const { values, stride, offset } = targets.get(columnName)!;
      for (let i = 0; i < columnData.length; i++) {
        values[(rowStart + i) * stride + offset] = Number(columnData[i] ?? NaN);
      }
    },
  });
  return { float64, float32, rowMajor, absent: wanted.needed.filter((name) => !there.has(name)) };
}

/** A value of the file's own metadata, or undefined where it has none by this key. */
export function metadataValue(file: Uint8Array, key: string): string | undefined {
  return parquetMetadata(wholeBuffer(file)).key_value_metadata?.find((own) => own.key === key)?.value;
}

/** The file's own buffer where it holds nothing else, as a copy of two years' baselines is large. */
function wholeBuffer(file: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = file;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : file.slice().buffer;
}
