import { type Random, seededRandom } from "../../core/mod.ts";

/** A value of a setting: what JSON can hold. */
export type SettingValue = string | number | boolean | null | readonly SettingValue[];

/** Values that a sweep tries for one setting. */
export type Dimension =
  /** These, in this order. */
  | { readonly kind: "choice"; readonly values: readonly SettingValue[] }
  /** From `low` to `high`, both included; evenly in the logarithm where `log` is set. */
  | {
    readonly kind: "range";
    readonly low: number;
    readonly high: number;
    readonly log: boolean;
    readonly integer: boolean;
  };

/** Dimensions by the setting's path in the configuration: `mlp.learningRate`. */
export type SearchSpace = Readonly<Record<string, Dimension>>;

/** One combination to try: settings by path. */
export type Assignment = Readonly<Record<string, SettingValue>>;

/** How many combinations the choices have; undefined where a range has endlessly many. */
export function gridSize(space: SearchSpace): number | undefined {
  let size = 1;
  for (const dimension of Object.values(space)) {
    if (dimension.kind === "range") return undefined;
    size *= dimension.values.length;
  }
  return size;
}

/**
 * Every combination of the choices, the last dimension changing first.
 *
 * @throws {RangeError} for a range, of which there is no every.
 */
export function gridOf(space: SearchSpace): Assignment[] {
  let assignments: Assignment[] = [{}];
  for (const [path, dimension] of Object.entries(space)) {
    if (dimension.kind === "range") throw new RangeError(`Cannot try every value of '${path}', which is a range`);
    assignments = assignments.flatMap((known) => dimension.values.map((value) => ({ ...known, [path]: value })));
  }
  return assignments;
}

/**
 * Combinations drawn at random (Bergstra & Bengio 2012), none twice; fewer where the choices have no more. The first n of
 * a longer draw are those of a shorter one, so a sweep can be made longer.
 */
export function randomAssignments(space: SearchSpace, count: number, seed: number): Assignment[] {
  const random = seededRandom(seed), wanted = Math.min(count, gridSize(space) ?? count);
  const seen = new Set<string>(), drawn: Assignment[] = [];
  // A coarse integer range repeats itself: it is left after a while rather than drawn from forever.
  for (let misses = 0; drawn.length < wanted && misses < 1000;) {
    const assignment = Object.fromEntries(
      Object.entries(space).map(([path, dimension]) => [path, drawOne(dimension, random)]),
    );
    const key = JSON.stringify(assignment);
    if (seen.has(key)) {
      misses++;
      continue;
    }
    misses = 0;
    seen.add(key);
    drawn.push(assignment);
  }
  return drawn;
}

function drawOne(dimension: Dimension, random: Random): SettingValue {
  if (dimension.kind === "choice") return dimension.values[random.integer(dimension.values.length)]!;
  const { low, high, log, integer } = dimension;
  // An integer has the share of its rounding, so the ends reach half a step further.
  const [from, to] = integer ? [low - 0.5, high + 0.5] : [low, high];
  const share = random.uniform();
  const value = log
    ? Math.exp(Math.log(Math.max(from, Number.MIN_VALUE)) * (1 - share) + Math.log(to) * share)
    : from * (1 - share) + to * share;
  return Math.min(high, Math.max(low, integer ? Math.round(value) : value));
}
