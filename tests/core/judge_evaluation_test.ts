import { assertEquals, assertStringIncludes } from "@std/assert";
import { noDirectionClaim } from "../../src/core/mod.ts";

Deno.test(
  "noDirectionClaim() speaks a day ahead, and where a run says how far it looks",
  { permissions: "none" },
  () => {
    assertStringIncludes(noDirectionClaim(1440)!, "No direction is claimed a day ahead");
    for (const horizonMinutes of [1, 60, NaN]) assertEquals(noDirectionClaim(horizonMinutes), undefined);
  },
);
