import { seededRandom } from "../../../core/mod.ts";

/** Options of {@linkcode modelConfidenceSet}. */
export interface ModelConfidenceSetOptions {
  /** Models with a smaller p-value are left out. @default 0.1 */
  readonly size?: number;
  /** Resamples of days, as day numbers. @default 2,000 of {@linkcode blockDraws} by 5 days, seed 1 */
  readonly draws?: Iterable<ArrayLike<number>>;
}

/** A model's place in the confidence set. */
export interface ConfidenceSetEntry {
  readonly model: string;
  /** Largest size at which the model is still in the set; 1 for the last that remains. */
  readonly pValue: number;
  readonly included: boolean;
}

/** Days of resamples of consecutive groups of days, drawn with replacement as the protocol's intervals are. */
export function* blockDraws(
  days: number,
  { blockDays = 5, resamples = 2000, seed = 1 }: {
    readonly blockDays?: number;
    readonly resamples?: number;
    readonly seed?: number;
  } = {},
): Generator<Int32Array> {
  const random = seededRandom(seed), blocks = Math.ceil(days / blockDays);
  for (let i = 0; i < resamples; i++) {
    const drawn: number[] = [];
    for (let draw = 0; draw < blocks; draw++) {
      const start = random.integer(blocks) * blockDays;
      for (let day = start; day < Math.min(days, start + blockDays); day++) drawn.push(day);
    }
    yield Int32Array.from(drawn);
  }
}

/**
 * The models that cannot be told from the best one (Hansen, Lunde & Nason 2011): while the largest t-statistic of a pair is
 * one that resamples do not reach, the worse of the pair goes. Range statistic T_R; variances from the same resamples.
 *
 * @param losses day by day, one a model, of equal length.
 * @returns worst first, in the order in which they went.
 * @throws {RangeError} for fewer than two models, or losses of different length.
 */
export function modelConfidenceSet(
  losses: ReadonlyMap<string, Float64Array>,
  { size = 0.1, draws }: ModelConfidenceSetOptions = {},
): ConfidenceSetEntry[] {
  const names = [...losses.keys()], series = [...losses.values()], count = names.length, days = series[0]?.length ?? 0;
  if (count < 2 || days === 0 || series.some(({ length }) => length !== days)) {
    throw new RangeError(
      `Cannot compare models as two or more with losses of the same days are needed: current lengths are ${
        series.map(({ length }) => length).join(", ")
      }`,
    );
  }
  const pairs = pairStatistics(series, draws ?? blockDraws(days));
  const remaining = new Set(names.keys()), entries: ConfidenceSetEntry[] = [];
  let pValue = 0;
  while (remaining.size > 1) {
    const members = [...remaining];
    let worst = members[0]!, largest = -Infinity;
    for (const i of members) {
      for (const j of members) {
        if (i !== j && pairs.observed[i * count + j]! > largest) [worst, largest] = [i, pairs.observed[i * count + j]!];
      }
    }
    let reached = 0;
    for (const resample of pairs.resampled) {
      if (members.some((i) => members.some((j) => i !== j && resample[i * count + j]! >= largest))) reached++;
    }
    // A model leaves no earlier than those that left before it.
    pValue = Math.max(pValue, reached / pairs.resampled.length);
    entries.push({ model: names[worst]!, pValue, included: pValue >= size });
    remaining.delete(worst);
  }
  const [last] = remaining;
  return [...entries, { model: names[last!]!, pValue: 1, included: true }];
}

interface PairStatistics {
  /** t-statistic of loss i less loss j, at `[i · count + j]`. */
  readonly observed: Float64Array;
  /** The same of each resample, about the observed difference. */
  readonly resampled: readonly Float64Array[];
}

function pairStatistics(series: readonly Float64Array[], draws: Iterable<ArrayLike<number>>): PairStatistics {
  const count = series.length;
  const differences = (means: readonly number[]) =>
    Float64Array.from({ length: count * count }, (_, at) => means[Math.floor(at / count)]! - means[at % count]!);
  const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const observed = differences(series.map(meanOf)), variances = new Float64Array(count * count);
  const resampled: Float64Array[] = [];
  for (const drawn of draws) {
    const means = series.map((values) => {
      let sum = 0;
      for (let i = 0; i < drawn.length; i++) sum += values[drawn[i]!]!;
      return sum / drawn.length;
    });
    const apart = differences(means).map((difference, at) => difference - observed[at]!);
    apart.forEach((value, at) => variances[at]! += value * value);
    resampled.push(apart);
  }
  // Equal models have neither difference nor variance, and are told apart by neither.
  const scaled = (values: Float64Array) =>
    values.map((value, at) => value === 0 ? 0 : value / Math.sqrt(variances[at]! / resampled.length));
  return { observed: scaled(observed), resampled: resampled.map(scaled) };
}
