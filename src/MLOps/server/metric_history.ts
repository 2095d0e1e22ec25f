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
    points.push(...page.items);
    pageToken = page.nextPageToken;
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
 * The points that a chart of several runs needs, as MLflow picks them: of the distinct steps of all runs in the range,
 * `maxResults` evenly spaced ones, the last one, and each run's first and last; then all points at those steps, run by
 * run, in order of step.
 */
export function sampleHistories(
  histories: readonly RunHistory[],
  options: { readonly maxResults: number; readonly startStep?: number; readonly endStep?: number },
): readonly RunMetric[] {
  const { maxResults, startStep = -Infinity, endStep = Infinity } = options;
  const inRange = histories.map(({ runId, points }) => ({
    runId,
    points: points.filter(({ step }) => step >= startStep && step <= endStep)
      .sort((a, b) => a.step - b.step || a.timestamp - b.timestamp || a.value - b.value),
  }));
  const steps = [...new Set(inRange.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
  const kept = new Set(evenlySpaced(steps, maxResults));
  for (const { points } of inRange) {
    for (const end of [points[0], points.at(-1)]) if (end !== undefined) kept.add(end.step);
  }
  return inRange.flatMap(({ runId, points }) =>
    points.filter(({ step }) => kept.has(step)).map((metric) => ({ runId, metric }))
  );
}

function evenlySpaced(steps: readonly number[], count: number): readonly number[] {
  if (steps.length <= count) return steps;
  const interval = steps.length / count;
  const picked = Array.from({ length: count }, (_, i) => steps[Math.floor(i * interval)]!);
  return [...picked, steps.at(-1)!];
}
