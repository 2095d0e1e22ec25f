import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type LogReading, readForecasts } from "../../src/monitoring/mod.ts";
import { parseLine } from "../../src/monitoring/read_log.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const RECORD = {
  ...{ n: 1, at: "2024-01-01T00:00:02Z", kind: "forecast", name: "m", version: "1", runId: "", horizonMinutes: 15 },
  ...{ requestId: null, exchange: "binance", symbol: "BTC/USDT", decisionTime: "2024-01-01T00:00:00Z" },
  ...{ probabilityUp: 0.5, volatilityBps: 10, quantilesBps: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
  ...{ featureSetDigest: "d", features: "AACAPwAAwH8=" },
};

async function reading(directory: string, sinceMs?: number) {
  const log: LogReading = { predictions: 0, lost: 0, unreadable: 0, repeated: 0, late: 0 };
  const options = sinceMs === undefined ? {} : { sinceMs };
  const found = await Array.fromAsync(readForecasts(directory, log, options));
  return { times: found.map(({ decisionTimeMs }) => decisionTimeMs), log };
}

const at = (decisionTime: string) => JSON.stringify({ ...RECORD, decisionTime });

Deno.test("readForecasts() reads every instance in its order, and counts what is no forecast", async () => {
  await using tmp = await tmpDir();
  assertEquals((await reading(`${tmp.path}/none`)).times, [], "no folder is an empty log");
  await Deno.mkdir(`${tmp.path}/a`);
  await Deno.mkdir(`${tmp.path}/b`);
  const first = at("2024-01-01T00:00:00Z");
  await Deno.writeTextFile(`${tmp.path}/a/2024-01-01-1.jsonl`, `${first}\n\n${first.slice(0, 90)}\n\u0000\u0000\n`);
  await Deno.writeTextFile(`${tmp.path}/a/2024-01-01-2.jsonl`, `{"kind":"predict"}\n{"kind":"lost","records":4}\n`);
  await Deno.writeTextFile(`${tmp.path}/b/2024-01-05-1.jsonl`, at("2024-01-05T00:00:00Z"));
  await Deno.writeTextFile(`${tmp.path}/b/notes.txt`, first);
  await Deno.writeTextFile(`${tmp.path}/2024-01-01-1.jsonl`, first);
  const { times, log } = await reading(tmp.path);
  assertEquals(times, [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 5)]);
  assertEquals(log, { predictions: 1, lost: 4, unreadable: 2, repeated: 0, late: 0 });
  // A file that was closed long before the first day asked for is not read.
  assertEquals((await reading(tmp.path, Date.UTC(2024, 0, 5))).log.unreadable, 0);
  assertEquals((await reading(tmp.path, Date.UTC(2024, 0, 3))).log.unreadable, 2, "a clock may be off by two days");
});

Deno.test("parseLine() gives a record or nothing, whatever the line", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (line) => {
    const parsed = parseLine(line);
    assert(parsed === undefined || typeof parsed.kind === "string");
  }));
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(RECORD).filter((key) => !["n", "requestId", "featureSetDigest"].includes(key))),
      fc.jsonValue(),
      (key, value) => {
        const parsed = parseLine(JSON.stringify({ ...RECORD, [key]: value }));
        if (parsed?.kind !== "forecast") return;
        const { probabilityUp: p, volatilityBps, quantilesBps, horizonMinutes, decisionTimeMs } = parsed.forecast;
        assert(
          p >= 0 && p <= 1 && volatilityBps > 0 && quantilesBps.every(Number.isFinite) && quantilesBps.length === 9,
        );
        assert(Number.isInteger(horizonMinutes) && horizonMinutes >= 1 && decisionTimeMs % 60_000 === 0);
      },
    ),
    { numRuns: 500 },
  );
});
