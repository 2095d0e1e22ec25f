import { calledAs, type Experiment, type LoggedModel, type Run } from "../../../core/mod.ts";
import { attribute, type Child, EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { dataTable } from "../parts/data_table.ts";
import { empty, facts } from "../parts/facts.ts";
import { NOTE_TAG, notes } from "../parts/notes.ts";
import { pager } from "../parts/pager.ts";
import { columnChooser, hiddenFields, runsTable } from "../parts/runs_table.ts";
import { copyable, deletedChip, timeAgo, timeOf } from "../parts/words.ts";
import { availableColumns, type Column, defaultColumns, type RunsQuery, SIZES, toParameters } from "../runs_query.ts";
import { urls } from "../urls.ts";
import { shownName } from "../parts/names.ts";

/** What the page of an experiment shows. */
export interface ExperimentState {
  /** The experiment. */
  readonly experiment: Experiment;
  /** What the address asks for. */
  readonly query: RunsQuery;
  /** Runs of this page; none where the filter is refused. */
  readonly runs: readonly Run[];
  /** Token of the next page. */
  readonly nextToken: string | undefined;
  /** Why the filter was refused. */
  readonly filterError: string | undefined;
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** An experiment with its runs. */
export function experimentPage(state: ExperimentState): Page {
  const { experiment, query, runs, nextToken, filterError } = state;
  const columns = query.columns ?? defaultColumns(runs);
  const available = withChosen(availableColumns(runs), columns);
  const at = (tokens: readonly string[]) =>
    urls.experiment(experiment.experimentId, toParameters({ ...query, tokens }));
  const kept = toParameters({ ...query, filter: "", view: "ACTIVE_ONLY", size: 50, columns: undefined, tokens: [] });
  const body = html`<form method="get" action="${urls.experiment(experiment.experimentId)}" class="filters">
${hiddenFields(kept)}
<label class="grow">Filter<input type="text" name="filter" value="${query.filter}" spellcheck="false" autocapitalize="off" autocomplete="off"
  placeholder="metrics.rmse < 0.5 AND params.model = 'har'" aria-describedby="grammar${
    filterError === undefined ? "" : " filter-error"
  }"${
    filterError === undefined ? EMPTY : html`
      aria-invalid="true"
    `
  }></label>
<label>Show<select name="view">${
    ([["ACTIVE_ONLY", "Active"], ["DELETED_ONLY", "Deleted"], ["ALL", "All"]] as const).map(([value, label]) =>
      html`
        <option value="${value}" ${attribute("selected", value === query.view)}>${label}</option>
      `
    )
  }</select></label>
<label>Rows<select name="size">${
    SIZES.map((size) =>
      html`
        <option value="${size}" ${attribute("selected", size === query.size)}>${size}</option>
      `
    )
  }</select></label>
<button type="submit" class="button primary">Apply</button>
${columnChooser(available, columns)}
</form>
${filterError === undefined ? EMPTY : html`<p class="alert" id="filter-error" role="alert">${filterError}</p>`}
${grammar()}
${
    runs.length > 0
      ? runsTable({ experimentId: experiment.experimentId, runs, columns, query, nowMs: state.nowMs })
      : filterError === undefined
      ? empty(
        query.filter === ""
          ? html`No runs here yet. Log one with <code>${
            calledAs("task track --")
          } --experiment "${experiment.name}"</code>`
          : html`No run matches. <a href="${urls.experiment(experiment.experimentId)}">Show all runs</a>`,
      )
      : EMPTY
  }
${
    pager({
      noun: "runs",
      offset: query.tokens.length * query.size,
      count: runs.length,
      ...(query.tokens.length === 0 ? {} : { previous: at(query.tokens.slice(0, -1)) }),
      ...(nextToken === undefined ? {} : { next: at([...query.tokens, nextToken]) }),
    })
  }`;
  return framed(experiment, "runs", body);
}

/** An experiment with its logged models. */
export function experimentModelsPage(
  experiment: Experiment,
  models: readonly LoggedModel[],
  options: { readonly nowMs: number; readonly offset: number; readonly previous?: string; readonly next?: string },
): Page {
  const table = dataTable({
    caption: "Logged models, newest first",
    headings: [["Model", "sticky"], "Status", "Type", "Created", "Run"],
    rows: models.map((model) => [
      html`<a href="${urls.loggedModel(model.modelId)}">${shownName(model.name)}</a>`,
      model.status.toLowerCase().replace("_", " "),
      model.modelType,
      timeAgo(model.creationTimestampMs, options.nowMs),
      model.sourceRunId === undefined
        ? EMPTY
        : html`<a href="${urls.run(experiment.experimentId, model.sourceRunId)}">${model.sourceRunId.slice(0, 8)}</a>`,
    ]),
  });
  const body = html`${models.length === 0 ? empty("No logged models here yet.") : table}
${pager({ noun: "models", count: models.length, ...options })}`;
  return framed(experiment, "models", body);
}

function framed(experiment: Experiment, tab: "runs" | "models", body: Child): Page {
  const note = experiment.tags.find(({ key }) => key === NOTE_TAG)?.value ?? "";
  const tags = experiment.tags.filter(({ key }) => !key.startsWith("mlflow."));
  return {
    title: shownName(experiment.name),
    section: "experiments",
    crumbs: [{ label: "Experiments", href: urls.experiments() }, { label: experiment.name }],
    body: html`
      <div class="head"><h1 title="${shownName(experiment.name)}">${shownName(experiment.name)}</h1>${deletedChip(
        experiment.lifecycleStage,
      )}</div>
      ${notes({ noun: "experiment", text: note, action: `${urls.experiment(experiment.experimentId)}/note` })}
      <details class="more"><summary>About this experiment</summary>${facts([
        ["ID", copyable(experiment.experimentId)],
        ["Artifacts", copyable(experiment.artifactLocation)],
        ["Created", timeOf(experiment.creationTime)],
        ["Changed", timeOf(experiment.lastUpdateTime)],
        ...tags.map(({ key, value }): [string, Html] => [key, html`${value}`]),
      ])}</details>
      <nav class="tabs" aria-label="Of this experiment">
        <ul>
          <li><a href="${urls.experiment(experiment.experimentId)}"${tab === "runs"
            ? html`
              aria-current="page"
            `
            : EMPTY}>Runs</a></li>
          <li><a href="${urls.experimentModels(experiment.experimentId)}"${tab === "models"
            ? html`
              aria-current="page"
            `
            : EMPTY}>Logged models</a></li>
        </ul>
      </nav>
      ${body}
    `,
  };
}

function grammar(): Html {
  const examples = [
    ["metrics.loss < 0.7", "a metric's newest value"],
    ["params.model = 'har'", "a parameter; text in quotes"],
    ["tags.`git.dirty` != 'true'", "a tag; odd names in backticks"],
    ["status = 'FINISHED' AND run_name ILIKE '%night%'", "attributes; % stands for anything"],
    ["dataset.digest = '4f2a…'", "a dataset that the run read"],
    ["start_time > 1767225600000", "times in milliseconds"],
  ];
  return html`
    <details class="more" id="grammar">
      <summary>How to filter</summary>
      <p>Clauses joined by <code>AND</code>, in MLflow's search grammar: <code>= != &lt; &lt;= &gt; &gt;= LIKE ILIKE IN</code>.</p>
      <dl class="examples">${examples.map(([clause, does]) =>
        html`
          <div>
            <dt><code>${clause}</code></dt>
            <dd>${does}</dd>
          </div>
        `
      )}</dl>
    </details>
  `;
}

/** Columns chosen earlier stay in the list even where no run of this page has them. */
function withChosen(available: readonly Column[], chosen: readonly Column[]): readonly Column[] {
  const known = new Set(available.map(({ entity, key }) => `${entity}.${key}`));
  return [...available, ...chosen.filter(({ entity, key }) => !known.has(`${entity}.${key}`))];
}
