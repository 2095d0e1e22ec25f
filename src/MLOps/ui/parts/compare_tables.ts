import type { Experiment, Run } from "../../../core/mod.ts";
import { colorClass } from "../chart/color.ts";
import { formatAligned, formatChange, formatDuration } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { urls } from "../urls.ts";
import { nameOf } from "./compare_charts.ts";
import { scrollable } from "./data_table.ts";
import { empty, findable } from "./facts.ts";
import { statusChip, timeOf } from "./words.ts";
import { shownName } from "./names.ts";

/** A run with the experiment it is of. */
export interface ComparedRun {
  /** The run. */
  readonly run: Run;
  /** Its experiment. */
  readonly experiment: Experiment;
}

/** What the runs are. */
export function runTable(runs: readonly ComparedRun[]): Html {
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
          ({ experiment }) =>
            html`<a href="${urls.experiment(experiment.experimentId)}">${shownName(experiment.name)}</a>`,
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

/** Newest values of the metrics, run beside run, with the difference to the first. */
export function metricTable(runs: readonly ComparedRun[], onlyDifferences: boolean): Html {
  const rows = byDepth(allKeys(runs.map(({ run }) => run.metrics))).map((key) => ({
    key,
    values: runs.map(({ run }) => run.metrics.find((metric) => metric.key === key)?.value),
  })).filter(({ values }) => !onlyDifferences || differ(values));
  if (rows.length === 0) return empty(onlyDifferences ? "No metric differs." : "None logged.");
  const table = html`<table class="data compare">${heading(runs, "Metrics, newest values", "number")}<tbody>${
    rows.map(({ key, values }) => {
      const texts = formatAligned(values);
      return html`<tr><th scope="row" class="sticky" title="${key}">${shownName(key)}</th>${
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

/** Keys and texts of the runs, run beside run; rows in which they differ are marked. */
export function textTable(
  runs: readonly ComparedRun[],
  { what, onlyDifferences }: { readonly what: string; readonly onlyDifferences: boolean },
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
          html`<tr class="${differ(values) ? "differs" : ""}"><th scope="row" class="sticky" title="${key}">${
            shownName(key)
          }</th>${
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
            )}" title="${nameOf(run)}">${nameOf(run)}</a></th>
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
