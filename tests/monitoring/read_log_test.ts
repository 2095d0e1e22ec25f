import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { type LoggedPredictions, type LogReading, readForecasts } from "../../src/monitoring/mod.ts";
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
  const told: LoggedPredictions[] = [], onPredictions = (each: LoggedPredictions) => void told.push(each);
  const options = { onPredictions, ...(sinceMs === undefined ? {} : { sinceMs }) };
  const found = await Array.fromAsync(readForecasts(directory, log, options));
  return { told, times: found.map(({ decisionTimeMs }) => decisionTimeMs), log };
}

const at = (decisionTime: string) => JSON.stringify({ ...RECORD, decisionTime });

Deno.test("readForecasts() reads every instance in its order, and counts what is no forecast", async () => {
  await using tmp = await tmpDir();
  assertEquals((await reading(`${tmp.path}/none`)).times, [], "no folder is an empty log");
  await Deno.mkdir(`${tmp.path}/a`);
  await Deno.mkdir(`${tmp.path}/b`);
  const first = at("2024-01-01T00:00:00Z");
  await Deno.writeTextFile(`${tmp.path}/a/2024-01-01-1.jsonl`, `${first}\n\n${first.slice(0, 90)}\n\u0000\u0000\n`);
  const answers = Buffer.from(Float32Array.from({ length: 22 }, (_, i) => i).buffer).toString("base64");
  const predict = { ...RECORD, kind: "predict", rows: 2, outputs: answers };
  await Deno.writeTextFile(
    `${tmp.path}/a/2024-01-01-2.jsonl`,
    [predict, { ...predict, role: "shadow" }, { kind: "lost", records: 4 }, { ...predict, rows: 3 }].map((record) =>
      JSON.stringify(record)
    ).join("\n"),
  );
  await Deno.writeTextFile(`${tmp.path}/b/2024-01-05-1.jsonl`, at("2024-01-05T00:00:00Z"));
  await Deno.writeTextFile(`${tmp.path}/b/notes.txt`, first);
  await Deno.writeTextFile(`${tmp.path}/2024-01-01-1.jsonl`, first);
  const { times, log, told } = await reading(tmp.path);
  // A shadow's answer to the same rows is no client's.
  assertEquals(told.map(({ atMs, version, outputs }) => [atMs, version, [...outputs]]), [
    [Date.UTC(2024, 0, 1, 0, 0, 2), "1", Array.from({ length: 22 }, (_, i) => i)],
  ]);
  assertEquals(times, [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 5)]);
  assertEquals(log, { predictions: 1, lost: 4, unreadable: 3, repeated: 0, late: 0 });
  // A file that was closed long before the first day asked for is not read.
  assertEquals((await reading(tmp.path, Date.UTC(2024, 0, 5))).log.unreadable, 0);
  assertEquals((await reading(tmp.path, Date.UTC(2024, 0, 3))).log.unreadable, 3, "a clock may be off by two days");
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
