import type { Metric } from "../../../core/mod.ts";
import { colorClass } from "../chart/color.ts";
import type { Series } from "../chart/line_chart.ts";
import { compareParameters, type CompareQuery, MAX_COMPARED } from "../compare_query.ts";
import { toPoints } from "../histories.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { nameOf, parallelSection, scatterSection } from "../parts/compare_charts.ts";
import { type ComparedRun, metricTable, runTable, textTable } from "../parts/compare_tables.ts";
import { empty, section } from "../parts/facts.ts";
import { shownName } from "../parts/names.ts";
import { hiddenFields } from "../parts/runs_table.ts";
import { type Query, urls, withQuery } from "../urls.ts";
import { largeChart, viewSwitch } from "./metric_page.ts";

/** What the comparison shows. */
export interface CompareState {
  /** The runs, in the order asked for. */
  readonly runs: readonly ComparedRun[];
  /** Ids asked for that no run has. */
  readonly unknown: readonly string[];
  /** How many runs were asked for beyond those that one page compares. */
  readonly beyond: number;
  /** What the address asks for. */
  readonly query: CompareQuery;
  /** Metrics that have a line in at least one run. */
  readonly chartable: readonly string[];
  /** Metric that is charted; unset where none has a line. */
  readonly charted: string | undefined;
  /** History of the charted metric, run by run. */
  readonly histories: readonly (readonly Metric[])[];
}

/** Runs side by side: what they were given, what came out, and a chart of one metric over all. */
export function comparePage(state: CompareState): Page {
  const { runs, unknown, query, charted } = state;
  const { onlyDifferences } = query;
  const here = (change: Query) => withQuery("/compare", { ...compareParameters(query), ...change });
  const plain = runs.map(({ run }) => run);
  const experiments = new Map(runs.map(({ experiment }) => [experiment.experimentId, experiment]));
  const [only] = experiments.values();
  return {
    title: `Compare ${runs.length} runs`,
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      ...(experiments.size === 1 && only !== undefined
        ? [{ label: only.name, href: urls.experiment(only.experimentId) }]
        : []),
      { label: "Compare" },
    ],
    body: html`
      <div class="head">
        <h1>Compare ${runs.length} runs</h1>
      </div>
      ${unknown.length === 0 ? EMPTY : html`<p class="alert" role="alert">No such run: ${unknown.join(", ")}</p>`}
      ${state.beyond === 0
        ? EMPTY
        : html`<p class="hint">${state.beyond} more runs were asked for: a page compares ${MAX_COMPARED}.</p>`}
      ${runs.length < 2
        ? empty(html`Pick two or more runs in the <a href="${urls.experiments()}">table of an experiment</a>.`)
        : html`<p class="toolbar"><a class="button" href="${here({ diff: onlyDifferences ? "" : "1" })}"${html`
          aria-pressed="${String(onlyDifferences)}" role="button"
        `}>${onlyDifferences ? "Show all rows" : "Show differences only"}</a></p>
${legend(runs)}
<div class="sections">
${charted === undefined ? EMPTY : chart(state, here)}
${scatterSection(plain, query)}
${parallelSection(plain, query)}
${section("runs", "Runs", runTable(runs))}
${section("metrics", "Metrics", metricTable(runs, onlyDifferences))}
${section("params", "Parameters", textTable(runs, { what: "parameters", onlyDifferences }, ({ params }) => params))}
${
          section(
            "tags",
            "Tags",
            textTable(runs, { what: "tags", onlyDifferences }, ({ tags }) =>
              tags.filter(({ key }) =>
                !key.startsWith("mlflow.")
              )),
          )
        }
</div>`}
    `,
  };
}

function chart(state: CompareState, here: (change: Query) => string): Html {
  const { runs, histories, charted, chartable, query } = state;
  const { view } = query;
  const series = histories.map((history, i): Series => ({
    label: nameOf(runs[i]!.run),
    color: i,
    points: toPoints(history, view.axis),
  }));
  return section(
    "chart",
    "Chart",
    html`<form method="get" action="/compare#chart" class="filters" data-autosubmit>
${hiddenFields({ ...compareParameters(query), metric: undefined })}
<label>Metric<select name="metric">${
      chartable.map((key) =>
        html`
          <option value="${key}" ${attribute("selected", key === charted)}>${shownName(key)}</option>
        `
      )
    }</select></label>
<button type="submit" class="button" data-autosubmit-button>Draw</button></form>
${viewSwitch(view, here)}
${largeChart(series, `${charted} of ${runs.length} runs`, view)}`,
  );
}

function legend(runs: readonly ComparedRun[]): Html {
  return html`<ul class="legend">${
    runs.map(({ run, experiment }, i) =>
      html`<li><span class="swatch ${colorClass(i)}" aria-hidden="true"></span><a href="${
        urls.run(experiment.experimentId, run.info.runId)
      }" title="${nameOf(run)}">${nameOf(run)}</a></li>`
    )
  }</ul>`;
}
