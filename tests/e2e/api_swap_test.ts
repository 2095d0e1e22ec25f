import { assert, assertEquals } from "@std/assert";
import { measureSwaps } from "./api_swap.ts";

for (const place of ["local", "remote"] as const) {
  Deno.test(`no request fails across 20 swaps at 500 requests a second, the registry ${place}`, async () => {
    const seen = await measureSwaps(place, { swaps: 20, perSecond: 500 });
    assertEquals([seen.failed, seen.strange], [0, 0], JSON.stringify(seen));
    assert(seen.perSecond > 450, `the load was ${seen.perSecond} requests a second`);
    assert(Math.max(...seen.forwardMs, ...seen.rollbackMs) <= 5000, JSON.stringify(seen));
    assert(seen.rollbackOnceNoticedMs.length === 5 && Math.max(...seen.rollbackOnceNoticedMs) <= 1000);
  });
}
