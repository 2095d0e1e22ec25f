import { calledAs, type RegisteredModel } from "../../../core/mod.ts";
import { html } from "../html.ts";
import type { Page } from "../layout.ts";
import { dataTable } from "../parts/data_table.ts";
import { empty } from "../parts/facts.ts";
import { evidenceChip } from "../parts/gate.ts";
import { pager } from "../parts/pager.ts";
import { aliasChip, timeAgo } from "../parts/words.ts";
import { urls } from "../urls.ts";
import { shownName } from "../parts/names.ts";

/** What the list of registered models shows. */
export interface ModelsState {
  /** Models of this page. */
  readonly models: readonly RegisteredModel[];
  /** Part of the name that is looked for. */
  readonly search: string;
  /** Tokens of the pages passed, this page's last. */
  readonly tokens: readonly string[];
  /** Token of the next page. */
  readonly nextToken: string | undefined;
  /** Models a page. */
  readonly size: number;
  /** Now, for how long ago. */
  readonly nowMs: number;
}

/** All registered models, by name. */
export function modelsPage({ models, search, tokens, nextToken, size, nowMs }: ModelsState): Page {
  const at = (page: readonly string[]) => urls.models({ q: search, page });
  const table = dataTable({
    caption: "Registered models",
    headings: [["Model", "sticky"], ["Newest version", "number"], "Aliases", "Changed", "Description"],
    rows: models.map((model) => {
      const newest = model.latestVersions.toSorted((a, b) => Number(b.version) - Number(a.version))[0];
      return [
        html`<a href="${urls.model(model.name)}" title="${model.name}">${shownName(model.name)}</a>`,
        newest === undefined
          ? "–"
          : html`<a href="${urls.version(model.name, newest.version)}">${newest.version}</a> ${
            evidenceChip(newest.tags)
          }`,
        model.aliases.map(({ alias, version }) =>
          html`
            ${aliasChip(model.name, alias, version)} <span class="muted">→ ${version}</span>
          `
        ),
        timeAgo(model.lastUpdatedTimestamp, nowMs),
        { cell: model.description, className: "text" },
      ];
    }),
  });
  return {
    title: "Models",
    section: "models",
    crumbs: [],
    body: html`
      <div class="head">
        <h1>Registered models</h1>
      </div>
      <form method="get" action="/models"
        class="filters"><label class="grow">Name<input type="search" name="q" value="${search}" placeholder="Part of a name"></label>
      <button type="submit" class="button primary">Apply</button></form>
      ${models.length > 0 ? table : search === ""
        ? empty(
          html`No model is registered yet. Promote a run with <code>${
            calledAs("task register -- --run-id best")
          }</code>`,
        )
        : empty(html`No model's name holds “${search}”.`)}
      ${pager({
        noun: "models",
        offset: tokens.length * size,
        count: models.length,
        ...(tokens.length === 0 ? {} : { previous: at(tokens.slice(0, -1)) }),
        ...(nextToken === undefined ? {} : { next: at([...tokens, nextToken]) }),
      })}
    `,
  };
}
