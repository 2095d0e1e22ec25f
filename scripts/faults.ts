/**
 * Tries everything that the docs say of faults and keeps what was seen: `deno task faults` those of ingest, with a hundred
 * kills, in `docs/results/ingest_faults.json`; `deno task faults api` those of the service in `api_faults.json`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { API_FAULTS } from "../tests/e2e/api_faults.ts";
import { INGEST_FAULTS } from "../tests/e2e/ingest_faults.ts";
import type { FaultOutcome } from "./figure_blocks.ts";

const isApi = Deno.args[0] === "api", kills = Number(isApi ? 0 : Deno.args[0] ?? 100);
const file = `docs/results/${isApi ? "api" : "ingest"}_faults.json`;

const outcomes: FaultOutcome[] = [];
for (const { name, run } of isApi ? API_FAULTS : INGEST_FAULTS) {
  console.error(`${name} …`);
  outcomes.push({ fault: name, outcome: await run({ kills }) });
}
await Deno.writeTextFile(file, `${JSON.stringify({ outcomes }, null, 2)}\n`);
console.error(`${file} is written; next: deno task figures`);
