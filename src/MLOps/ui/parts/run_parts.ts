import {
  type ArtifactInfo,
  type Experiment,
  type LoggedModel,
  type Metric,
  type ModelVersion,
  PARENT_RUN_TAG,
  type Run,
} from "../../../core/mod.ts";
import { lineChart } from "../chart/line_chart.ts";
import { fingerprint } from "../fingerprint.ts";
import { formatDuration, formatNumber } from "../format.ts";
import { toPoints } from "../histories.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { urls } from "../urls.ts";
import { dataTable } from "./data_table.ts";
import { empty, facts, findable, section } from "./facts.ts";
import { fileTable } from "./files.ts";
import { scores, scoreTable } from "./scores.ts";
import { copyable, deletedChip, statusChip, timeAgo, timeOf } from "./words.ts";
import { shownName, shownRunName } from "./names.ts";

/** What the page of a run shows, but for the lines of its metrics. */
export interface RunState {
  /** Experiment that the run is of. */
  readonly experiment: Experiment;
  /** The run. */
  readonly run: Run;
  /** Files at the root of the run's artifacts; a text where they cannot be listed. */
  readonly files: readonly ArtifactInfo[] | string;
  /** Models that the run logged. */
  readonly models: readonly LoggedModel[];
  /** Registered versions made from the run. */
  readonly versions: readonly ModelVersion[];
  /** The run that this one is part of: its id alone where this store does not have it; unset for none. */
  readonly parent: Run | string | undefined;
  /** The first active runs that are part of this one, newest first. */
  readonly children: readonly Run[];
  /** Whether there are more children than those. */
  readonly hasMoreChildren: boolean;
  /** Now, for the duration of a run under way. */
  readonly nowMs: number;
}

/** Lines of a run's metrics. */
export interface RunLines {
  /** Histories of the metrics that are charted, by key. */
  readonly histories: ReadonlyMap<string, readonly Metric[]>;
  /** Metrics over steps that are not charted, as there are too many. */
  readonly uncharted: number;
}

/** Whether a run goes on, and its page with it. */
export function isUnderWay({ info }: Run): boolean {
  return info.status === "RUNNING" && info.endTime === undefined && info.lifecycleStage === "active";
}

/** Parts that are small and change by themselves. */
export function smallParts(state: RunState): Html {
  return html`${livePart("title", runTitle(state))}${livePart("facts", runFacts(state))}`;
}

/** Parts that change only where {@linkcode seenMark} does. */
export function largeParts(state: RunState, lines: RunLines): Html {
  return html`${livePart("scores", besideBaselines(state))}${livePart("charts", charts(state, lines))}${
    livePart("metrics", metrics(state))
  }${livePart("children", childRuns(state))}${livePart("artifacts", artifacts(state))}${
    livePart("models", loggedModels(state))
  }`;
}

/** Wraps a part of the page, so that the script finds it again. */
export function livePart(name: string, content: Html): Html {
  return html`<div class="part" data-part="${name}">${content}</div>`;
}

/** A mark of all that the large parts show: as long as it stays, none of them has changed. */
export function seenMark({ run, files, models, children, hasMoreChildren }: RunState): string {
  return fingerprint(JSON.stringify([
    run.metrics.map(({ key, step, timestamp, value }) => [key, step, timestamp, String(value)]),
    files,
    run.modelOutputs,
    models.map(({ name, status }) => [name, status]),
    children.map(({ info }) => [info.runId, info.runName, info.status, info.endTime]),
    hasMoreChildren,
  ]));
}

/** A mark of what a page shows that is not brought up to date, as it may be long. */
export function restMark({ run }: RunState): string {
  return [run.params, run.tags, run.datasetInputs].map(({ length }) => length).join(".");
}

/** Name and state of the run. */
export function runTitle({ run: { info } }: RunState): Html {
  return html`<h1 title="${shownRunName(info)}">${shownRunName(info)}</h1>${statusChip(info.status)}${
    deletedChip(info.lifecycleStage)
  }`;
}

/** What the run is. */
export function runFacts({ run, parent, versions, nowMs }: RunState): Html {
  const { info } = run;
  const tag = (key: string) => run.tags.find((candidate) => candidate.key === key)?.value;
  const commit = tag("mlflow.source.git.commit");
  const isRunning = info.status === "RUNNING" && info.endTime === undefined;
  const duration = (info.endTime ?? (isRunning ? nowMs : info.startTime)) - info.startTime;
  return facts([
    ["Run ID", copyable(info.runId)],
    ["Started", timeOf(info.startTime)],
    [isRunning ? "Running for" : "Duration", info.endTime === undefined && !isRunning ? "–" : formatDuration(duration)],
    ["User", info.userId || tag("mlflow.user") || undefined],
    ["Source", tag("mlflow.source.name")],
    ["Commit", commit === undefined ? undefined : copyable(commit, { shown: commit.slice(0, 10) })],
    ["Part of", parent === undefined || typeof parent === "string" ? parent : runLink(parent)],
    ["Verdict", verdict(tag("verdict"), tag("verdict.reasons"), tag("evidence"))],
    ["Registered as", versions.length === 0 ? undefined : versions.map(versionLink)],
  ]);
}

/** What `track` concluded; a quick run's evidence is marked as such, as the gate does not take it for full. */
function verdict(
  word: string | undefined,
  reasons: string | undefined,
  evidence: string | undefined,
): Html | undefined {
  if (word === undefined) return undefined;
  return html`<span class="chip name ${word === "passed" ? "good" : "bad"}" title="${word}">${word}</span> ${
    evidence === undefined ? EMPTY : html`<span class="muted">${evidence} evidence</span>`
  }${word === "passed" || reasons === undefined ? EMPTY : html`<br><span class="muted">${reasons}</span>`}`;
}

/** The scores of the run beside those of its baselines; nothing where it has none. */
export function besideBaselines({ experiment, run }: RunState): Html {
  const table = scoreTable(run.metrics);
  if (table.rows.length === 0) return EMPTY;
  return section(
    "scores",
    "Scores beside baselines",
    scores(table, (key) => urls.metric(experiment.experimentId, run.info.runId, key)),
  );
}

/** The runs that are part of this one, as a sweep logs them; nothing where it has none. */
export function childRuns({ experiment, run, children, hasMoreChildren, nowMs }: RunState): Html {
  if (children.length === 0) return EMPTY;
  const all = urls.experiment(experiment.experimentId, { filter: childFilter(run.info.runId) });
  const table = dataTable({
    caption: "Child runs, newest first",
    headings: [["Run", "sticky"], "Status", "Started", "Duration"],
    keys: children.map(({ info }) => info.runId),
    rows: children.map((child) => [
      runLink(child),
      statusChip(child.info.status),
      timeAgo(child.info.startTime, nowMs),
      child.info.endTime === undefined ? "–" : formatDuration(child.info.endTime - child.info.startTime),
    ]),
  });
  return section(
    "children",
    "Child runs",
    html`
      <div class="findable">${table}</div>
      <p class="muted">${hasMoreChildren ? `The newest ${children.length}. ` : ""}<a href="${all}">${hasMoreChildren
        ? "All child runs"
        : "Child runs"} as a table of runs</a></p>
    `,
    hasMoreChildren ? {} : { count: children.length },
  );
}

/** The filter that finds the runs that are part of another. */
export function childFilter(runId: string): string {
  return `tags.\`${PARENT_RUN_TAG}\` = '${runId}'`;
}

function runLink({ info }: Run): Html {
  const name = shownRunName(info);
  return html`<a href="${urls.run(info.experimentId, info.runId)}" title="${name}">${name}</a>`;
}

/** The files of the run. */
export function artifacts({ experiment, run, files }: RunState): Html {
  const list = typeof files === "string"
    ? html`<p class="alert">${files}</p>`
    : fileTable(files, (path) => urls.runArtifacts(experiment.experimentId, run.info.runId, path), "No files logged.");
  return section("artifacts", "Artifacts", html`${list}<p class="muted small">${run.info.artifactUri}</p>`);
}

/** A small chart of each metric that has a line. */
export function charts({ experiment, run }: RunState, { histories, uncharted }: RunLines): Html {
  if (histories.size === 0) return EMPTY;
  return section(
    "charts",
    "Charts",
    html`<div class="charts">${
      [...histories].map(([key, history]) => {
        const href = urls.metric(experiment.experimentId, run.info.runId, key);
        const last = history.at(-1);
        return html`
          <figure class="chart-card"
            data-key="${key}"><figcaption><a href="${href}">${shownName(key)}</a>${last === undefined
              ? EMPTY
              : html`<span class="latest">${formatNumber(last.value)}</span>`}</figcaption>${lineChart([{
                label: key,
                color: 0,
                points: toPoints(history),
              }], { title: key, xLabel: "step" })}</figure>
        `;
      })
    }</div>${
      uncharted === 0
        ? EMPTY
        : html`<p class="muted">${uncharted} more metrics have charts of their own: follow their names below.</p>`
    }`,
    { count: histories.size + uncharted },
  );
}

/** The newest value of each metric. */
export function metrics(state: RunState): Html {
  return section("metrics", "Metrics", metricTable(state), { count: state.run.metrics.length });
}

function metricTable({ experiment, run }: RunState): Html {
  if (run.metrics.length === 0) return empty("None logged.");
  const depth = (key: string) => key.split(/[/.]/).length;
  const sorted = run.metrics.toSorted((a, b) => depth(a.key) - depth(b.key) || (a.key < b.key ? -1 : 1));
  return findable(
    "metrics",
    sorted.length,
    html`
      <table class="pairs">
        <caption class="visually-hidden">Newest value of each metric</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">Newest value</th>
            <th scope="col" class="number">Step</th>
          </tr>
        </thead>
        <tbody>${sorted.map(({ key, value, step }) =>
          html`
            <tr data-key="${key}">
              <th scope="row"><a href="${urls.metric(experiment.experimentId, run.info.runId, key)}">${shownName(
                key,
              )}</a></th>
              <td class="number" title="${value}">${formatNumber(value)}</td>
              <td class="number muted">${step}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `,
  );
}

/** The models that the run logged. */
export function loggedModels({ run, models }: RunState): Html {
  const list = run.modelOutputs.length === 0
    ? empty("The run logged no model.")
    : html`<ul class="list">${
      run.modelOutputs.map(({ modelId, step }) => {
        const model = models.find((candidate) => candidate.modelId === modelId);
        return html`<li><a href="${urls.loggedModel(modelId)}">${
          shownName(model?.name ?? modelId)
        }</a> <span class="muted">${
          model === undefined ? "" : `${model.status.toLowerCase().replace("_", " ")} · `
        }step ${step}</span> ${copyable(`models:/${modelId}`)}</li>`;
      })
    }</ul>`;
  return section("models", "Logged models", list, { count: run.modelOutputs.length });
}

function versionLink({ name, version, aliases }: ModelVersion): Html {
  return html`
    <a href="${urls.version(name, version)}">${shownName(name)} ${version}</a>${aliases.map((alias) =>
      html`
        <span class="chip name alias" title="@${alias}">@${alias}</span>
      `
    )}
  `;
}
