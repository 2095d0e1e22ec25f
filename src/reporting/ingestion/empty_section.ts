import type { Section } from "../model.ts";
import type { SectionResult } from "./context.ts";

/** A section that says that there is nothing to show. */
export function emptySection(
  head: Pick<Section, "id" | "title" | "lead">,
  text = "There is no candle in the range.",
): SectionResult {
  return { section: { ...head, blocks: [{ kind: "callout", tone: "neutral", text }] }, data: {} };
}
