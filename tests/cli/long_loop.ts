// deno-lint-ignore-file no-console -- a program of its own
/** Prints the seconds of a loop in a function that is called once. */
function sumOfProducts(values: Float64Array, rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  }
  return sum;
}

const startedMs = performance.now();
if (sumOfProducts(new Float64Array(1000).fill(2), 100_000) !== 4e8) throw new Error("wrong sum");
console.log((performance.now() - startedMs) / 1000);
