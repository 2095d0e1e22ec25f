/** A point of a line: x, then y, which may be NaN or infinite. */
export type Point = readonly [x: number, y: number];

/**
 * At most about `limit` points that draw the same line: of each stretch the first, lowest, highest and last stay, so
 * that no spike is lost. Points must be in order of x.
 */
export function thinOut<T>(points: readonly T[], limit: number, yOf: (point: T) => number): readonly T[] {
  if (points.length <= limit) return points;
  const stretches = Math.max(1, Math.floor(limit / 4));
  const kept: T[] = [];
  for (let k = 0; k < stretches; k++) {
    const start = Math.floor(k * points.length / stretches);
    const end = Math.floor((k + 1) * points.length / stretches);
    let low = start, high = start;
    for (let i = start; i < end; i++) {
      const y = yOf(points[i]!), lowest = yOf(points[low]!), highest = yOf(points[high]!);
      if (y < lowest || Number.isNaN(lowest)) low = i;
      if (y > highest || Number.isNaN(highest)) high = i;
    }
    const picked = [...new Set([start, low, high, end - 1])].sort((a, b) => a - b);
    for (const i of picked) kept.push(points[i]!);
  }
  return kept;
}
