import type { Experiment, Metric, Run } from "../../../core/mod.ts";
import { lineChart, type LineChartOptions, type Series } from "../chart/line_chart.ts";
import { formatInstant, formatNumber } from "../format.ts";
import { toPoints, type XAxis } from "../histories.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { dataTable } from "../parts/data_table.ts";
import { empty, facts } from "../parts/facts.ts";
import { type Query, urls, withQuery } from "../urls.ts";
import { shownName, shownRunName } from "../parts/names.ts";

const MAX_ROWS = 1_000;

/** How a chart is looked at. */
export interface ChartView {
  /** What stands on the x axis. */
  readonly axis: XAxis;
  /** Whether y is logarithmic. */
  readonly isLog: boolean;
}

/** What the page of one metric shows. */
export interface MetricState {
  /** Experiment that the run is of. */
  readonly experiment: Experiment;
  /** The run. */
  readonly run: Run;
  /** Key of the metric. */
  readonly key: string;
  /** Its observations, in the order of their steps. */
  readonly history: readonly Metric[];
  /** How its chart is looked at. */
  readonly view: ChartView;
}

/** Reads how a chart is looked at from an address. */
export function parseChartView(parameters: URLSearchParams): ChartView {
  return { axis: parameters.get("x") === "time" ? "time" : "step", isLog: parameters.get("y") === "log" };
}

/** One metric of a run: a large chart and every observation. */
export function metricPage({ experiment, run, key, history, view }: MetricState): Page {
  const { experimentId } = experiment;
  const finite = history.filter(({ value }) => Number.isFinite(value));
  const by = (better: (a: number, b: number) => boolean) =>
    finite.reduce<Metric | undefined>(
      (best, point) => best === undefined || better(point.value, best.value) ? point : best,
      undefined,
    );
  const [lowest, highest] = [by((a, b) => a < b), by((a, b) => a > b)];
  const atStep = (metric: Metric | undefined) =>
    metric === undefined
      ? undefined
      : html`${formatNumber(metric.value)} <span class="muted">at step ${metric.step}</span>`;
  const here = (change: Query) =>
    urls.metric(experimentId, run.info.runId, key, {
      x: view.axis === "time" ? "time" : "",
      y: view.isLog ? "log" : "",
      ...change,
    });
  return {
    title: `${shownName(key)} · ${shownRunName(run.info)}`,
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experimentId) },
      { label: shownRunName(run.info), href: urls.run(experimentId, run.info.runId) },
      { label: key },
    ],
    body: html`
      <div class="head">
        <h1 title="${shownName(key)}">${shownName(key)}</h1>
      </div>
      ${facts([
        ["Newest", atStep(history.at(-1))],
        ["Lowest", atStep(lowest)],
        ["Highest", atStep(highest)],
        ["Observations", history.length],
      ])}
      ${history.length === 0 ? empty("The run has no such metric.") : html`<section class="card" aria-label="Chart">
${viewSwitch(view, here)}
${largeChart([{ label: key, color: 0, points: toPoints(history, view.axis) }], key, view)}
</section>${table(history, run.info.runId, key)}`}
    `,
  };
}

/** Links that change how a chart is looked at. */
export function viewSwitch(view: ChartView, here: (change: Query) => string): Html {
  const option = (label: string, isOn: boolean, change: Query) =>
    html`
      <a href="${here(change)}" ${isOn
        ? html`
          aria-current="true"
        `
        : EMPTY}>${label}</a>
    `;
  return html`
    <div class="switches">
      <div class="switch" role="group" aria-label="Horizontal axis"><span class="muted">x</span>${option(
        "Step",
        view.axis === "step",
        { x: "" },
      )}${option("Time", view.axis === "time", { x: "time" })}</div>
      <div class="switch" role="group" aria-label="Vertical axis"><span class="muted">y</span>${option(
        "Linear",
        !view.isLog,
        { y: "" },
      )}${option("Logarithmic", view.isLog, { y: "log" })}</div>
    </div>
  `;
}

/** A chart as wide as the page, with a second picture for narrow screens: text in a scaled one would be unreadable. */
export function largeChart(series: readonly Series[], title: string, view: ChartView): Html {
  const options: LineChartOptions = {
    title,
    xLabel: view.axis === "step" ? "step" : "seconds since the first observation",
    integerX: view.axis === "step",
    logY: view.isLog,
  };
  return html`${lineChart(series, { ...options, width: 1120, height: 400, className: "wide" })}${
    lineChart(series, { ...options, width: 400, height: 280, className: "narrow" })
  }`;
}

function table(history: readonly Metric[], runId: string, key: string): Html {
  const shown = history.slice(-MAX_ROWS).toReversed();
  const all = withQuery("/ajax-api/2.0/mlflow/metrics/get-history", {
    run_id: runId,
    metric_key: key,
    max_results: 25_000,
  });
  return html`
    <details class="more">
      <summary>All observations</summary>
      <p class="muted">${history.length > MAX_ROWS
        ? `The newest ${MAX_ROWS} of ${history.length}. `
        : ""}<a href="${all}">As JSON</a></p>
      ${dataTable({
        caption: "Observations, newest step first",
        headings: [["Step", "number"], ["Value", "number"], "Logged at (UTC)"],
        rows: shown.map(({ step, value, timestamp }) => [step, String(value), formatInstant(timestamp)]),
        isUnnamed: true,
      })}
    </details>
  `;
}
