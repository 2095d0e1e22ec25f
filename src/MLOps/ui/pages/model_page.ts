import type { KeyValue, ModelVersion, RegisteredModel } from "../../../core/mod.ts";
import { aliasHistoryTag, readAliasMoves } from "../../promotion/alias_history.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { dataTable } from "../parts/data_table.ts";
import { empty, facts, keyValueTable, section } from "../parts/facts.ts";
import { gateChip } from "../parts/gate.ts";
import { notes } from "../parts/notes.ts";
import { pager } from "../parts/pager.ts";
import { type PromotionAsk, rollbackForm } from "../parts/promotion.ts";
import { aliasChip, copyable, timeAgo, timeOf } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { shownName } from "../parts/names.ts";

/** What the page of a registered model shows. */
export interface ModelState {
  /** The model. */
  readonly model: RegisteredModel;
  /** Versions of this page, newest first. */
  readonly versions: readonly ModelVersion[];
  /** Tokens of the pages passed, this page's last. */
  readonly tokens: readonly string[];
  /** Token of the next page. */
  readonly nextToken: string | undefined;
  /** Versions a page. */
  readonly size: number;
  /** Versions that held an alias before, newest first, by alias. */
  readonly earlier: ReadonlyMap<string, readonly ModelVersion[]>;
  /** What a form of rollback says here. */
  readonly ask: Pick<PromotionAsk, "block" | "signedInAs">;
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** A registered model with its versions and aliases. */
export function modelPage({ model, versions, tokens, nextToken, size, earlier, ask, nowMs }: ModelState): Page {
  const at = (page: readonly string[]) => urls.model(model.name, { page });
  const table = dataTable({
    caption: "Versions, newest first",
    headings: [["Version", "sticky"], "Aliases", "Gate", "Registered", "Run", "Status", "Description"],
    rows: versions.map((version) => [
      html`<a href="${urls.version(model.name, version.version)}">Version ${version.version}</a>`,
      version.aliases.map((alias) =>
        html`
          ${aliasChip(model.name, alias, version.version)}
        `
      ),
      gateChip(version.tags),
      timeAgo(version.creationTimestamp, nowMs),
      runLink(version),
      stateOf(version),
      { cell: version.description, className: "text" },
    ]),
  });
  return {
    title: shownName(model.name),
    section: "models",
    crumbs: [{ label: "Models", href: urls.models() }, { label: model.name }],
    body: html`
      <div class="head">
        <h1 title="${shownName(model.name)}">${shownName(model.name)}</h1>
      </div>
      ${notes({ noun: "model", text: model.description, action: `${urls.model(model.name)}/note` })}
      ${facts([
        ...model.aliases.map(({ alias, version }): [string, Html] => [
          `@${alias}`,
          html`<a href="${urls.version(model.name, version)}">Version ${version}</a> ${
            copyable(`models:/${model.name}@${alias}`)
          }`,
        ]),
        ["Created", timeOf(model.creationTimestamp)],
        ["Changed", timeOf(model.lastUpdatedTimestamp)],
      ])}
      <div class="sections">
      ${section(
        "versions",
        "Versions",
        html`${versions.length === 0 ? empty("No versions yet.") : table}${
          pager({
            noun: "versions",
            offset: tokens.length * size,
            count: versions.length,
            ...(tokens.length === 0 ? {} : { previous: at(tokens.slice(0, -1)) }),
            ...(nextToken === undefined ? {} : { next: at([...tokens, nextToken]) }),
          })
        }`,
      )}
      ${model.aliases.map(({ alias }) => historySection(model, alias, rollback(model, alias, { earlier, ask })))}
      ${tagSection(model.tags.filter(({ key }) => !model.aliases.some(({ alias }) => key === aliasHistoryTag(alias))))}
      </div>
    `,
  };
}

/** Who moved an alias, when and why, newest first; nothing where nobody did by our commands. */
function historySection(model: RegisteredModel, alias: string, wayBack: Html): Html {
  const moves = readAliasMoves(model, alias).toReversed();
  if (moves.length === 0 && wayBack === EMPTY) return EMPTY;
  const versionOf = (version: string) => html`<a href="${urls.version(model.name, version)}">Version ${version}</a>`;
  const table = dataTable({
    caption: `Moves of @${alias}, newest first`,
    isUnnamed: true,
    headings: ["When", "To", "From", "By", "How", "Why"],
    rows: moves.map(({ to, from, atMs, by, kind, why }) => [
      timeOf(atMs),
      versionOf(to),
      from === undefined ? "–" : versionOf(from),
      by ?? "–",
      kind,
      { cell: why ?? "", className: "text" },
    ]),
  });
  return section(
    `history-${alias}`,
    `History of @${alias}`,
    html`${moves.length === 0 ? EMPTY : table}${wayBack}`,
    { count: moves.length },
  );
}

/** The form that takes an alias back; nothing where no version held it before. */
function rollback(model: RegisteredModel, alias: string, { earlier, ask }: Pick<ModelState, "earlier" | "ask">): Html {
  const versions = earlier.get(alias) ?? [];
  if (versions.length === 0) return EMPTY;
  const form = rollbackForm({ ...ask, action: `${urls.model(model.name)}/rollback`, alias }, versions);
  return html`<details class="more edit"><summary>Take @${alias} back</summary>${form}</details>`;
}

/** The tags of a model or version as a part of its page; nothing where it has none. */
export function tagSection(tags: readonly KeyValue[]): Html {
  return tags.length === 0 ? EMPTY : section("tags", "Tags", keyValueTable("tags", tags), { count: tags.length });
}

/** The run of a version. The server finds the experiment, which the version does not name. */
export function runLink(version: ModelVersion): Html {
  if (version.runId === "") return html`<span class="muted">–</span>`;
  return html`<a href="/runs/${encodeURIComponent(version.runId)}">${version.runId.slice(0, 8)}</a>`;
}

/** Status of a version, with its stage where one was set. */
export function stateOf(version: ModelVersion): string {
  const status = version.status.toLowerCase().replaceAll("_", " ");
  const isStaged = version.currentStage !== "None" && version.currentStage !== "";
  return isStaged ? `${status}, ${version.currentStage}` : status;
}
