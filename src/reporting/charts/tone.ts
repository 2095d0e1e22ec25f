import type { Tone } from "../model.ts";
import { PALETTE } from "./theme.ts";

/** Colours of a statement by its tone: mark and text, and a pale ground. */
export const TONE_COLORS: Readonly<Record<Tone, { readonly strong: string; readonly pale: string }>> = {
  good: { strong: PALETTE.good, pale: "#e9f3ee" },
  warning: { strong: PALETTE.warning, pale: "#faf3e6" },
  bad: { strong: PALETTE.bad, pale: "#f9ebea" },
  neutral: { strong: PALETTE.accent, pale: "#edf2f8" },
};
