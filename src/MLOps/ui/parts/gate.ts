import type { KeyValue } from "../../../core/mod.ts";
import { type Html, html } from "../html.ts";
import { keyValueTable } from "./facts.ts";

const PREFIX = "gate.";

/** Whether a tag is evidence that the gate left at promotion. */
export function isGateTag({ key }: KeyValue): boolean {
  return key === "gate" || key.startsWith(PREFIX);
}

/** The gate's verdict on a version in a word; nothing where no gate left one. */
export function gateChip(tags: readonly KeyValue[]): Html {
  const verdict = (name: string) => tags.find(({ key }) => key === `${PREFIX}${name}`)?.value.toLowerCase() === "true";
  if (!tags.some(isGateTag)) return html`<span class="muted">–</span>`;
  if (verdict("forced")) return html`<span class="chip busy">Forced</span>`;
  return verdict("passed")
    ? html`<span class="chip good"><span class="dot" aria-hidden="true"></span>Passed</span>`
    : html`<span class="chip bad"><span class="dot" aria-hidden="true"></span>Refused</span>`;
}

/** All that the gate left on a version. */
export function gateEvidence(tags: readonly KeyValue[]): Html {
  return html`<p>${gateChip(tags)}</p>${keyValueTable("gate evidence", tags.filter(isGateTag))}`;
}
