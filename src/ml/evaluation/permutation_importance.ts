import { seededRandom } from "../../core/mod.ts";

/** How much a feature matters. */
export interface Importance {
  readonly feature: string;
  readonly value: number;
}

/** Options of {@linkcode permutationImportance}. */
export interface PermutationOptions<Name extends string> {
  /** Scores of row-major rows by name, higher is better: an AUC, a negative loss. */
  readonly scoresOf: (rows: Float32Array) => Readonly<Record<Name, number>>;
  /** @default {5} */
  readonly repeats?: number;
  /** @default {1} */
  readonly seed?: number;
}

/**
 * How much each score falls where one column's values are dealt out anew among the rows (Breiman 2001, section 10),
 * the mean of some repeats, most important first. Take rows that were not trained on. Of two features that say the
 * same neither seems important.
 *
 * @param rows Row-major features.
 * @throws {RangeError} where values are no whole number of rows, or `repeats` is none from 1 on.
 */
export function permutationImportance<Name extends string>(
  names: readonly string[],
  rows: Float32Array,
  { scoresOf, repeats = 5, seed = 1 }: PermutationOptions<Name>,
): Record<Name, Importance[]> {
  if (rows.length % names.length !== 0 || names.length === 0) {
    throw new RangeError(`Cannot permute ${rows.length} values as rows of ${names.length} features`);
  }
  if (!(Number.isInteger(repeats) && repeats >= 1)) {
    throw new RangeError(`Cannot permute features ${repeats} times: 'repeats' must be a whole number from 1 on`);
  }
  const whole = scoresOf(rows), scoreNames = Object.keys(whole) as Name[];
  const falls = names.map((_, column) => {
    const random = seededRandom(seed + column), permuted = rows.slice();
    const sums = Object.fromEntries(scoreNames.map((name) => [name, 0])) as Record<Name, number>;
    for (let repeat = 0; repeat < repeats; repeat++) {
      permuteColumn(permuted, { column, width: names.length, random });
      const scores = scoresOf(permuted);
      for (const name of scoreNames) sums[name] += whole[name] - scores[name];
    }
    return sums;
  });
  const ranking = (score: Name) => ranked(names, falls.map((sums) => sums[score] / repeats));
  return Object.fromEntries(scoreNames.map((name) => [name, ranking(name)])) as Record<Name, Importance[]>;
}

/** Features with their values, largest first. */
export function ranked(names: readonly string[], values: ArrayLike<number>): Importance[] {
  return names.map((feature, i) => ({ feature, value: values[i]! })).sort((a, b) => b.value - a.value);
}

function permuteColumn(
  rows: Float32Array,
  { column, width, random }: {
    readonly column: number;
    readonly width: number;
    readonly random: ReturnType<typeof seededRandom>;
  },
): void {
  for (let row = rows.length / width - 1; row > 0; row--) {
    const at = row * width + column, other = random.integer(row + 1) * width + column;
    const value = rows[at]!;
    rows[at] = rows[other]!;
    rows[other] = value;
  }
}
