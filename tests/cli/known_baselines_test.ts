import { assertEquals, assertStringIncludes } from "@std/assert";
import { findBaselines } from "../../src/cli/known_baselines.ts";
import { encodeBaselines } from "../../src/ml/evaluation/prediction_files.ts";
import { joinFolds } from "../../src/ml/evaluation/scored_folds.ts";
import type { Baseline } from "../../src/ml/evaluation/baselines.ts";
import { sha256Of } from "../../src/ml/sha256.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";

const KEY = "ab".repeat(32), TIMES = Float64Array.of(0, 60_000);
const line = { volatilityBps: Float32Array.of(9, 11), standardizedQuantiles: [-4, -3, -2, -1, 0, 1, 2, 3, 4] };
const up = { probabilityUp: Float32Array.of(0.4, 0.6) };
const baselines = {
  ...{ climatology: { ...up, ...line }, contrarian: up },
  ...{ ewma: line, har: line, har_diurnal: line, har_x: line },
} satisfies Record<Baseline, unknown>;
const column = Float32Array.of(1, 2), quantilesBps = new Float32Array(18);
const test = { length: 2, horizonMinutes: 1, decisionTimeMs: TIMES, returnBps: column, realizedVarianceBps2: column };
const FILE = encodeBaselines(joinFolds([{
  fold: { index: 7, train: { startMs: -120_000, endMs: -60_000 } },
  ...{ test, baselines, model: { ...up, volatilityBps: column, quantilesBps } },
}]));

/** A run of this key, finished and with its file unless it is said otherwise. */
async function addRun(
  tracker: MemoryTracker,
  startTime: number,
  { key = KEY, file = FILE, sha256 = sha256Of(FILE), status = "FINISHED" }: {
    readonly key?: string;
    readonly file?: Uint8Array | null;
    readonly sha256?: string;
    readonly status?: "FINISHED" | "FAILED";
  } = {},
) {
  const { info: { runId } } = await tracker.createRun({ experimentId: "0", startTime });
  await tracker.logBatch(runId, {
    tags: [{ key: "baselines.key", value: key }, { key: "baselines.sha256", value: sha256 }],
  });
  if (file !== null) await tracker.writeArtifact({ runId }, "evaluation/baselines.parquet", file);
  await tracker.updateRun(runId, { status, endTime: startTime + 1 });
  return runId;
}

Deno.test("findBaselines() takes those of the newest finished run of the key, as they were fitted", async () => {
  const tracker = new MemoryTracker();
  assertEquals(await findBaselines(tracker, KEY), { known: undefined, runId: undefined, warning: undefined });
  await addRun(tracker, 1, { file: null }); // older, and of no use
  const newest = await addRun(tracker, 2);
  await addRun(tracker, 3, { key: "cd".repeat(32), file: null });
  await addRun(tracker, 4, { status: "FAILED", file: null });
  await tracker.deleteRun(await addRun(tracker, 5, { file: null }));
  const { known, runId, warning } = await findBaselines(tracker, KEY);
  assertEquals([known!(7, test), runId, warning], [baselines, newest, undefined]);
});

Deno.test("findBaselines() warns of a file that is lost, damaged or of another shape, and takes none", async () => {
  const damaged = FILE.slice(), older = encodeBaselines({ test, baselines: { ewma: { volatilityBps: column } } });
  damaged[9]! ^= 1;
  const cases: [Parameters<typeof addRun>[2], string][] = [
    [{ file: null }, "it is gone"],
    [{ file: damaged }, "its sha256 is"],
    [{ file: older, sha256: sha256Of(older) }, "it does not say which rows are of which step"],
  ];
  for (const [options, reason] of cases) {
    const tracker = new MemoryTracker(), runId = await addRun(tracker, 1, options);
    const { known, warning } = await findBaselines(tracker, KEY);
    assertEquals([known, warning!.code], [undefined, "baselines-refitted"]);
    assertStringIncludes(warning!.message, `of run '${runId}' cannot be taken: `);
    assertStringIncludes(warning!.message, reason);
  }
});
