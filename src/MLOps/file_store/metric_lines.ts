/** One observation of a metric; times and steps beyond 2^53 are `bigint`. */
export interface MetricLine {
  /** Epoch milliseconds, or whatever the client took for them. */
  readonly timestamp: number | bigint;
  /** May be NaN or infinite. */
  readonly value: number;
  /** Step. */
  readonly step: number | bigint;
}

/** One observation of a logged model's metric. */
export interface ModelMetricLine extends MetricLine {
  /** Run that logged it. */
  readonly runId: string;
  /** Dataset it was measured on. */
  readonly datasetName?: string;
  /** Digest of that dataset. */
  readonly datasetDigest?: string;
}

const INTEGER = /^[+-]?\d+$/;
/** What Python's `float()` reads, of what MLflow writes by `repr`. */
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;

/**
 * Reads a line of a run's metric: `timestamp value`, `timestamp value step`, or those three with the name and digest of
 * a dataset behind them. MLflow's own reader takes the step of the long form for 0; it is what was logged, so it is
 * kept here, as `mlflow migrate-filestore` does. A dataset's name may hold spaces, which MLflow then cannot read.
 *
 * @throws {SyntaxError} saying what is wrong with it.
 */
export function parseMetricLine(line: string): MetricLine {
  const fields = line.trim().split(" ");
  if (fields.length < 2 || fields.length === 4) {
    throw new SyntaxError(`it has ${count(fields)} where 2, 3 or 5 are expected (time, value, step, dataset, digest)`);
  }
  return {
    timestamp: integer(fields[0]!, "time"),
    value: number(fields[1]!),
    step: fields.length === 2 ? 0 : integer(fields[2]!, "step"),
  };
}

/**
 * Reads a line of a logged model's metric: `timestamp value step run_id`, with the name and digest of a dataset behind
 * them or not.
 *
 * @throws {SyntaxError} saying what is wrong with it.
 */
export function parseModelMetricLine(line: string): ModelMetricLine {
  const fields = line.trim().split(" ");
  if (fields.length < 4 || fields.length === 5) {
    throw new SyntaxError(
      `it has ${count(fields)} where 4 or 6 are expected (time, value, step, run, dataset, digest)`,
    );
  }
  return {
    timestamp: integer(fields[0]!, "time"),
    value: number(fields[1]!),
    step: integer(fields[2]!, "step"),
    runId: fields[3]!,
    ...(fields.length === 4 ? {} : { datasetName: fields.slice(4, -1).join(" "), datasetDigest: fields.at(-1)! }),
  };
}

function count(fields: readonly string[]): string {
  return fields.length === 1 ? "1 field" : `${fields.length} fields`;
}

function integer(text: string, name: string): number | bigint {
  const value = Number(text);
  if (Number.isSafeInteger(value) && INTEGER.test(text)) return value;
  const exact = INTEGER.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
  if (exact !== undefined && BigInt.asIntN(64, exact) === exact) return exact;
  throw new SyntaxError(`its ${name} '${text}' is no integer of 64 bits`);
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isNaN(value) && NUMBER.test(text)) return value;
  if (!NUMBER.test(text)) throw new SyntaxError(`its value '${text}' is no number`);
  if (/nan$/i.test(text)) return NaN;
  return text.startsWith("-") ? -Infinity : Infinity;
}
