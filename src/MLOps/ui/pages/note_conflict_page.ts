import { html } from "../html.ts";
import type { Crumb, Page } from "../layout.ts";
import { empty, section } from "../parts/facts.ts";
import { type Notes, notesForm } from "../parts/notes.ts";

/** Says that somebody else saved other notes meanwhile: shows theirs, and the reader's own in a form to go on with. */
export function noteConflictPage(stored: Notes, draft: string, owner: Crumb & { readonly href: string }): Page {
  return {
    title: "Notes were not saved",
    section: owner.href.startsWith("/models") ? "models" : "experiments",
    crumbs: [owner, { label: "Notes" }],
    status: 409,
    body: html`
      <div class="head">
        <h1>Notes were not saved</h1>
      </div>
      <p class="alert"
        role="alert">Somebody changed the notes after you opened them. Nothing is lost: theirs are kept, and yours are below.</p>
      <div class="sections">
      ${section(
        "stored",
        "Saved meanwhile",
        stored.text === "" ? empty("The notes were removed.") : html`<p class="note">${stored.text}</p>`,
      )}
      ${section(
        "draft",
        "Yours, not saved yet",
        html`<p>Bring in what you want to keep of theirs; saving puts this text in place of it.</p>${
          notesForm(stored, draft)
        }`,
      )}
      </div>
    `,
  };
}
