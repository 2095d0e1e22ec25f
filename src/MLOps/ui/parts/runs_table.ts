import type { Run } from "../../../core/mod.ts";
import { MAX_COMPARED } from "../compare_query.ts";
import { formatAligned, formatDuration } from "../format.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";
import { type Column, columnId, defaultColumns, type RunsQuery, toParameters } from "../runs_query.ts";
import { type Query, urls } from "../urls.ts";
import { LIVE } from "./live.ts";
import { deletedChip, statusChip, timeAgo } from "./words.ts";
import { shownName, shownRunName } from "./names.ts";

/** What the table of runs shows. */
export interface RunsTableState {
  /** Experiment that the runs are of. */
  readonly experimentId: string;
  /** The runs of this page. */
  readonly runs: readonly Run[];
  /** Columns beyond the fixed ones. */
  readonly columns: readonly Column[];
  /** What the address asks for. */
  readonly query: RunsQuery;
  /** Whether the columns of the query are those that nobody chose. @default false */
  readonly isAutomatic?: boolean;
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** Runs as rows that can be ordered by a click on a heading and picked for comparison. */
export function runsTable(state: RunsTableState): Html {
  const { columns, query } = state;
  const heading = (column: Column, label: string, className = "") => sortableHeading(column, label, className, state);
  return html`
    <form action="/compare" method="get" class="runs" data-compare="${MAX_COMPARED}">
      <div class="toolbar"><button type="submit" class="button primary" data-compare-button>Compare selected</button>
    <span class="muted" data-compare-hint>Pick two or more runs.</span>${isUnderWay(state) ? LIVE : EMPTY}</div>
      <div class="scroll">
        <table class="data">
          <caption class="visually-hidden">Runs, ordered by ${columnId(query.order)} ${query.order.isDescending
            ? "descending"
            : "ascending"}</caption>
          <thead>
            <tr>
    <th scope="col" class="pick"><input type="checkbox" data-pick-all aria-label="Pick all runs of this page"></th>
    ${heading({ entity: "attributes", key: "run_name" }, "Run", "sticky")}
    ${heading({ entity: "attributes", key: "status" }, "Status")}
    ${heading({ entity: "attributes", key: "start_time" }, "Started")}
    <th scope="col">Duration</th>
    ${columns.map((column) => heading(column, shownName(column.key), column.entity === "metrics" ? "number" : ""))}
            </tr>
          </thead>
          ${runRows(state)}
        </table>
      </div>
    </form>
  `;
}

/** Whether one of the runs is under way, and the rows change by themselves. */
function isUnderWay({ runs }: Pick<RunsTableState, "runs">): boolean {
  return runs.some(({ info }) => info.status === "RUNNING" && info.lifecycleStage === "active");
}

/**
 * The rows alone, as the script fetches them while a run is under way. They say where they come from as long as one is,
 * and whether the columns that nobody chose would be others by now.
 */
export function runRows(state: RunsTableState): Html {
  const { experimentId, runs, columns, query, nowMs } = state;
  const cells = columns.map((column) => cellsOf(column, runs));
  const isChosen = query.columns !== undefined && state.isAutomatic !== true;
  const source = urls.experimentRows(experimentId, {
    ...toParameters({ ...query, columns }),
    auto: isChosen ? undefined : 1,
  });
  const isStale = state.isAutomatic === true &&
    defaultColumns(runs).map(columnId).join() !== columns.map(columnId).join();
  return html`<tbody${
    isUnderWay(state)
      ? html`
        data-live="${source}"
      `
      : EMPTY
  }${attribute("data-stale", isStale)}>${
    runs.map((run, i) =>
      html`<tr data-run="${run.info.runId}">
<td class="pick"><input type="checkbox" name="run" value="${run.info.runId}" aria-label="Pick run ${
        shownRunName(run.info)
      }"></td>
<th scope="row" class="sticky"><a href="${urls.run(experimentId, run.info.runId)}" title="${shownRunName(run.info)}">${
        shownRunName(run.info)
      }</a> ${deletedChip(run.info.lifecycleStage)}</th>
<td>${statusChip(run.info.status)}</td>
<td>${timeAgo(run.info.startTime, nowMs)}</td>
<td>${run.info.endTime === undefined ? EMPTY : formatDuration(run.info.endTime - run.info.startTime)}</td>
${cells.map((column) => column[i])}
</tr>`
    )
  }</tbody>`;
}

function sortableHeading(column: Column, label: string, className: string, state: RunsTableState): Html {
  const { order } = state.query;
  const isOrder = order.entity === column.entity && order.key === column.key;
  // The first click brings the newest or the largest to the top, but names from A to Z.
  const startsDescending = column.entity === "metrics" || column.key === "start_time";
  const isDescending = isOrder ? !order.isDescending : startsDescending;
  const parameters = toParameters({ ...state.query, order: { ...column, isDescending }, tokens: [] });
  const sort = !isOrder ? EMPTY : html`
    aria-sort="${order.isDescending ? "descending" : "ascending"}"
  `;
  const arrow = !isOrder
    ? EMPTY
    : html`<span class="arrow" aria-hidden="true">${order.isDescending ? "↓" : "↑"}</span>`;
  return html`
    <th scope="col" class="${className}"
      ${sort}><a href="${urls.experiment(state.experimentId, parameters)}" title="${columnId(
        column,
      )}">${label}${arrow}</a></th>
  `;
}

/** The cells of a column, row by row. */
function cellsOf({ entity, key }: Column, runs: readonly Run[]): readonly Html[] {
  if (entity === "metrics") {
    const values = runs.map(({ metrics }) => metrics.find((metric) => metric.key === key)?.value);
    return formatAligned(values).map((text, i) =>
      text === undefined
        ? html`<td class="number muted">–</td>`
        : html`<td class="number" title="${values[i]}">${text}</td>`
    );
  }
  return runs.map((run) => {
    const list = entity === "params" ? run.params : run.tags;
    const value = list.find((candidate) => candidate.key === key)?.value;
    return value === undefined ? html`<td class="muted">–</td>` : html`<td class="text" title="${value}">${value}</td>`;
  });
}

/** What a chooser of columns is called, and by which parameters of the address its choice goes. */
export interface ChooserWords {
  /** Parameter of each column chosen. */
  readonly name: string;
  /** Parameter that says that somebody chose, also where nothing is left. */
  readonly marker: string;
  /** Text of the button that opens it. */
  readonly label: string;
  /** Text of the button that sends it. */
  readonly submit: string;
}

/** Boxes to choose the columns of the table of runs from. */
export function columnChooser(
  available: readonly Column[],
  chosen: readonly Column[],
  words: ChooserWords = { name: "col", marker: "chosen", label: "Columns", submit: "Show these columns" },
): Html {
  const isChosen = new Set(chosen.map(columnId));
  const groups = [["metrics", "Metrics"], ["params", "Parameters"], ["tags", "Tags"]] as const;
  return html`
    <details class="chooser">
      <summary class="button">${words.label} <span class="count">${chosen.length}</span></summary>
      <div class="panel">
    <input type="hidden" name="${words.marker}" value="1">
    <label class="find"><span class="visually-hidden">Find a column</span><input type="search" placeholder="Find a column" autocomplete="off" data-find-option></label>
    ${groups.map(([entity, title]) => {
      const columns = available.filter((column) => column.entity === entity);
      return columns.length === 0
        ? EMPTY
        : html`<fieldset><legend>${title}</legend>${
          columns.map((column) =>
            html`<label class="option"><input type="checkbox" name="${words.name}" value="${columnId(column)}"${
              attribute("checked", isChosen.has(columnId(column)))
            }> ${shownName(column.key)}</label>`
          )
        }</fieldset>`;
    })}
    <button type="submit" class="button primary">${words.submit}</button>
      </div>
    </details>
  `;
}

/** Hidden fields that keep parameters of the address when a form is sent. */
export function hiddenFields(parameters: Query): Html {
  return html`${
    Object.entries(parameters).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : value === undefined || value === "" ? [] : [value]).map((item) =>
        html`<input type="hidden" name="${name}" value="${String(item)}">`
      )
    )
  }`;
}
