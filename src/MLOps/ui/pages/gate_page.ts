import type { GateReport } from "../gate_report.ts";
import { EMPTY, type Html, html } from "../html.ts";
import type { Crumb, Page } from "../layout.ts";
import { section } from "../parts/facts.ts";
import { checkTable } from "../parts/gate.ts";

/** What is shown where an alias was not moved. */
export interface GatePageState {
  /** What did not happen. */
  readonly title: string;
  /** The way here. */
  readonly crumbs: readonly Crumb[];
  /** Why. */
  readonly message: string;
  /** What that means, or what to do. */
  readonly hint: string;
  /** What the gate saw, where it was asked. */
  readonly report?: GateReport | undefined;
  /** The form to ask once more. */
  readonly again?: Html;
}

/** Says that an alias did not move, and shows check by check why. */
export function gatePage({ title, crumbs, message, hint, report, again }: GatePageState): Page {
  return {
    title,
    section: crumbs[0]?.label === "Models" ? "models" : "experiments",
    crumbs,
    status: 422,
    body: html`
      <div class="head">
        <h1>${title}</h1>
      </div>
      <p class="alert" role="alert">${message}</p>
      <p>${hint}</p>
      <div class="sections">
        ${report === undefined ? EMPTY : section("gate", "Checks", checkTable(report))}
        ${again === undefined ? EMPTY : section("promote", "Ask again", again)}
      </div>
    `,
  };
}
