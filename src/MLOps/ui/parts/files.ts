import type { ArtifactInfo } from "../../../core/mod.ts";
import { formatBytes } from "../format.ts";
import { type Html, html } from "../html.ts";
import { empty } from "./facts.ts";
import { shownName } from "./names.ts";

/** Files and folders as a list of links; folders first. */
export function fileTable(
  files: readonly ArtifactInfo[],
  urlOf: (path: string) => string,
  emptyText: string,
  options: { readonly current?: string } = {},
): Html {
  if (files.length === 0) return empty(emptyText);
  const sorted = files.toSorted((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || (a.path < b.path ? -1 : 1));
  return html`<ul class="files">${
    sorted.map(({ path, isDirectory, fileSize }) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const current = path === options.current
        ? html`
          aria-current="true"
        `
        : "";
      return html`
        <li
          data-key="${path}"><a href="${urlOf(path)}"${current}><span class="icon ${isDirectory
            ? "folder"
            : "file"}" aria-hidden="true"></span>${shownName(name)}${isDirectory ? "/" : ""}</a>${fileSize === undefined
            ? ""
            : html`<span class="muted number">${formatBytes(fileSize)}</span>`}</li>
      `;
    })
  }</ul>`;
}
