import { assert } from "@std/assert";
import { INGEST_FAULTS } from "./ingest_faults.ts";

/** Enough to meet it at work; `task faults` takes a hundred. */
const KILLS = 4;

for (const { name, run } of INGEST_FAULTS) {
  Deno.test(`ingest meets ${name}`, async () => {
    assert((await run({ kills: KILLS })).length > 0);
  });
}
