import { FEWEST_TELLING_BLOCKS, readingOf } from "../../core/mod.ts";
import type { GroupGain, GroupScores } from "./group_scores.ts";

/** A month or hour in which the model is worse than the best baseline: the interval of its gain lies below 0. */
export interface WeakSpot extends GroupGain {
  readonly kind: "month" | "hour";
  /** `2023-05`, or `13` for an hour of the day in UTC. */
  readonly name: string;
  readonly rows: number;
}

/** Where the model is worse than the best baseline. */
export interface WeakSpots {
  /** Gains looked at: of each loss in each month and hour that has enough blocks of days to tell. */
  readonly looked: number;
  /** Those that would be found by chance alone where the model is as good as the baseline everywhere: 2.5 %. */
  readonly expectedByChance: number;
  /** Worst first within a loss. */
  readonly found: readonly WeakSpot[];
}

const TAIL = 0.025;

/**
 * Finds the groups whose gain over the best baseline is significantly negative. A group of fewer than 20 blocks of days is
 * neither found nor looked at: its interval is too narrow, and that of a single day has no width.
 */
export function weakSpots(groups: Readonly<Record<WeakSpot["kind"], readonly GroupScores[]>>): WeakSpots {
  const all = (["month", "hour"] as const).flatMap((kind) =>
    groups[kind].flatMap(({ name, rows, gains }) => gains.map((gain) => ({ kind, name, rows, ...gain })))
  ).filter(({ blocks }) => blocks >= FEWEST_TELLING_BLOCKS);
  const found = all.filter((gain) => readingOf(gain) === "worse")
    .sort((a, b) => a.loss < b.loss ? -1 : a.loss > b.loss ? 1 : a.mean - b.mean);
  return { looked: all.length, expectedByChance: all.length * TAIL, found };
}
