import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { largeMirror, runIngest, SAMPLE, startIngest } from "./ingest_program.ts";

/** How often the process is killed, at another instant each time. */
const KILLS = 4;

Deno.test("ingest killed at random instants loses no committed file, and the rerun gives the same digest", async () => {
  const mirror = largeMirror() ?? SAMPLE;
  const args = ["--archive-dir", mirror, "--no-report", "--no-features"];
  const options = { read: [mirror] };
  await using whole = await tmpDir();
  const startedMs = performance.now();
  const expected = await runIngest(whole.path, args, options);
  const tookMs = performance.now() - startedMs;
  assertEquals(expected.code, 0, JSON.stringify(expected.json.error));
  const random = seededRandom(20_240_131);
  let met = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using tmp = await tmpDir();
    const path = `${tmp.path}/feature_store/bitcoin.duckdb`;
    const process = startIngest(tmp.path, [...args, "--quiet"], options);
    const output = process.output();
    // Between the start of the program and its end, however fast the machine is.
    await new Promise((resolve) => setTimeout(resolve, tookMs * (0.3 + 0.6 * random.uniform())));
    try {
      process.kill("SIGKILL");
    } catch { /* it was faster than its elder */ }
    await output;
    const kept = await committed(path);
    if (kept.rows > 0 && kept.rows < expected.json.rows!.present) met++;
    // A file is in the ledger if and only if all its rows are in the store.
    assertEquals(kept.ledgerRows, kept.rows);
    const rerun = await runIngest(tmp.path, args, options);
    assertEquals(rerun.code, 0, JSON.stringify(rerun.json.error));
    assertEquals(rerun.json.datasetDigest, expected.json.datasetDigest);
    assertEquals(rerun.json.rows!.present, expected.json.rows!.present);
    assertEquals(rerun.json.rows!.added, expected.json.rows!.present - kept.rows);
    assertEquals(rerun.json.gaps, expected.json.gaps);
    const again = await committed(path);
    assertEquals([again.duplicates, again.ledgerRows], [0, again.rows]);
  }
  // The small sample may be done in one transaction.
  if (mirror !== SAMPLE) assert(met > 0, "No kill met the ingest at work");
});

async function committed(path: string): Promise<{ rows: number; ledgerRows: number; duplicates: number }> {
  try {
    await using store = await DuckDbFeatureStore.open(path, { mode: "read", clock: SYSTEM_CLOCK });
    const span = await store.span(BTC);
    const files = await store.archiveFiles(BTC);
    const ledgerRows = files.reduce((sum, { rows }) => sum + rows, 0);
    if (span === undefined) return { rows: 0, ledgerRows, duplicates: 0 };
    const { openTimeMs, length } = await store.loadCandles({ ...BTC, range: span });
    return { rows: length, ledgerRows, duplicates: length - new Set(openTimeMs).size };
  } catch (error) {
    // Killed before there was a store, or before it had a schema: the rerun makes both.
    if ((error as { code?: string }).code === "not-found" || (error as { code?: string }).code === "input-invalid") {
      return { rows: 0, ledgerRows: 0, duplicates: 0 };
    }
    throw error;
  }
}
