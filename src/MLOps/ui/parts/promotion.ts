import type { ModelVersion } from "../../../core/mod.ts";
import { MAX_BY_LENGTH, MAX_WHY_LENGTH } from "../../rules/limits.ts";
import { attribute, EMPTY, type Html, html } from "../html.ts";

/** Alias that a service follows. */
export const PRODUCTION = "production";

/** A form that moves an alias. */
export interface PromotionAsk {
  /** Address that takes the form. */
  readonly action: string;
  /** The alias. */
  readonly alias: string;
  /** Why nobody can move it here, or not to this version; undefined where one can. */
  readonly block: string | undefined;
  /** Name that the reader signed in with; without one, the form asks for it. */
  readonly signedInAs: string | undefined;
  /** What was asked before, to be asked again. */
  readonly asked?: { readonly by: string; readonly why: string };
}

/** Asks the gate to let a run's model hold an alias. */
export function promoteForm(ask: PromotionAsk): Html {
  return aliasForm(ask, {
    id: "promote",
    lead: html`The gate computes the run's scores again from its predictions and compares them with what holds
      <code>@${ask.alias}</code>. The alias moves only if every check passes.`,
    fields: EMPTY,
    button: `Promote to @${ask.alias}`,
  });
}

/** Takes an alias back to a version that held it before. */
export function rollbackForm(ask: PromotionAsk, earlier: readonly ModelVersion[]): Html {
  const [only] = earlier;
  return aliasForm(ask, {
    id: `rollback-${ask.alias}`,
    lead: html`The files of the version are proven again first; the gate is not asked.`,
    fields: earlier.length === 1
      ? html`<input type="hidden" name="to" value="${only!.version}">`
      : html`<label>Back to<select name="to">${
        earlier.map(({ version, description }, i) =>
          html`
            <option value="${version}" ${attribute("selected", i === 0)}>Version ${version}${description === ""
              ? ""
              : `: ${description}`}</option>
          `
        )
      }</select></label>`,
    button: earlier.length === 1 ? `Take @${ask.alias} back to version ${only!.version}` : `Take @${ask.alias} back`,
  });
}

function aliasForm(
  { action, alias, block, signedInAs, asked }: PromotionAsk,
  parts: { readonly id: string; readonly lead: Html; readonly fields: Html; readonly button: string },
): Html {
  const described = block === undefined ? EMPTY : html`
    aria-describedby="${parts.id}-block"
  `;
  return html`<form method="post" action="${action}" class="stack" data-once>
<p class="muted small">${parts.lead}</p>
${block === undefined ? EMPTY : html`<p class="hint" id="${parts.id}-block">${block}</p>`}
<fieldset class="stack"${attribute("disabled", block !== undefined)}${described}>
<legend class="visually-hidden">${parts.button}</legend>
<input type="hidden" name="alias" value="${alias}">
${parts.fields}
${
    signedInAs === undefined
      ? html`<label>Your name<input type="text" name="by" value="${
        asked?.by ?? ""
      }" required maxlength="${MAX_BY_LENGTH}" autocomplete="name"></label>`
      : html`<p class="small">Signed in as <strong>${signedInAs}</strong></p>`
  }
<label>Reason, kept in the alias's history<input type="text" name="why" value="${
    asked?.why ?? ""
  }" required maxlength="${MAX_WHY_LENGTH}" autocomplete="off"></label>
<p class="toolbar"><button type="submit" class="button primary">${parts.button}</button></p>
</fieldset></form>`;
}
