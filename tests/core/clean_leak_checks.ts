import { LEAK_FIGURES, type LeakCheckOutcome } from "../../src/core/mod.ts";

/** All figures of a firewall that found nothing, 15 minutes ahead. */
export const CLEAN_LEAK_CHECKS: readonly LeakCheckOutcome[] = Object.values(LEAK_FIGURES)
  .map(({ name, figure, holds, limit: limits }) => {
    const limit = typeof limits === "number" ? limits : limits[0];
    return { name, figure, passed: true, value: holds === "above" ? limit + 1 : 0, limit, skipped: false };
  });
