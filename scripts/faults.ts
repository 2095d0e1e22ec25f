/**
 * Tries everything that `docs/ingestion.md` says of faults, with a hundred kills, and keeps what was seen in
 * `docs/results/ingest_faults.json`: `deno task faults [KILLS]`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { INGEST_FAULTS } from "../tests/e2e/ingest_faults.ts";
import type { FaultOutcome } from "./figure_blocks.ts";

const RESULTS = "docs/results/ingest_faults.json";

const kills = Number(Deno.args[0] ?? 100);
const outcomes: FaultOutcome[] = [];
for (const { name, run } of INGEST_FAULTS) {
  console.error(`${name} …`);
  outcomes.push({ fault: name, outcome: await run({ kills }) });
}
await Deno.writeTextFile(RESULTS, `${JSON.stringify({ outcomes }, null, 2)}\n`);
console.error(`${RESULTS} is written; next: deno task figures`);
