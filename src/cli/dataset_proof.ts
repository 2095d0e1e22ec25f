import {
  DomainError,
  isDomainError,
  parseInstant,
  type Run,
  type SeriesId,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import type { CommandContext } from "./command.ts";
import { openFeatureStore } from "./runtime.ts";

/** Whether the candles that a run read are still those of the feature store; unknown where the store cannot tell. */
export type DatasetProof = "same" | "changed" | "unknown";

/** Candles that were read. */
interface ReadRange {
  readonly series: SeriesId;
  readonly range: TimeRange;
  /** Their digest then. */
  readonly sha256: string;
}

/** Computes the digest of a run's candles again, by the range that it logged with its dataset. */
export async function proveDataset(context: CommandContext, run: Run): Promise<DatasetProof> {
  const sha256 = run.tags.find(({ key }) => key === "dataset.sha256")?.value;
  const range = rangeOf(run), series = seriesOf(run);
  if (sha256 === undefined || range === undefined || series === undefined) return "unknown";
  return (await proveCandles(context, { series, range, sha256 })).proof;
}

/**
 * Does a run's work, and refuses what came of candles that were changed meanwhile: features are read from the store as they
 * are needed, so that some may be of other candles than the rest, and what fails of that is no fault of the work.
 *
 * @returns what the work gives, and a warning where the store cannot tell.
 * @throws {DomainError} `dataset-changed`; what `work` throws, where the candles are the same.
 */
export async function onSameCandles<T>(
  context: CommandContext,
  read: ReadRange,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly warning: Warning | undefined }> {
  try {
    const result = await work(), { proof, reason } = await proveCandles(context, read);
    if (proof === "changed") throw changedError(read);
    return { result, warning: proof === "same" ? undefined : unprovenWarning(reason) };
  } catch (error) {
    if (context.signal.aborted || isDomainError(error, "dataset-changed")) throw error;
    throw (await proveCandles(context, read)).proof === "changed" ? changedError(read, error) : error;
  }
}

async function proveCandles(
  context: CommandContext,
  { series, range, sha256 }: ReadRange,
): Promise<{ readonly proof: DatasetProof; readonly reason?: string }> {
  try {
    await using store = await openFeatureStore(context, { mode: "read", lean: true });
    return { proof: await store.datasetDigest({ ...series, range }) === sha256 ? "same" : "changed" };
  } catch (error) {
    // Another machine's run is judged without its candles.
    if (isDomainError(error) && error.code !== "interrupted") return { proof: "unknown", reason: error.message };
    throw error;
  }
}

function changedError({ range }: ReadRange, cause?: unknown): DomainError {
  return new DomainError(
    "dataset-changed",
    `Cannot keep what was trained on candles from ${toIso(range.startMs)} to ${
      toIso(range.endMs)
    } as they were changed in the feature store meanwhile`,
    { hint: "Let the ingest end, then track again", ...(cause === undefined ? {} : { cause }) },
  );
}

function unprovenWarning(reason = ""): Warning {
  return {
    code: "dataset-unproven",
    message: `Whether its candles were changed while it was trained is not known, and register looks again: ${reason}`,
  };
}

/** Candles that were read: those of the run's range and of the look-back before it. */
function rangeOf({ datasetInputs }: Run): TimeRange | undefined {
  try {
    const { start, end } = JSON.parse(datasetInputs[0]?.dataset.source ?? "{}") as { start?: unknown; end?: unknown };
    if (typeof start !== "string" || typeof end !== "string") return undefined;
    return { startMs: parseInstant(start), endMs: parseInstant(end) };
  } catch (error) {
    if (error instanceof SyntaxError || isDomainError(error)) return undefined; // written by another program
    throw error;
  }
}

function seriesOf({ params }: Run): SeriesId | undefined {
  const param = (name: string) => params.find(({ key }) => key === name)?.value;
  const exchange = param("exchange"), symbol = param("symbol"), interval = param("interval");
  return exchange === undefined || symbol === undefined || interval !== "1m"
    ? undefined
    : { exchange, symbol, interval };
}
