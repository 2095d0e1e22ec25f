import type { KeyValue, ModelVersion, RegisteredModel } from "../../../core/mod.ts";
import { aliasHistoryTag, readAliasMoves } from "../../promotion/alias_history.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { empty, facts, keyValueTable, section } from "../parts/facts.ts";
import { gateChip } from "../parts/gate.ts";
import { pager } from "../parts/pager.ts";
import { aliasChip, copyable, timeAgo, timeOf } from "../parts/words.ts";
import { urls } from "../urls.ts";

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
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** A registered model with its versions and aliases. */
export function modelPage({ model, versions, tokens, nextToken, size, nowMs }: ModelState): Page {
  const at = (page: readonly string[]) => urls.model(model.name, { page });
  const table = html`
    <div class="scroll">
      <table class="data">
        <caption class="visually-hidden">Versions, newest first</caption>
        <thead>
          <tr>
            <th scope="col" class="sticky">Version</th>
            <th scope="col">Aliases</th>
            <th scope="col">Gate</th>
            <th scope="col">Registered</th>
            <th scope="col">Run</th>
            <th scope="col">Status</th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        <tbody>${versions.map((version) =>
          html`
            <tr>
              <th scope="row" class="sticky"><a href="${urls.version(model.name, version.version)}">Version ${version
                .version}</a></th>
              <td>${version.aliases.map((alias) =>
                html`
                  ${aliasChip(model.name, alias, version.version)}
                `
              )}</td>
              <td>${gateChip(version.tags)}</td>
              <td>${timeAgo(version.creationTimestamp, nowMs)}</td>
              <td>${runLink(version)}</td>
              <td>${stateOf(version)}</td>
              <td class="text">${version.description}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
  return {
    title: model.name,
    section: "models",
    crumbs: [{ label: "Models", href: urls.models() }, { label: model.name }],
    body: html`
      <div class="head">
        <h1>${model.name}</h1>
      </div>
      ${model.description === "" ? EMPTY : html`<p class="note">${model.description}</p>`}
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
      ${model.aliases.map(({ alias }) => historySection(model, alias))}
      ${tagSection(model.tags.filter(({ key }) => !model.aliases.some(({ alias }) => key === aliasHistoryTag(alias))))}
      </div>
    `,
  };
}

/** Who moved an alias, when and why, newest first; nothing where nobody did by our commands. */
function historySection(model: RegisteredModel, alias: string): Html {
  const moves = readAliasMoves(model, alias).toReversed();
  if (moves.length === 0) return EMPTY;
  const table = html`
    <div class="scroll">
      <table class="data">
        <caption class="visually-hidden">Moves of @${alias}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">To</th>
            <th scope="col">From</th>
            <th scope="col">By</th>
            <th scope="col">How</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>${moves.map(({ to, from, atMs, by, kind, why }) =>
          html`
            <tr>
              <td>${timeOf(atMs)}</td>
              <td><a href="${urls.version(model.name, to)}">Version ${to}</a></td>
              <td>${from === undefined
                ? "–"
                : html`<a href="${urls.version(model.name, from)}">Version ${from}</a>`}</td>
              <td>${by ?? "–"}</td>
              <td>${kind}</td>
              <td class="text">${why ?? ""}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
  return section(`history-${alias}`, `History of @${alias}`, table, { count: moves.length });
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
