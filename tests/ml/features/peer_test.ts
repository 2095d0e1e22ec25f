import { assert, assertAlmostEquals } from "@std/assert";
import { DAY_MS, lowerBound } from "../../../src/core/mod.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { readZips, SAMPLE_DIR } from "../../reporting/sample_reader.ts";
import { valueOf } from "./same_rows.ts";

/** See make_peer_fixture.py. */
interface PeerFixture {
  readonly source: string;
  readonly decisionTimes: readonly string[];
  readonly values: Readonly<Record<string, readonly number[]>>;
}

Deno.test("flagshipFeatureSet() agrees with pandas on the sample", async () => {
  const text = await Deno.readTextFile(new URL("./peer_fixture.json", import.meta.url));
  const { decisionTimes, values }: PeerFixture = JSON.parse(text);
  const times = decisionTimes.map((time) => Date.parse(time));
  const days = (await Array.fromAsync(Deno.readDir(SAMPLE_DIR), ({ name }) => /\d{4}-\d\d-\d\d/.exec(name)))
    .flatMap((day) => day === null ? [] : [Date.parse(day[0])]).sort((a, b) => a - b);
  const candles = await readZips(SAMPLE_DIR, days[0]!, days.at(-1)! + DAY_MS);
  const matrix = flagshipFeatureSet().compute(candles);
  assert(times.length >= 10 && Object.keys(values).length >= 15, "a fixture of this size");
  for (const [name, wanted] of Object.entries(values)) {
    times.forEach((time, k) => {
      const actual = valueOf(matrix, name, lowerBound(matrix.decisionTimeMs, time));
      // pandas takes EMA and RSI over all that was; here they end after eight periods, which weighs below 3e-4.
      const tolerance = /^(rsi|ema)/.test(name) ? 5e-4 : 2e-6;
      assertAlmostEquals(actual, wanted[k]!, tolerance * Math.max(1, Math.abs(wanted[k]!)), `${name} at ${time}`);
    });
  }
});
