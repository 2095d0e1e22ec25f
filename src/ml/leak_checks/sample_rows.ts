import type { Random } from "../../core/mod.ts";

/** Row numbers below `length`, ascending, no two alike: one by chance from each of `count` parts, or all where there are fewer. */
export function sampleRows(length: number, count: number, random: Random): Int32Array {
  const parts = Math.min(length, count), startOf = (part: number) => Math.floor(part * length / parts);
  return Int32Array.from({ length: parts }, (_, part) => {
    const start = startOf(part);
    return start + Math.floor(random.uniform() * (startOf(part + 1) - start));
  });
}
