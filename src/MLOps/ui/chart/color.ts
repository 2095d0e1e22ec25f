const COLORS = 10;

/** Classes of the nth of several series: ten colours, then the same ones told apart by dashes and rings. */
export function colorClass(n: number): string {
  return `c${n % COLORS}${Math.floor(n / COLORS) % 2 === 1 ? " again" : ""}`;
}
