import type { RunInfo } from "../../../core/mod.ts";

/** Nothing that could be seen or clicked: blanks, controls, and what is drawn without a width. */
const BLANK = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** A name as it is shown: clients may choose one that nobody can see. */
export function shownName(name: string): string {
  return BLANK.test(name) ? "(blank name)" : name;
}

/** What a run is called: its name, or its id where it has none that can be seen. */
export function shownRunName({ runName, runId }: Pick<RunInfo, "runName" | "runId">): string {
  return BLANK.test(runName) ? runId : runName;
}
