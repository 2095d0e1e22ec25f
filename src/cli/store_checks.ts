import { type FeatureReader, INTERVAL_MS, type SeriesId, toIso, type Tracker } from "../core/mod.ts";

/** What a look at a store found. */
export interface StoreCheck {
  /** `warn` where there is none yet. */
  readonly status: "ok" | "warn" | "fail";
  /** One line for a person. */
  readonly detail: string;
}

/** Series, rows, gaps and the last ingest of a feature store. */
export async function checkFeatureStore(reader: FeatureReader): Promise<StoreCheck> {
  const series = await reader.series();
  if (series.length === 0) return { status: "warn", detail: "open, but without candles: task ingest" };
  const parts = await Promise.all(series.map((one) => describeSeries(reader, one)));
  const [lastRun] = await reader.ingestRuns(1);
  const unfinished = lastRun !== undefined && lastRun.status !== "finished";
  const last = lastRun === undefined
    ? ""
    : `; last ingest ${lastRun.status} ${toIso(lastRun.endedAtMs ?? lastRun.startedAtMs)}`;
  return { status: unfinished ? "warn" : "ok", detail: `${parts.join("; ")}${last}` };
}

async function describeSeries(reader: FeatureReader, series: SeriesId): Promise<string> {
  const range = (await reader.span(series))!;
  const rows = await reader.countCandles({ ...series, range });
  const missing = (range.endMs - range.startMs) / INTERVAL_MS[series.interval] - rows;
  const explained = (await reader.gaps(series, range)).reduce((sum, gap) => sum + gap.minutes, 0);
  const gaps = missing === 0 ? "complete" : `${missing} missing, ${explained} of them in the gap ledger`;
  return `${series.exchange} ${series.symbol} ${series.interval}: ${rows.toLocaleString("en")} candles ${
    toIso(range.startMs)
  } to ${toIso(range.endMs)}, ${gaps}`;
}

/** Experiments and runs of a tracking store. */
export async function checkTracker(tracker: Tracker): Promise<StoreCheck> {
  const experiments = (await tracker.searchExperiments({ maxResults: 1000 })).items;
  const { items } = await tracker.searchRuns({
    experimentIds: experiments.map(({ experimentId }) => experimentId),
    maxResults: 1000,
  });
  const running = items.filter(({ info }) => info.status === "RUNNING").length;
  return {
    status: "ok",
    detail: `${tracker.uri}: ${experiments.length} experiments, ${items.length} runs${
      running > 0 ? `, ${running} running or left so` : ""
    }`,
  };
}
