import type { Experiment, Metric, Run } from "../../../core/mod.ts";
import { colorClass } from "../chart/color.ts";
import type { Series } from "../chart/line_chart.ts";
import { compareParameters, type CompareQuery } from "../compare_query.ts";
import { formatAligned, formatChange, formatDuration } from "../format.ts";
import { toPoints } from "../histories.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { nameOf, parallelSection, scatterSection } from "../parts/compare_charts.ts";
import { scrollable } from "../parts/data_table.ts";
import { empty, findable, section } from "../parts/facts.ts";
import { hiddenFields } from "../parts/runs_table.ts";
import { statusChip, timeOf } from "../parts/words.ts";
import { type Query, urls, withQuery } from "../urls.ts";
import { largeChart, viewSwitch } from "./metric_page.ts";

/** A run with the experiment it is of. */
export interface ComparedRun {
  /** The run. */
  readonly run: Run;
  /** Its experiment. */
  readonly experiment: Experiment;
}

/** What the comparison shows. */
export interface CompareState {
  /** The runs, in the order asked for. */
  readonly runs: readonly ComparedRun[];
  /** Ids asked for that no run has. */
  readonly unknown: readonly string[];
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
${section("metrics", "Metrics", metricTable(state))}
${section("params", "Parameters", textTable(state, "parameters", ({ params }) => params))}
${
          section(
            "tags",
            "Tags",
            textTable(state, "tags", ({ tags }) => tags.filter(({ key }) => !key.startsWith("mlflow."))),
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
          <option value="${key}" ${attribute("selected", key === charted)}>${key}</option>
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
      }">${nameOf(run)}</a></li>`
    )
  }</ul>`;
}

function runTable(runs: readonly ComparedRun[]): Html {
  const row = (what: string, cell: (compared: ComparedRun) => Html | string) =>
    html`<tr><th scope="row" class="sticky">${what}</th>${
      runs.map((compared) => html`<td>${cell(compared)}</td>`)
    }</tr>`;
  return html`
    ${scrollable(
      "Runs",
      html`<table class="data compare">${heading(runs, "Runs")}<tbody>
    ${
        row(
          "Experiment",
          ({ experiment }) => html`<a href="${urls.experiment(experiment.experimentId)}">${experiment.name}</a>`,
        )
      }
    ${row("Status", ({ run }) => statusChip(run.info.status))}
    ${row("Started", ({ run }) => timeOf(run.info.startTime))}
    ${
        row(
          "Duration",
          ({ run: { info } }) => info.endTime === undefined ? "–" : formatDuration(info.endTime - info.startTime),
        )
      }
    ${
        row(
          "Dataset",
          ({ run }) =>
            run.datasetInputs.length === 0 ? "–" : html`${
              run.datasetInputs.map(({ dataset }) =>
                html`
                  <code>${dataset.name} ${dataset.digest.slice(0, 12)}</code>
                `
              )
            }`,
        )
      }
    </tbody></table>`,
    )}
  `;
}

function metricTable({ runs, query: { onlyDifferences } }: CompareState): Html {
  const rows = byDepth(allKeys(runs.map(({ run }) => run.metrics))).map((key) => ({
    key,
    values: runs.map(({ run }) => run.metrics.find((metric) => metric.key === key)?.value),
  })).filter(({ values }) => !onlyDifferences || differ(values));
  if (rows.length === 0) return empty(onlyDifferences ? "No metric differs." : "None logged.");
  const table = html`<table class="data compare">${heading(runs, "Metrics, newest values", "number")}<tbody>${
    rows.map(({ key, values }) => {
      const texts = formatAligned(values);
      return html`<tr><th scope="row" class="sticky">${key}</th>${
        values.map((value, i) => metricCell(value, texts[i], i === 0 ? undefined : values[0]))
      }</tr>`;
    })
  }</tbody></table>`;
  return html`<p class="muted small">Small figures: the difference to the first run.</p>${
    findable("metrics", rows.length, table)
  }`;
}

function metricCell(value: number | undefined, text: string | undefined, first: number | undefined): Html {
  if (value === undefined) return html`<td class="number muted">–</td>`;
  const change = first === undefined ? NaN : value - first;
  const note = !Number.isFinite(change) || change === 0
    ? EMPTY
    : html`<span class="change">${formatChange(change)}</span>`;
  return html`<td class="number" title="${value}">${text}${note}</td>`;
}

/** Keys of the whole before those of folds and parts. */
function byDepth(keys: readonly string[]): readonly string[] {
  const depth = (key: string) => key.split(/[/.]/).length;
  return keys.toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

function textTable(
  { runs, query: { onlyDifferences } }: CompareState,
  what: string,
  entriesOf: (run: Run) => readonly { readonly key: string; readonly value: string }[],
): Html {
  const lists = runs.map(({ run }) => entriesOf(run));
  const rows = allKeys(lists).map((key) => ({
    key,
    values: lists.map((list) => list.find((entry) => entry.key === key)?.value),
  })).filter(({ values }) => !onlyDifferences || differ(values));
  if (rows.length === 0) return empty(onlyDifferences ? `No ${what} differ.` : "None logged.");
  return html`
    ${scrollable(
      what,
      html`<table class="data compare">${heading(runs, what)}<tbody>${
        rows.map(({ key, values }) =>
          html`<tr class="${differ(values) ? "differs" : ""}"><th scope="row" class="sticky">${key}</th>${
            values.map((value) =>
              value === undefined
                ? html`<td class="muted">–</td>`
                : html`<td class="text" title="${value}">${value}</td>`
            )
          }</tr>`
        )
      }</tbody></table>`,
    )}
  `;
}

function heading(runs: readonly ComparedRun[], caption: string, className = ""): Html {
  return html`
    <caption class="visually-hidden">${caption}</caption>
    <thead>
      <tr><th scope="col" class="sticky"><span class="visually-hidden">Name</span></th>${runs.map((
        { run, experiment },
        i,
      ) =>
        html`
          <th scope="col"
            class="${className}"><span class="swatch ${colorClass(i)}" aria-hidden="true"></span><a href="${urls.run(
              experiment.experimentId,
              run.info.runId,
            )}">${nameOf(run)}</a></th>
        `
      )}</tr>
    </thead>
  `;
}

function allKeys(lists: readonly (readonly { readonly key: string }[])[]): readonly string[] {
  return [...new Set(lists.flatMap((list) => list.map(({ key }) => key)))].sort();
}

/** Whether the values are not all the same; NaN equals NaN here. */
function differ(values: readonly (string | number | undefined)[]): boolean {
  return values.some((value) => !Object.is(value, values[0]));
}
