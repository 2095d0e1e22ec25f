import { MAX_EXPERIMENT_TAG_VALUE_LENGTH, MAX_TAG_VALUE_LENGTH } from "../../rules/limits.ts";
import { fingerprint } from "../fingerprint.ts";
import { EMPTY, type Html, html } from "../html.ts";

/** Tag of runs and experiments that holds their notes, as Markdown, in every MLflow. */
export const NOTE_TAG = "mlflow.note.content";

/** MLflow's column holds as many. */
const MAX_DESCRIPTION_LENGTH = 5_000;

/** Notes to show and edit. */
export interface Notes {
  /** What they are about. */
  readonly noun: "run" | "experiment" | "model" | "version";
  /** The notes; empty where there are none. */
  readonly text: string;
  /** Address that takes the form. */
  readonly action: string;
}

/** Longest notes; a store cuts those of a run, and refuses longer descriptions. */
const MAX_LENGTH: Readonly<Record<Notes["noun"], number>> = {
  run: MAX_TAG_VALUE_LENGTH,
  experiment: MAX_EXPERIMENT_TAG_VALUE_LENGTH,
  model: MAX_DESCRIPTION_LENGTH,
  version: MAX_DESCRIPTION_LENGTH,
};

/** Notes as they were written, with a form to change them that works without the script. */
export function notes(state: Notes): Html {
  const { text } = state;
  return html`
    ${text === "" ? EMPTY : html`<p class="note">${text}</p>`}
    <details class="more edit">
      <summary>${text === "" ? "Add notes" : "Edit notes"}</summary>
      ${notesForm(state)}
    </details>
  `;
}

/**
 * The form alone. It says which stored text its writer has seen, so that nobody writes over what somebody else saved
 * meanwhile; `draft` is what stands in it in place of that text.
 */
export function notesForm({ noun, text, action }: Notes, draft = text): Html {
  return html`
    <form method="post" action="${action}" class="stack">
      <input type="hidden" name="seen" value="${fingerprint(text)}">
      <label>Notes on this ${noun}, in Markdown<textarea name="note" rows="${Math.min(
        20,
        Math.max(5, draft.split("\n").length + 2),
      )}" maxlength="${MAX_LENGTH[noun]}">${"\n"}${draft}</textarea></label>
      <p class="toolbar"><button type="submit" class="button primary">Save notes</button>
    <span class="muted small">Kept as the ${noun === "run" || noun === "experiment"
      ? html`tag <code>${NOTE_TAG}</code>`
      : "description"}, where every MLflow client sees it.</span></p>
    </form>
  `;
}
