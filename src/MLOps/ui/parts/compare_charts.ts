import type { Run } from "../../../core/mod.ts";
import { axisText } from "../chart/axis.ts";
import { parallelChart } from "../chart/parallel_chart.ts";
import { scatterChart } from "../chart/scatter_chart.ts";
import {
  comparableColumns,
  compareParameters,
  type CompareQuery,
  defaultAxes,
  MAX_AXES,
  valueOf,
} from "../compare_query.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";
import { type Column, columnId } from "../runs_query.ts";
import { urls } from "../urls.ts";
import { dataTable, scrollable } from "./data_table.ts";
import { empty, section } from "./facts.ts";
import { columnChooser, hiddenFields } from "./runs_table.ts";
import { shownName, shownRunName } from "./names.ts";

const ENTITIES = [["params", "Parameters"], ["metrics", "Metrics"]] as const;
/** Narrowest distance of two axes whose texts can be read. */
const AXIS_WIDTH = 96;

/** A scatter chart of one column against another, chosen above it; nothing where the runs have no two to choose. */
export function scatterSection(runs: readonly Run[], query: CompareQuery): Html {
  const columns = comparableColumns(runs);
  const defaults = defaultAxes(runs);
  const x = query.scatter.x ?? defaults.find(({ entity }) => entity === "params") ?? columns[0];
  const y = query.scatter.y ?? defaults.find(({ entity }) => entity === "metrics") ?? columns.at(-1);
  if (x === undefined || y === undefined || columns.length < 2) return EMPTY;
  const choice = (name: "sx" | "sy", label: string, chosen: Column) =>
    html`<label>${label}<select name="${name}">${
      ENTITIES.map(([entity, title]) => {
        const options = columns.filter((column) => column.entity === entity);
        return options.length === 0 ? EMPTY : html`<optgroup label="${title}">${
          options.map((column) =>
            html`
              <option value="${columnId(column)}" ${attribute(
                "selected",
                columnId(column) === columnId(chosen),
              )}>${shownName(column.key)}</option>
            `
          )
        }</optgroup>`;
      })
    }</select></label>`;
  const points = runs.map((run, i) => ({ label: nameOf(run), color: i, x: valueOf(run, x), y: valueOf(run, y) }));
  const options = { xLabel: shownName(x.key), yLabel: shownName(y.key) };
  return section(
    "scatter",
    "Scatter",
    html`<form method="get" action="/compare#scatter" class="filters" data-autosubmit>
${hiddenFields({ ...compareParameters(query), sx: undefined, sy: undefined })}
${choice("sx", "Across", x)}
${choice("sy", "Up", y)}
<button type="submit" class="button" data-autosubmit-button>Draw</button></form>
${scatterChart(points, { ...options, id: "scatter-wide", width: 1120, height: 400, className: "wide" })}
${scatterChart(points, { ...options, id: "scatter-narrow", width: 400, height: 300, className: "narrow" })}
${asTable(runs, [x, y], "scatter chart")}`,
  );
}

/** Parallel coordinates of the columns chosen above them. */
export function parallelSection(runs: readonly Run[], query: CompareQuery): Html {
  const columns = comparableColumns(runs);
  if (columns.length < 2) return EMPTY;
  const axes = query.axes ?? defaultAxes(runs);
  const lines = runs.map((run, i) => ({
    label: nameOf(run),
    color: i,
    values: axes.map((axis) => valueOf(run, axis)),
  }));
  const options = { axes: axes.map(({ key }) => shownName(key)), height: 340 };
  const width = Math.max(400, axes.length * AXIS_WIDTH);
  const narrow = parallelChart(lines, { ...options, id: "parallel-narrow", width, className: "natural" });
  return section(
    "parallel",
    "Parallel coordinates",
    html`<form method="get" action="/compare#parallel" class="filters">
${hiddenFields({ ...compareParameters(query), axes: undefined, axis: undefined })}
${columnChooser(columns, axes, { name: "axis", marker: "axes", label: "Axes", submit: "Show these axes" })}
<span class="muted small">Up to ${MAX_AXES}: parameters of words have a place for each word.</span></form>
${
      axes.length < 2
        ? empty("Choose two or more axes.")
        : html`${
          parallelChart(lines, { ...options, id: "parallel-wide", width: 1120, className: "wide" })
        }<div class="narrow">${scrollable("Parallel coordinates", narrow)}</div>${
          asTable(runs, axes, "parallel coordinates")
        }`
    }`,
  );
}

/** What a picture shows, for who cannot see it. */
function asTable(runs: readonly Run[], columns: readonly Column[], what: string): Html {
  const table = dataTable({
    caption: `Values of the ${what}`,
    headings: [
      ["Run", "sticky"],
      ...columns.map(({ entity, key }) => entity === "metrics" ? [shownName(key), "number"] as const : shownName(key)),
    ],
    rows: runs.map((run) => [
      html`<a href="${urls.run(run.info.experimentId, run.info.runId)}">${nameOf(run)}</a>`,
      ...columns.map((column) => axisText(valueOf(run, column))),
    ]),
  });
  return html`<details class="more"><summary>As a table</summary>${table}</details>`;
}

/** What a run is called where there is little room. */
export function nameOf(run: Run): string {
  return shownRunName({ ...run.info, runId: run.info.runId.slice(0, 8) });
}
