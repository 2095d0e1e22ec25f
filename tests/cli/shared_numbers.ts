/**
 * Says in how many of so many functions, each new to V8, a result's numbers changed when the next result was made: intervals
 * by resampling, as scores have them, with a collection while the loop is hot (ADR 25).
 */
declare const gc: () => void;

const RESULTS = 16, BLOCKS = 38;

/** Names differ from function to function, as V8 shares what it knows of an object's shape. */
const source = (id: number) => `
  const quantile = (sorted, level) => {
    const at = level * (sorted.length - 1), below = Math.floor(at);
    return sorted[below] + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
  };
  function bootstrap(blocks, statistic, resamples) {
    const mean = statistic(new Float64Array(blocks).fill(1));
    const values = new Float64Array(resamples), weights = new Float64Array(blocks);
    let state = 1;
    for (let i = 0; i < resamples; i++) {
      weights.fill(0);
      for (let draw = 0; draw < blocks; draw++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        weights[state % blocks] += 1;
      }
      values[i] = statistic(weights);
    }
    const usable = values.filter((value) => !Number.isNaN(value)).sort();
    const centre = usable.reduce((sum, value) => sum + value, 0) / usable.length;
    const spread = usable.reduce((sum, value) => sum + (value - centre) ** 2, 0) / usable.length;
    return { mean${id}: mean, low${id}: quantile(usable, 0.025), error${id}: Math.sqrt(spread), blocks${id}: blocks };
  }
  return (totals) => {
    const ratio = (weightOf) => {
      let sum = 0, count = 0;
      for (let block = 0; block < ${BLOCKS}; block++) {
        sum += weightOf(block) * totals.sums[block];
        count += weightOf(block) * totals.counts[block];
      }
      return sum / count;
    };
    return bootstrap(${BLOCKS}, (weights) => ratio((block) => weights[block]), 2000);
  };`;

function totalsOf(seed: number) {
  const sums = Float64Array.from({ length: BLOCKS }, (_, block) => 1440 * (seed + Math.sin(block * (seed + 1))));
  return { sums, counts: new Float64Array(BLOCKS).fill(1440) };
}

const functions = Number(Deno.args[0]);
let changed = 0;
for (let id = 0; id < functions; id++) {
  const interval = new Function(source(id))() as (totals: object) => Record<string, number>;
  const results: Record<string, number>[] = [], means: number[] = [];
  for (let seed = 0; seed < RESULTS; seed++) {
    if (seed === id % RESULTS) gc();
    const result = interval(totalsOf(seed));
    results.push(result);
    means.push(result[`mean${id}`]!);
  }
  if (results.some((result, seed) => result[`mean${id}`] !== means[seed])) changed++;
}
// deno-lint-ignore no-console -- a program of its own
console.log(changed);
