import { scoreNotes } from "../core/mod.ts";
import type { Block } from "./model.ts";

/** What a reader of a table of scores and gains would stumble over, as callouts; see {@linkcode scoreNotes}. */
export function scoreNoteBlocks(metrics: Readonly<Record<string, number>>, horizonMinutes: number): Block[] {
  return scoreNotes(metrics, horizonMinutes).map((note) => ({
    kind: "callout",
    tone: "neutral",
    text: `${note.charAt(0).toUpperCase()}${note.slice(1)}.`,
  }));
}
