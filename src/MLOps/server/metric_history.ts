import type { Metric, Tracker } from "../../core/mod.ts";

const PAGE = 25_000;

/** An observation and the run it is of. */
export interface RunMetric {
  /** Run that logged it. */
  readonly runId: string;
  /** The observation. */
  readonly metric: Metric;
}

/** Every observation of a metric, by timestamp, step, value; none for a run that has no such metric. */
export async function wholeHistory(tracker: Tracker, runId: string, key: string): Promise<readonly Metric[]> {
  const points: Metric[] = [];
  let pageToken: string | undefined;
  do {
    const page = await tracker.metricHistory(runId, key, {
      maxResults: PAGE,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    for (const item of page.items) points.push(item);
    pageToken = page.nextPageToken;
    // A store on this machine answers at once: without a pause a long history would keep everybody else waiting.
    await new Promise((done) => setTimeout(done, 0));
  } while (pageToken !== undefined);
  return points;
}

/** Observations of one run, in the order of its steps. */
export interface RunHistory {
  /** The run. */
  readonly runId: string;
  /** Its observations, in any order. */
  readonly points: readonly Metric[];
}

/**
 * The points that a chart of several runs needs, as MLflow 3.17 picks them: of each run's points in the range, in order
 * of step, the first of each of `maxResults` buckets of equal size, and the last point of all in place of the last pick
 * where it is not among them. Many points may share one step, so it is points that are counted, not steps.
 */
export function sampleHistories(
  histories: readonly RunHistory[],
  options: { readonly maxResults: number; readonly startStep?: number; readonly endStep?: number },
): readonly RunMetric[] {
  const { maxResults, startStep = -Infinity, endStep = Infinity } = options;
  return histories.flatMap(({ runId, points }) => {
    const inRange = points.filter(({ step }) => step >= startStep && step <= endStep).sort(byStep);
    return bucketStarts(inRange.length, maxResults).map((i) => ({ runId, metric: inRange[i]! }));
  });
}

/** NaN is stored as 0 with a flag, and so it is ordered. */
function byStep(a: Metric, b: Metric): number {
  const value = ({ value }: Metric) => Number.isNaN(value) ? 0 : value;
  return a.step - b.step || a.timestamp - b.timestamp || value(a) - value(b) ||
    Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
}

/** First index of each of `buckets` parts of `count` things (SQL's NTILE: the first parts have one more), and the last. */
function bucketStarts(count: number, buckets: number): readonly number[] {
  const parts = Math.min(count, buckets);
  const size = Math.floor(count / Math.max(1, parts)), larger = count % Math.max(1, parts);
  const starts = Array.from({ length: parts }, (_, i) => i * size + Math.min(i, larger));
  if (parts > 0 && starts.at(-1) !== count - 1) starts[parts - 1] = count - 1;
  return starts;
}
