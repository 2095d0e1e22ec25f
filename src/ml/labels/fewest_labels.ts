/** Fewer labels that do not overlap teach nothing of a hundred inputs: a year of days, a month of hours. */
export const FEWEST_LABELS = 750;
