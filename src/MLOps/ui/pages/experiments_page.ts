import { calledAs, type Experiment, type Run, type ViewType } from "../../../core/mod.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { dataTable } from "../parts/data_table.ts";
import { empty } from "../parts/facts.ts";
import { pager } from "../parts/pager.ts";
import { deletedChip, statusChip, timeAgo } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { shownName, shownRunName } from "../parts/names.ts";

/** An experiment with its newest run. */
export interface ExperimentRow {
  /** The experiment. */
  readonly experiment: Experiment;
  /** Its newest active run; unset where it has none. */
  readonly newest: Run | undefined;
}

/** What the list of experiments shows. */
export interface ExperimentsState {
  /** The experiments of this page. */
  readonly rows: readonly ExperimentRow[];
  /** Part of the name that is looked for. */
  readonly search: string;
  /** Which life-cycle stages. */
  readonly view: ViewType;
  /** Tokens of the pages passed, this page's last. */
  readonly tokens: readonly string[];
  /** Token of the next page. */
  readonly nextToken: string | undefined;
  /** Experiments a page. */
  readonly size: number;
  /** Where the runs are kept, as the user set it. */
  readonly storeUri: string;
  /** Address of this server, as the browser asked it. */
  readonly origin: string;
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** The start page: all experiments, newest first. */
export function experimentsPage(state: ExperimentsState): Page {
  const { rows, search, view, tokens, nextToken, nowMs } = state;
  const at = (page: readonly string[]) =>
    urls.experiments({ q: search, view: view === "ACTIVE_ONLY" ? "" : view, page });
  const table = dataTable({
    caption: "Experiments, newest first",
    headings: [["Experiment", "sticky"], "Newest run", "Status", "Started", "Created", ["ID", "number"]],
    rows: rows.map(({ experiment, newest }) => [
      html`<a href="${urls.experiment(experiment.experimentId)}" title="${experiment.name}">${
        shownName(experiment.name)
      }</a> ${deletedChip(experiment.lifecycleStage)}`,
      ...(newest === undefined ? [{ cell: "No runs yet", className: "muted" }, "", ""] : [
        html`<a href="${urls.run(experiment.experimentId, newest.info.runId)}">${shownRunName(newest.info)}</a>`,
        statusChip(newest.info.status),
        timeAgo(newest.info.startTime, nowMs),
      ]),
      timeAgo(experiment.creationTime, nowMs),
      experiment.experimentId,
    ]),
  });
  const isFirstUse = tokens.length === 0 && search === "" && view === "ACTIVE_ONLY" &&
    rows.every(({ newest }) => newest === undefined);
  return {
    title: "Experiments",
    section: "experiments",
    crumbs: [],
    body: html`
      <div class="head">
        <h1>Experiments</h1>
      </div>
      <p class="lead">Runs of <code>${state.storeUri}</code></p>
      <form method="get" action="/" class="filters">
        <label class="grow">Name<input type="search" name="q" value="${search}" placeholder="Part of a name"></label>
        <label>Show<select name="view">${([["ACTIVE_ONLY", "Active"], ["DELETED_ONLY", "Deleted"], [
          "ALL",
          "All",
        ]] as const).map(([value, label]) =>
          html`
            <option value="${value}" ${attribute("selected", value === view)}>${label}</option>
          `
        )}</select></label>
        <button type="submit" class="button primary">Apply</button>
      </form>
      ${rows.length === 0
        ? empty(search === "" ? "No experiments here." : html`No experiment's name holds “${search}”.`)
        : table}
      ${isFirstUse ? firstSteps(state.origin) : EMPTY}
      ${pager({
        noun: "experiments",
        offset: tokens.length * state.size,
        count: rows.length,
        ...(tokens.length === 0 ? {} : { previous: at(tokens.slice(0, -1)) }),
        ...(nextToken === undefined ? {} : { next: at([...tokens, nextToken]) }),
      })}
    `,
  };
}

function firstSteps(origin: string): Html {
  const python = [
    "import mlflow",
    `mlflow.set_tracking_uri("${origin}")`,
    "with mlflow.start_run():",
    '    mlflow.log_metric("loss", 0.5)',
  ].join("\n");
  return html`
    <section class="card" aria-labelledby="first">
      <h2 id="first">Log a first run</h2>
      <p>Train a model here:</p>
      <pre tabindex="0">${calledAs("task track -- --quick")}</pre>
      <p>or log from Python:</p>
      <pre tabindex="0">${python}</pre>
    </section>
  `;
}
