import { isDomainError, parseInstant, type Run, type SeriesId, type TimeRange } from "../core/mod.ts";
import type { CommandContext } from "./command.ts";
import { openFeatureStore } from "./runtime.ts";

/** Whether the candles that a run read are still those of the feature store; unknown where the store cannot tell. */
export type DatasetProof = "same" | "changed" | "unknown";

/** Computes the digest of a run's candles again, by the range that it logged with its dataset. */
export async function proveDataset(context: CommandContext, run: Run): Promise<DatasetProof> {
  const logged = run.tags.find(({ key }) => key === "dataset.sha256")?.value;
  const range = rangeOf(run), series = seriesOf(run);
  if (logged === undefined || range === undefined || series === undefined) return "unknown";
  try {
    await using store = await openFeatureStore(context, { mode: "read" });
    return await store.datasetDigest({ ...series, range }) === logged ? "same" : "changed";
  } catch (error) {
    // Another machine's run is judged without its candles.
    if (isDomainError(error) && error.code !== "interrupted") return "unknown";
    throw error;
  }
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
