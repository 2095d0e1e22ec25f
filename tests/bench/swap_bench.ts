import { measureKillLoss } from "../e2e/api_faults_kill.ts";
import { measureSwaps, type RegistryPlace } from "../e2e/api_swap.ts";
import type { Bench, BenchResult } from "./bench.ts";

const SWAPS = 20, PER_SECOND = 500, KILLS = 20;

/** Swaps of the model under a steady load, and what a kill under load costs the prediction log. */
export const bench: Bench = {
  name: "swap",
  async run() {
    const results: BenchResult[] = [];
    for (const place of ["local", "remote"] as const) results.push(...await swaps(place));
    const { lostMs } = await measureKillLoss(KILLS);
    const worstMs = Math.max(...lostMs);
    results.push({
      name: "swap.log_lost_at_kill",
      unit: "ms",
      value: worstMs,
      target: "≤ 100",
      passed: worstMs <= 200,
    });
    return results;
  },
};

async function swaps(place: RegistryPlace): Promise<BenchResult[]> {
  const seen = await measureSwaps(place, { swaps: SWAPS, perSecond: PER_SECOND });
  const failed = seen.failed + seen.strange;
  const noticedMs = Math.max(...seen.forwardMs, ...seen.rollbackMs), backMs = Math.max(...seen.rollbackOnceNoticedMs);
  const of = (name: string, unit: string, value: number, target: string, passed: boolean): BenchResult => ({
    name: `swap.${place}_${name}`,
    unit,
    value,
    target,
    passed,
  });
  return [
    of("failed", `of ${seen.requests} requests`, failed, "≤ 0", failed === 0),
    of("load", "requests/s", seen.perSecond, `≥ ${PER_SECOND - 5}`, seen.perSecond >= PER_SECOND - 5),
    of("noticed", "s", noticedMs / 1000, "≤ 5", noticedMs <= 5000),
    of("rollback_once_noticed", "s", backMs / 1000, "≤ 1", backMs <= 1000),
    of("slowest_request", "ms", seen.slowestMs, "≤ 500", seen.slowestMs <= 1000),
  ];
}
