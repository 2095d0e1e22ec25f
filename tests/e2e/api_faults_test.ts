import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { allocateForecasts } from "../../src/core/mod.ts";
import { PredictionLog, verifyLog } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { hasPython } from "../fakes/has_python.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { API_FAULTS } from "./api_faults.ts";
import { measureKillLoss } from "./api_faults_kill.ts";

/** In CI nothing is skipped. */
const canUsePython = Deno.env.get("CI") === "true" || await hasPython();

for (const { name, needsPython = false, run } of API_FAULTS) {
  Deno.test({ name: `api: ${name}`, ignore: needsPython && !canUsePython, fn: async () => void await run() });
}

Deno.test("api: kill -9 under load costs the log what was answered within its flush time, and no more", async () => {
  const { kills, answered, lost, lostMs } = await measureKillLoss(3);
  assert(answered > kills * 500, `${answered} requests are no load`);
  // 100 ms may a record wait; the write itself and a late timer of a loaded machine come on top.
  assert(Math.max(...lostMs) <= 200, `${lost.join()} requests of the last ${lostMs.join()} ms`);
});

Deno.test("api: a log rotated by date and by size verifies, and no whole file of it can be taken away", async () => {
  const key = new Uint8Array(32), clock = new ManualClock(Date.UTC(2024, 4, 31, 12));
  const model = { name: "m", version: "1", alias: null, runId: "r", horizonMinutes: 15 };
  const write = async (directory: string) => {
    await using log = await PredictionLog.open({
      directory,
      key,
      clock,
      flushMs: 5,
      maxFileBytes: 4096,
      instance: "i",
    });
    for (let i = 0; i < 100; i++) {
      const outputs = allocateForecasts(1);
      const features = new Float32Array(2);
      log.append({ kind: "predict", atMs: clock.nowMs(), requestId: `r${i}`, model, features, outputs });
      await log.flush();
      if (i % 25 === 24) await clock.advance(86_400_000);
    }
    return log.head;
  };
  await using whole = await tmpDir();
  const anchors = new Map([["i", [await write(whole.path)]]]);
  const files = (await Array.fromAsync(Deno.readDir(`${whole.path}/i`))).map(({ name }) => name).sort();
  assert(new Set(files.map((name) => name.slice(0, 10))).size === 4 && files.length >= 8, files.join());
  const [sound] = await verifyLog(whole.path, { key, anchors });
  assertEquals([sound!.problem, sound!.records, sound!.anchored], [null, 100, 100]);
  for (const file of files) {
    const path = `${whole.path}/i/${file}`, text = await Deno.readTextFile(path);
    await Deno.remove(path);
    const [verdict] = await verifyLog(whole.path, { key, anchors });
    assertStringIncludes(verdict!.problem ?? "none", file === files.at(-1) ? "were anchored" : "belongs here");
    await Deno.writeTextFile(path, text);
  }
});
