/**
 * A process of its own that has a store open, for the tests of locks and kills: `hold PATH` opens it for writing, says
 * so, and waits for its stdin to end; `write PATH DAYS` writes day after day and says each; `open PATH` opens, says
 * `opened` or the code of the error, and ends.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- speaks with the test over stdout
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DAY_MS, isDomainError } from "../../src/core/mod.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";

/** First day that `write` writes. */
export const FIRST_DAY = Date.UTC(2024, 0, 1);

async function main([action, path, days]: readonly string[]): Promise<void> {
  const options = { mode: "write", clock: SYSTEM_CLOCK, command: `test-${action}`, waitMs: 100 } as const;
  if (action === "open") {
    try {
      await using _store = await DuckDbFeatureStore.open(path!, options);
      console.log("opened");
    } catch (error) {
      console.log(isDomainError(error) ? error.code : String(error));
    }
    return;
  }
  await using store = await DuckDbFeatureStore.open(path!, options);
  console.log("held");
  if (action === "hold") await Deno.stdin.readable.pipeTo(new WritableStream());
  for (let day = 0; action === "write" && day < Number(days); day++) {
    const startMs = FIRST_DAY + day * DAY_MS;
    const columns = walkCandles({ startMs, endMs: startMs + DAY_MS });
    await store.writeCandles(BTC, [{ source: "daily", columns }]);
    console.log(`day ${day}`);
  }
}

if (import.meta.main) await main(Deno.args);
