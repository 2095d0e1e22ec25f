/** Baselines of evaluation section 3, weakest first: every model is scored beside them. */
export const BASELINES = ["climatology", "contrarian", "ewma", "har", "har_diurnal", "har_x"] as const;

/** One of {@linkcode BASELINES}. */
export type Baseline = typeof BASELINES[number];
