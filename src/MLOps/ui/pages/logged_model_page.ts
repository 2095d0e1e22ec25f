import type { ArtifactInfo, Experiment, LoggedModel, MlModel } from "../../../core/mod.ts";
import { formatNumber } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { facts, findable, keyValueTable, section } from "../parts/facts.ts";
import { cardSection } from "../parts/model_card.ts";
import { fileTable } from "../parts/files.ts";
import { copyable, timeOf } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { tagSection } from "./model_page.ts";
import { shownName } from "../parts/names.ts";

/** What the page of a logged model shows. */
export interface LoggedModelState {
  /** The model. */
  readonly model: LoggedModel;
  /** Experiment that it is of. */
  readonly experiment: Experiment;
  /** Files at its root; a text where they cannot be listed. */
  readonly files: readonly ArtifactInfo[] | string;
  /** What its `MLmodel` says; unset where there is none to read. */
  readonly card: MlModel | undefined;
}

/** A logged model: what it was made by, its scores and files. */
export function loggedModelPage({ model, experiment, files, card }: LoggedModelState): Page {
  return {
    title: shownName(model.name),
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experiment.experimentId) },
      { label: "Logged models", href: urls.experimentModels(experiment.experimentId) },
      { label: model.name },
    ],
    body: html`
      <div class="head"><h1 title="${shownName(model.name)}">${shownName(model.name)}</h1><span class="chip">${model
        .status.toLowerCase().replace(
          "_",
          " ",
        )}</span></div>
      ${facts([
        ["Address", copyable(`models:/${model.modelId}`)],
        ["Type", model.modelType],
        [
          "Run",
          model.sourceRunId === undefined
            ? undefined
            : html`<a href="${urls.run(experiment.experimentId, model.sourceRunId)}">${model.sourceRunId}</a>`,
        ],
        ["Created", timeOf(model.creationTimestampMs)],
        ["Changed", timeOf(model.lastUpdatedTimestampMs)],
        ["Message", model.statusMessage],
      ])}
      <div class="sections">
        <div class="column">
      ${cardSection(card)}
      ${section("files", "Files", fileList(model, files))}
      ${tagSection(model.tags)}
        </div>
        <div class="column">
      ${metrics(model)}
      ${model.params.length === 0
        ? EMPTY
        : section("params", "Parameters", keyValueTable("parameters", model.params), { count: model.params.length })}
        </div>
      </div>
    `,
  };
}

function fileList({ modelId, artifactUri }: LoggedModel, files: LoggedModelState["files"]): Html {
  const list = typeof files === "string"
    ? html`<p class="alert">${files}</p>`
    : fileTable(files, (path) => urls.loggedModelArtifacts(modelId, path), "No files.");
  return html`${list}<p class="muted small">${artifactUri}</p>`;
}

function metrics(model: LoggedModel): Html {
  if (model.metrics.length === 0) return EMPTY;
  return section(
    "metrics",
    "Metrics",
    findable(
      "metrics",
      model.metrics.length,
      html`
        <table class="pairs">
          <caption class="visually-hidden">Metrics of the model</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" class="number">Value</th>
              <th scope="col">Dataset</th>
            </tr>
          </thead>
          <tbody>${model.metrics.toSorted((a, b) => a.key < b.key ? -1 : 1).map((metric) =>
            html`
              <tr>
                <th scope="row">${shownName(metric.key)}</th>
                <td class="number" title="${metric.value}">${formatNumber(metric.value)}</td>
                <td>${metric.datasetName}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `,
    ),
    { count: model.metrics.length },
  );
}
