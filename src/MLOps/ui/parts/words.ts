import type { LifecycleStage, RunStatus } from "../../../core/mod.ts";
import { formatAgo, formatInstant, isInstant } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { urls } from "../urls.ts";

const STATUS: Readonly<Record<RunStatus, readonly [kind: string, text: string]>> = {
  RUNNING: ["busy", "Running"],
  SCHEDULED: ["busy", "Scheduled"],
  FINISHED: ["good", "Finished"],
  FAILED: ["bad", "Failed"],
  KILLED: ["bad", "Killed"],
};

/** State of a run, told by word and shape, not by colour alone. */
export function statusChip(status: RunStatus): Html {
  const [kind, text] = STATUS[status];
  return html`<span class="chip ${kind}"><span class="dot" aria-hidden="true"></span>${text}</span>`;
}

/** Says that something is in the bin; nothing where it is not. */
export function deletedChip(stage: LifecycleStage): Html {
  return stage === "deleted" ? html`<span class="chip bad">Deleted</span>` : EMPTY;
}

/** An alias of a registered model. */
export function aliasChip(name: string, alias: string, version: string): Html {
  return html`<a class="chip name alias" href="${
    urls.version(name, version)
  }" title="@${alias}: version ${version}">@${alias}</a>`;
}

/** An instant as how long ago it was, with the exact time beside it for who points at it. */
export function timeAgo(ms: number | undefined, nowMs: number): Html {
  if (ms === undefined || ms === 0 || !isInstant(ms)) return html`<span class="muted">–</span>`;
  return html`<time datetime="${new Date(ms).toISOString()}" title="${formatInstant(ms)} UTC">${
    formatAgo(ms, nowMs)
  }</time>`;
}

/** An instant in UTC, written out. */
export function timeOf(ms: number | undefined): Html {
  if (ms === undefined || ms === 0 || !isInstant(ms)) return html`<span class="muted">–</span>`;
  return html`<time datetime="${new Date(ms).toISOString()}">${formatInstant(ms)} UTC</time>`;
}

/** Text that is often copied: an id, a command. */
export function copyable(text: string, options: { readonly shown?: string } = {}): Html {
  return html`
    <span
      class="copyable"><code>${options.shown ??
        text}</code><button type="button" class="copy" data-copy="${text}">Copy<span class="visually-hidden"> ${text}</span></button></span>
  `;
}
