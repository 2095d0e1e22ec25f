/** Baselines of evaluation section 3, the fullest last: every model is scored beside them. */
export const BASELINES = ["climatology", "contrarian", "ewma", "har", "har_diurnal", "har_x"] as const;

/** One of {@linkcode BASELINES}. */
export type Baseline = typeof BASELINES[number];

/** Names of baselines as they are read: the known ones with the fullest line first, then those of other programs by name. */
export function fullestFirst(names: Iterable<string>): string[] {
  const order: readonly string[] = BASELINES;
  return [...names].sort((a, b) => order.indexOf(b) - order.indexOf(a) || (a < b ? -1 : a > b ? 1 : 0));
}
