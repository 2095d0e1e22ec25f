import type { Metric, Run, Tracker } from "../../core/mod.ts";
import { wholeHistory } from "../server/metric_history.ts";
import { type Point, thinOut } from "./chart/thin_out.ts";

/** Points of a line that are kept; the chart keeps fewer still. */
const MAX_CHART_POINTS = 4_000;

/** What stands on the x axis of a metric's chart. */
export type XAxis = "step" | "time";

/** Metrics of a run that were logged over steps, and so have a line to draw; the rest have one value. */
export function steppedKeys(runs: readonly Run[]): readonly string[] {
  const keys = new Set(runs.flatMap(({ metrics }) => metrics.filter(({ step }) => step > 0).map(({ key }) => key)));
  return [...keys].sort();
}

/** The whole history of one metric of a run, in the order of its steps. */
export async function historyOf(tracker: Tracker, runId: string, key: string): Promise<readonly Metric[]> {
  const points = await wholeHistory(tracker, runId, key);
  return points.toSorted((a, b) => a.step - b.step || a.timestamp - b.timestamp);
}

/**
 * Histories of which a chart is drawn: no more of each than draws the same line. They are read one after the other, so that
 * a page of many long ones holds one of them in memory at a time.
 *
 * @param asked runs and keys, in the order of the answer.
 */
export async function chartHistories(
  tracker: Tracker,
  asked: readonly { readonly runId: string; readonly key: string }[],
): Promise<readonly (readonly Metric[])[]> {
  const histories: (readonly Metric[])[] = [];
  for (const { runId, key } of asked) {
    histories.push(thinOut(await historyOf(tracker, runId, key), MAX_CHART_POINTS, ({ value }) => value));
  }
  return histories;
}

/** Points of a chart: over steps, or over seconds since the first observation. */
export function toPoints(history: readonly Metric[], axis: XAxis = "step"): readonly Point[] {
  if (axis === "step") return history.map(({ step, value }) => [step, value]);
  const inTime = history.toSorted((a, b) => a.timestamp - b.timestamp || a.step - b.step);
  const start = inTime[0]?.timestamp ?? 0;
  return inTime.map(({ timestamp, value }) => [(timestamp - start) / 1_000, value]);
}
