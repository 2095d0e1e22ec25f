import { assertEquals } from "@std/assert";
import { renderModelReport, type Report } from "../../src/reporting/mod.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";

/** When the runs end and the reports are written. */
export const NOW = Date.UTC(2026, 10, 26, 7, 30);

/** A tracking store with one run, finished unless it is said otherwise. */
export async function runWith(
  options: {
    readonly metrics?: Readonly<Record<string, number>>;
    readonly tags?: Readonly<Record<string, string>>;
    readonly files?: ReadonlyMap<string, Uint8Array>;
    readonly params?: Readonly<Record<string, string>>;
    readonly epochs?: number;
    readonly finish?: boolean;
  } = {},
) {
  const tracker = new MemoryTracker({ nowMs: () => NOW });
  const { info: { runId } } = await tracker.createRun({
    experimentId: "0",
    runName: "mlp-15m",
    startTime: NOW - 60_000,
  });
  const entries = (values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).map(([key, value]) => ({ key, value }));
  await tracker.logBatch(runId, {
    params: entries(options.params),
    tags: entries(options.tags),
    metrics: [
      ...Object.entries(options.metrics ?? {}).map(([key, value]) => ({ key, value, timestamp: NOW, step: 0 })),
      ...Array.from({ length: options.epochs ?? 0 }, (_, step) => [
        { key: "train_loss", value: 2 / (step + 1), timestamp: NOW, step },
        { key: "validation_loss", value: 2.2 / (step + 1), timestamp: NOW, step },
        { key: "learning_rate", value: 0.001, timestamp: NOW, step },
      ]).flat(),
    ],
  });
  for (const [path, content] of options.files ?? []) await tracker.writeArtifact({ runId }, path, content);
  if (options.finish ?? true) await tracker.updateRun(runId, { status: "FINISHED", endTime: NOW });
  return { tracker, runId, nowMs: NOW };
}

/** Its report in all three forms. */
export async function render(input: Awaited<ReturnType<typeof runWith>>) {
  const outDir = await Deno.makeTempDir();
  try {
    const { files } = await renderModelReport({ ...input, outDir, formats: ["html", "pdf", "json"] });
    assertEquals(files[0], `${outDir}/model/2026-11-26T07-30-00Z/report.html`);
    return {
      html: await Deno.readTextFile(files[0]!),
      pdf: await Deno.readFile(files[1]!),
      json: JSON.parse(await Deno.readTextFile(files[2]!)) as Report,
    };
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
}

/** What no report may show. */
export const NO_FIGURE = /\b(NaN|undefined|Infinity|null)\b|\ufffd|\[object/;
