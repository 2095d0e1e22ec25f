import type { Run } from "../../core/mod.ts";
import type { AxisValue } from "./chart/axis.ts";
import type { ChartView } from "./pages/metric_page.ts";
import { parseChartView } from "./pages/metric_page.ts";
import { type Column, columnId, defaultColumns, parseColumn } from "./runs_query.ts";
import type { Query } from "./urls.ts";

/** Most runs that one page compares. */
export const MAX_COMPARED = 20;
/** Most axes of parallel coordinates. */
export const MAX_AXES = 12;
const DEFAULT_METRICS = 3;
const DEFAULT_PARAMS = 4;

/** What the address of a comparison asks for. */
export interface CompareQuery {
  /** Runs to compare, each once. */
  readonly runIds: readonly string[];
  /** Metric to chart over steps. */
  readonly metric: string | undefined;
  /** Whether rows in which all runs agree are left out. */
  readonly onlyDifferences: boolean;
  /** How the chart over steps is looked at. */
  readonly view: ChartView;
  /** Columns of the scatter chart. */
  readonly scatter: { readonly x: Column | undefined; readonly y: Column | undefined };
  /** Axes of the parallel coordinates; undefined where nobody chose. */
  readonly axes: readonly Column[] | undefined;
}

/** Reads an address; what it cannot use it leaves out. */
export function parseCompareQuery(parameters: URLSearchParams): CompareQuery {
  const column = (text: string | null) => {
    const parsed = parseColumn(text ?? "");
    return parsed?.entity === "metrics" || parsed?.entity === "params" ? parsed : undefined;
  };
  const ids = parameters.getAll("run").flatMap((list) => list.split(",")).filter((id) => id !== "");
  const axes = parameters.getAll("axis").map(column).filter((axis) => axis !== undefined).slice(0, MAX_AXES);
  return {
    runIds: [...new Set(ids)],
    metric: parameters.get("metric") ?? undefined,
    onlyDifferences: parameters.get("diff") === "1",
    view: parseChartView(parameters),
    scatter: { x: column(parameters.get("sx")), y: column(parameters.get("sy")) },
    axes: parameters.has("axes") || parameters.has("axis") ? axes : undefined,
  };
}

/** The address's parameters for a query; what stands at its default is left out. */
export function compareParameters(query: CompareQuery): Query {
  const { view, scatter, axes } = query;
  return {
    run: query.runIds,
    metric: query.metric,
    diff: query.onlyDifferences ? "1" : undefined,
    x: view.axis === "time" ? "time" : undefined,
    y: view.isLog ? "log" : undefined,
    sx: scatter.x === undefined ? undefined : columnId(scatter.x),
    sy: scatter.y === undefined ? undefined : columnId(scatter.y),
    axes: axes === undefined ? undefined : 1,
    axis: axes?.map(columnId),
  };
}

/** Metrics and parameters that at least one of the runs has. */
export function comparableColumns(runs: readonly Run[]): readonly Column[] {
  const keys = (entity: "metrics" | "params") =>
    [...new Set(runs.flatMap((run) => run[entity].map(({ key }) => key)))].sort().map((key) => ({ entity, key }));
  return [...keys("params"), ...keys("metrics")];
}

/** Axes where nobody chose: parameters that tell the runs apart, then the weightiest metrics. */
export function defaultAxes(runs: readonly Run[]): readonly Column[] {
  const telling = comparableColumns(runs).filter((column) =>
    column.entity === "params" && new Set(runs.map((run) => valueOf(run, column))).size > 1
  );
  const metrics = defaultColumns(runs).filter(({ entity }) => entity === "metrics");
  return [...telling.slice(0, DEFAULT_PARAMS), ...metrics.slice(0, DEFAULT_METRICS)];
}

/** What a run has in a column: a metric's newest value, or a parameter's text. */
export function valueOf(run: Run, { entity, key }: Column): AxisValue {
  return entity === "metrics"
    ? run.metrics.find((metric) => metric.key === key)?.value
    : run.params.find((param) => param.key === key)?.value;
}
