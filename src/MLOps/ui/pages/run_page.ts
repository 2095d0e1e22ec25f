import { calledAs, type KeyValue, type Run } from "../../../core/mod.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { empty, facts, keyValueTable, longValue, section } from "../parts/facts.ts";
import { LIVE } from "../parts/live.ts";
import { NOTE_TAG, notes } from "../parts/notes.ts";
import { PRODUCTION, promoteForm, type PromotionAsk } from "../parts/promotion.ts";
import {
  artifacts,
  besideBaselines,
  charts,
  childRuns,
  isUnderWay,
  largeParts,
  livePart,
  loggedModels,
  metrics,
  restMark,
  runFacts,
  type RunLines,
  type RunState,
  runTitle,
  seenMark,
  smallParts,
} from "../parts/run_parts.ts";
import { copyable } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { shownName, shownRunName } from "../parts/names.ts";

const CONTEXT_TAG = "mlflow.data.context";

/** What a form of promotion says on the page of a run. */
type Ask = Pick<PromotionAsk, "block" | "signedInAs">;

/** A run with all it logged. */
export function runPage(state: RunState, lines: RunLines, ask: Ask): Page {
  const { experiment, run, versions } = state;
  const { info } = run;
  const name = shownRunName(info);
  const note = run.tags.find(({ key }) => key === NOTE_TAG)?.value ?? "";
  const isPromotable = versions.length === 0 && info.status === "FINISHED" && run.modelOutputs.length > 0;
  return {
    title: name,
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experiment.experimentId) },
      { label: name },
    ],
    body: html`
            <div class="head" ${liveSource(state)}>${livePart("title", runTitle(state))}${isUnderWay(run)
              ? LIVE
              : EMPTY}</div>
            ${livePart("facts", runFacts(state))}
            ${notes({ noun: "run", text: note, action: `${urls.run(experiment.experimentId, info.runId)}/note` })}
            ${isPromotable ? promotion(state, ask) : EMPTY}
            <div class="sections">
            ${livePart("scores", besideBaselines(state))}
            ${livePart("charts", charts(state, lines))}
      ${livePart("children", childRuns(state))}
            <div class="column">
            ${livePart("metrics", metrics(state))}
            ${section("datasets", "Datasets", datasets(run), { count: run.datasetInputs.length })}
            ${livePart("artifacts", artifacts(state))}
            </div>
            <div class="column">
            ${pairs("params", "Parameters", run.params)}
            ${livePart("models", loggedModels(state))}
            ${pairs("tags", "Tags", run.tags)}
            </div>
            </div>
    `,
  };
}

/** The parts of a run's page that changed since a page with the mark `seen` was made; without lines, only small ones. */
export function runPartsFragment(state: RunState, lines: RunLines | undefined): Html {
  return html`<div${liveSource(state)}>${smallParts(state)}${
    lines === undefined ? EMPTY : largeParts(state, lines)
  }</div>`;
}

/** Where the parts come from as long as the run is under way, and marks of what a page shows. */
function liveSource(state: RunState): Html {
  const { experimentId, runId } = state.run.info;
  const seen = seenMark(state);
  return html`
    data-rest="${restMark(state)}" ${isUnderWay(state.run)
      ? html`
        data-run-parts="${urls.runParts(experimentId, runId, { seen })}"
      `
      : EMPTY}
  `;
}

function pairs(id: string, title: string, entries: readonly KeyValue[]): Html {
  const body = entries.length === 0 ? empty("None.") : keyValueTable(title.toLowerCase(), entries);
  return section(id, title, body, { count: entries.length });
}

function datasets(run: Run): Html {
  if (run.datasetInputs.length === 0) return empty("The run recorded no data that it read.");
  return html`${
    run.datasetInputs.map(({ dataset, tags }) => {
      const context = tags.find(({ key }) => key === CONTEXT_TAG)?.value;
      return html`<article class="dataset"><h3>${shownName(dataset.name)}${
        context === undefined ? EMPTY : html`
          <span class="chip name" title="${context}">${context}</span>
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

function promotion({ experiment, run: { info } }: RunState, ask: Ask): Html {
  const action = `${urls.run(experiment.experimentId, info.runId)}/promote`;
  return html`<details class="more edit" id="promote"><summary>Not registered yet: ask the gate</summary>
<p>Here, or with ${copyable(calledAs(`task register -- --run-id ${info.runId}`))}</p>
${promoteForm({ ...ask, action, alias: PRODUCTION })}</details>`;
}
