import type { ArtifactInfo, Experiment, KeyValue, LoggedModel, Metric, ModelVersion, Run } from "../../../core/mod.ts";
import { lineChart } from "../chart/line_chart.ts";
import { formatDuration, formatNumber } from "../format.ts";
import { toPoints } from "../histories.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { empty, facts, findable, keyValueTable, longValue, section } from "../parts/facts.ts";
import { fileTable } from "../parts/files.ts";
import { NOTE_TAG, notes } from "../parts/notes.ts";
import { PRODUCTION, promoteForm, type PromotionAsk } from "../parts/promotion.ts";
import { scores, scoreTable } from "../parts/scores.ts";
import { copyable, deletedChip, statusChip, timeOf } from "../parts/words.ts";
import { urls } from "../urls.ts";

const CONTEXT_TAG = "mlflow.data.context";

/** What the page of a run shows. */
export interface RunState {
  /** Experiment that the run is of. */
  readonly experiment: Experiment;
  /** The run. */
  readonly run: Run;
  /** Histories of the metrics that are charted, by key. */
  readonly histories: ReadonlyMap<string, readonly Metric[]>;
  /** Metrics over steps that are not charted, as there are too many. */
  readonly uncharted: number;
  /** Files at the root of the run's artifacts; a text where they cannot be listed. */
  readonly files: readonly ArtifactInfo[] | string;
  /** Models that the run logged. */
  readonly models: readonly LoggedModel[];
  /** Registered versions made from the run. */
  readonly versions: readonly ModelVersion[];
  /** What a form of promotion says here. */
  readonly ask: Pick<PromotionAsk, "block" | "signedInAs">;
  /** Now, for the duration of a run under way. */
  readonly nowMs: number;
}

/** A run with all it logged. */
export function runPage(state: RunState): Page {
  const { experiment, run, versions, nowMs } = state;
  const { info } = run;
  const tag = (key: string) => run.tags.find((candidate) => candidate.key === key)?.value;
  const name = info.runName || info.runId;
  const commit = tag("mlflow.source.git.commit");
  const parent = tag("mlflow.parentRunId");
  const isRunning = info.status === "RUNNING" && info.endTime === undefined;
  const duration = (info.endTime ?? (isRunning ? nowMs : info.startTime)) - info.startTime;
  return {
    title: name,
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experiment.experimentId) },
      { label: name },
    ],
    isLive: isRunning && info.lifecycleStage === "active",
    body: html`<div class="head"><h1>${name}</h1>${statusChip(info.status)}${deletedChip(info.lifecycleStage)}</div>
${
      facts([
        ["Run ID", copyable(info.runId)],
        ["Started", timeOf(info.startTime)],
        [
          isRunning ? "Running for" : "Duration",
          info.endTime === undefined && !isRunning ? "–" : formatDuration(duration),
        ],
        ["User", info.userId || tag("mlflow.user") || undefined],
        ["Source", tag("mlflow.source.name")],
        ["Commit", commit === undefined ? undefined : copyable(commit, { shown: commit.slice(0, 10) })],
        [
          "Part of",
          parent === undefined
            ? undefined
            : html`<a href="${urls.run(experiment.experimentId, parent)}">${parent.slice(0, 8)}</a>`,
        ],
        ["Verdict", verdict(tag("verdict"), tag("verdict.reasons"), tag("evidence"))],
        ["Registered as", versions.length === 0 ? undefined : versions.map(versionLink)],
      ])
    }
${notes({ noun: "run", text: tag(NOTE_TAG) ?? "", action: `${urls.run(experiment.experimentId, info.runId)}/note` })}
${versions.length === 0 && info.status === "FINISHED" && run.modelOutputs.length > 0 ? promotion(state) : EMPTY}
<div class="sections">
${besideBaselines(state)}
${charts(state)}
<div class="column">
${section("metrics", "Metrics", metricTable(state), { count: run.metrics.length })}
${section("datasets", "Datasets", datasets(run), { count: run.datasetInputs.length })}
${section("artifacts", "Artifacts", artifacts(state))}
</div>
<div class="column">
${pairs("params", "Parameters", run.params)}
${section("models", "Logged models", loggedModels(state), { count: run.modelOutputs.length })}
${pairs("tags", "Tags", run.tags)}
</div>
</div>`,
  };
}

/** What `track` concluded; a quick run's evidence is marked as such, as the gate does not take it for full. */
function verdict(
  word: string | undefined,
  reasons: string | undefined,
  evidence: string | undefined,
): Html | undefined {
  if (word === undefined) return undefined;
  return html`<span class="chip ${word === "passed" ? "good" : "bad"}">${word}</span> ${
    evidence === undefined ? EMPTY : html`<span class="muted">${evidence} evidence</span>`
  }${word === "passed" || reasons === undefined ? EMPTY : html`<br><span class="muted">${reasons}</span>`}`;
}

function besideBaselines({ experiment, run }: RunState): Html {
  const table = scoreTable(run.metrics);
  if (table.rows.length === 0) return EMPTY;
  return section(
    "scores",
    "Scores beside baselines",
    scores(table, (key) => urls.metric(experiment.experimentId, run.info.runId, key)),
  );
}

function pairs(id: string, title: string, entries: readonly KeyValue[]): Html {
  const body = entries.length === 0 ? empty("None.") : keyValueTable(title.toLowerCase(), entries);
  return section(id, title, body, { count: entries.length });
}

function artifacts({ experiment, run, files }: RunState): Html {
  const list = typeof files === "string"
    ? html`<p class="alert">${files}</p>`
    : fileTable(files, (path) => urls.runArtifacts(experiment.experimentId, run.info.runId, path), "No files logged.");
  return html`${list}<p class="muted small">${run.info.artifactUri}</p>`;
}

function charts({ experiment, run, histories, uncharted }: RunState): Html {
  if (histories.size === 0) return EMPTY;
  return section(
    "charts",
    "Charts",
    html`<div class="charts">${
      [...histories].map(([key, history]) => {
        const href = urls.metric(experiment.experimentId, run.info.runId, key);
        const last = history.at(-1);
        return html`<figure class="chart-card"><figcaption><a href="${href}">${key}</a>${
          last === undefined ? EMPTY : html`<span class="latest">${formatNumber(last.value)}</span>`
        }</figcaption>${
          lineChart([{ label: key, color: 0, points: toPoints(history) }], { title: key, xLabel: "step" })
        }</figure>`;
      })
    }</div>${
      uncharted === 0
        ? EMPTY
        : html`<p class="muted">${uncharted} more metrics have charts of their own: follow their names below.</p>`
    }`,
    { count: histories.size + uncharted },
  );
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
            <tr>
              <th scope="row"><a href="${urls.metric(experiment.experimentId, run.info.runId, key)}">${key}</a></th>
              <td class="number" title="${value}">${formatNumber(value)}</td>
              <td class="number muted">${step}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `,
  );
}

function datasets(run: Run): Html {
  if (run.datasetInputs.length === 0) return empty("The run recorded no data that it read.");
  return html`${
    run.datasetInputs.map(({ dataset, tags }) => {
      const context = tags.find(({ key }) => key === CONTEXT_TAG)?.value;
      return html`<article class="dataset"><h3>${dataset.name}${
        context === undefined ? EMPTY : html`
          <span class="chip">${context}</span>
        `
      }</h3>${
        facts([
          ["Digest", copyable(dataset.digest)],
          ["Source type", dataset.sourceType],
          ["Source", longValue(dataset.source)],
          ["Schema", dataset.schema === undefined ? undefined : longValue(dataset.schema)],
          ["Profile", dataset.profile === undefined ? undefined : longValue(dataset.profile)],
        ])
      }</article>`;
    })
  }`;
}

function loggedModels({ run, models }: RunState): Html {
  if (run.modelOutputs.length === 0) return empty("The run logged no model.");
  return html`<ul class="list">${
    run.modelOutputs.map(({ modelId, step }) => {
      const model = models.find((candidate) => candidate.modelId === modelId);
      return html`<li><a href="${urls.loggedModel(modelId)}">${model?.name ?? modelId}</a> <span class="muted">${
        model === undefined ? "" : `${model.status.toLowerCase().replace("_", " ")} · `
      }step ${step}</span> ${copyable(`models:/${modelId}`)}</li>`;
    })
  }</ul>`;
}

function versionLink({ name, version, aliases }: ModelVersion): Html {
  return html`
    <a href="${urls.version(name, version)}">${name} ${version}</a>${aliases.map((alias) =>
      html`
        <span class="chip alias">@${alias}</span>
      `
    )}
  `;
}

function promotion({ experiment, run: { info }, ask }: RunState): Html {
  const action = `${urls.run(experiment.experimentId, info.runId)}/promote`;
  return html`<details class="more edit" id="promote"><summary>Not registered yet: ask the gate</summary>
<p>Here, or with ${copyable(`task register -- --run-id ${info.runId}`)}</p>
${promoteForm({ ...ask, action, alias: PRODUCTION })}</details>`;
}
