import {
  type ArtifactInfo,
  calledAs,
  type Experiment,
  type MlModel,
  type ModelVersion,
  type Run,
} from "../../../core/mod.ts";
import { formatNumber } from "../format.ts";
import type { GateReport } from "../gate_report.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { empty, facts, findable, section } from "../parts/facts.ts";
import { cardSection } from "../parts/model_card.ts";
import { fileTable } from "../parts/files.ts";
import { gateEvidence, isGateTag } from "../parts/gate.ts";
import { notes } from "../parts/notes.ts";
import { PRODUCTION, promoteForm, type PromotionAsk } from "../parts/promotion.ts";
import { scores, scoreTable } from "../parts/scores.ts";
import { aliasChip, copyable, timeOf } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { stateOf, tagSection } from "./model_page.ts";
import { shownName, shownRunName } from "../parts/names.ts";

/** What the page of a version shows. */
export interface VersionState {
  /** The version. */
  readonly version: ModelVersion;
  /** The run it was made from, and the run's experiment; unset where it is not in this store. */
  readonly origin: { readonly run: Run; readonly experiment: Experiment } | undefined;
  /** Files at the root of the model directory; a text where they cannot be listed. */
  readonly files: readonly ArtifactInfo[] | string;
  /** What the gate saw of its run; unset where its report is not there. */
  readonly gate: GateReport | undefined;
  /** What its `MLmodel` says; unset where there is none to read. */
  readonly card: MlModel | undefined;
  /** What a form of promotion says here. */
  readonly ask: Pick<PromotionAsk, "block" | "signedInAs">;
}

/** A version of a registered model: where it came from, what the gate saw, how to load it. */
export function versionPage({ version, origin, files, gate, card, ask }: VersionState): Page {
  const { name } = version;
  const uri = version.aliases[0] === undefined
    ? `models:/${name}/${version.version}`
    : `models:/${name}@${version.aliases[0]}`;
  return {
    title: `${shownName(name)} ${version.version}`,
    section: "models",
    crumbs: [
      { label: "Models", href: urls.models() },
      { label: name, href: urls.model(name) },
      { label: `Version ${version.version}` },
    ],
    body: html`
      <div
        class="head"><h1 title="${shownName(name)} version ${version.version}">${shownName(
          name,
        )} <span class="muted">version ${version.version}</span></h1>${version
          .aliases.map((
            alias,
          ) => aliasChip(name, alias, version.version))}</div>
      ${notes({
        noun: "version",
        text: version.description,
        action: `${urls.version(name, version.version)}/note`,
      })}
      ${facts([
        ["Address", copyable(uri)],
        ["Status", stateOf(version) + (version.statusMessage === "" ? "" : `: ${version.statusMessage}`)],
        ["Run", origin === undefined ? version.runId || undefined : runOf(origin)],
        [
          "Logged model",
          version.modelId === undefined
            ? undefined
            : html`<a href="${urls.loggedModel(version.modelId)}">${version.modelId}</a>`,
        ],
        ["Source", version.source],
        ["Registered", timeOf(version.creationTimestamp)],
        ["Changed", timeOf(version.lastUpdatedTimestamp)],
        ["By", version.userId || undefined],
      ])}
      <div class="sections">
      ${section("gate", "Gate", gateSection(version, gate))}
      ${section("promote", "Promote", promotion(version, origin, ask))}
      ${origin === undefined ? EMPTY : metrics(origin.run, origin.experiment)}
        <div class="column">
      ${cardSection(card)}
      ${section("files", "Files", fileList(version, files))}
        </div>
        <div class="column">
      ${section("load", "Load it", howToLoad(uri))}
      ${tagSection(version.tags.filter((tag) => !isGateTag(tag)))}
        </div>
      </div>
    `,
  };
}

function gateSection({ tags }: ModelVersion, report: GateReport | undefined): Html {
  return tags.some(isGateTag) || report !== undefined
    ? gateEvidence(tags, report)
    : empty(html`No evidence of the gate yet: it is left here when somebody asks for a promotion.`);
}

function promotion(version: ModelVersion, origin: VersionState["origin"], ask: VersionState["ask"]): Html {
  if (version.aliases.includes(PRODUCTION)) {
    return empty(
      html`This version is <code>@${PRODUCTION}</code>. <a href="${
        urls.model(version.name)
      }#history-${PRODUCTION}">History and way back</a>`,
    );
  }
  const block = origin === undefined
    ? "The run that this version was made from is not in this store, so there is nothing to judge it by."
    : ask.block;
  const action = `${urls.version(version.name, version.version)}/promote`;
  return promoteForm({ ...ask, block, action, alias: PRODUCTION });
}

function fileList({ name, version }: ModelVersion, files: VersionState["files"]): Html {
  if (typeof files === "string") return html`<p class="alert">${files}</p>`;
  return fileTable(files, (path) => urls.versionArtifacts(name, version, path), "No files.");
}

function howToLoad(uri: string): Html {
  const python = `import mlflow\nmodel = mlflow.pyfunc.load_model("${uri}")`;
  return html`
    <p>In Python:</p>
    <pre tabindex="0">${python}</pre>
    <p>As a service:</p>
    <pre tabindex="0">${calledAs("task api --")} --model-uri ${uri}</pre>
  `;
}

function runOf({ run, experiment }: { readonly run: Run; readonly experiment: Experiment }): Html {
  return html`<a href="${urls.run(experiment.experimentId, run.info.runId)}">${shownRunName(run.info)}</a>
<span class="muted">of <a href="${urls.experiment(experiment.experimentId)}">${shownName(experiment.name)}</a></span>`;
}

function metrics(run: Run, experiment: Experiment): Html {
  if (run.metrics.length === 0) return EMPTY;
  const urlOf = (key: string) => urls.metric(experiment.experimentId, run.info.runId, key);
  const beside = scoreTable(run.metrics);
  if (beside.rows.length > 0) return section("metrics", "Scores of its run beside baselines", scores(beside, urlOf));
  const sorted = run.metrics.toSorted((a, b) => a.key < b.key ? -1 : 1);
  return section(
    "metrics",
    "Metrics of its run",
    findable(
      "metrics",
      sorted.length,
      html`
        <table class="pairs">
          <caption class="visually-hidden">Newest value of each metric</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" class="number">Newest value</th>
            </tr>
          </thead>
          <tbody>${sorted.map(({ key, value }) =>
            html`
              <tr>
                <th scope="row"><a href="${urlOf(key)}">${shownName(key)}</a></th>
                <td class="number" title="${value}">${formatNumber(value)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `,
    ),
    { count: run.metrics.length },
  );
}
