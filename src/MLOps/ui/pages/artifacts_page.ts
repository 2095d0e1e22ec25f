import type { ArtifactInfo } from "../../../core/mod.ts";
import { type Html, html } from "../html.ts";
import type { Crumb, Page } from "../layout.ts";
import { empty } from "../parts/facts.ts";
import { fileTable } from "../parts/files.ts";
import { preview, type PreviewState } from "../parts/preview.ts";
import { shownName } from "../parts/names.ts";

/** What a page of artifacts shows: a folder, and a file of it where one was chosen. */
export interface ArtifactsState {
  /** Part of the program that the page belongs to. */
  readonly section: Page["section"];
  /** The way to the owner of the files, its page last. */
  readonly crumbs: readonly Crumb[];
  /** Folder shown, `""` for the root. */
  readonly folder: string;
  /** What the folder holds. */
  readonly files: readonly ArtifactInfo[];
  /** The file chosen. */
  readonly file: PreviewState | undefined;
  /** Address of this page for another path. */
  readonly urlOf: (path: string) => string;
  /** Where the files are. */
  readonly rootUri: string;
}

/** A folder of artifacts beside a preview of one of its files. */
export function artifactsPage(state: ArtifactsState): Page {
  const { folder, files, file, urlOf } = state;
  return {
    title: file?.path ?? (folder === "" ? "Artifacts" : folder),
    section: state.section,
    crumbs: [...state.crumbs, { label: "Artifacts" }],
    body: html`
      <div class="head">
        <h1>Artifacts</h1>
      </div>
      <p class="lead"><code>${state.rootUri}</code></p>
      <div class="browser">
        <section class="card" aria-label="Files">${way(folder, urlOf)}${fileTable(
          files,
          urlOf,
          "Nothing here.",
          file === undefined ? {} : { current: file.path },
        )}</section>
        <section class="card preview" aria-label="Preview">${file === undefined
          ? empty("Choose a file to look into it.")
          : preview(file)}</section>
      </div>
    `,
  };
}

function way(folder: string, urlOf: (path: string) => string): Html {
  const parts = folder === "" ? [] : folder.split("/");
  return html`<p class="way"><a href="${urlOf("")}">root</a>${
    parts.map((part, i) =>
      html`
        / <a href="${urlOf(parts.slice(0, i + 1).join("/"))}">${shownName(part)}</a>
      `
    )
  }</p>`;
}
