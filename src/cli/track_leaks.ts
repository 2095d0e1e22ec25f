import { minutesAhead } from "../core/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { renderTable } from "./table.ts";
import { type ReadCandles, storedOutcomes } from "./track_input.ts";

/**
 * `track --check-leaks`: the leak checks of a run, without the run: nothing is logged. Where one fails, the result has every
 * figure beside its error, as no run keeps them.
 */
export async function trackLeaks(
  context: CommandContext,
  { settings, candles, features, engine, facts }: ReadCandles,
): Promise<CommandResult> {
  const { checkLeaksAlone } = await import("../ml/experiment/mod.ts");
  const { leakError } = await import("../ml/leak_checks/mod.ts");
  const { ModelWorkers } = await import("../ml/jobs/model_workers.ts");
  const { trainInWorker } = await import("../ml/training/train_in_worker.ts");
  const { progress, signal } = context;
  const checks = await checkLeaksAlone(candles, settings, {
    ...{ engine, progress, signal, recompute: storedOutcomes(context, settings) },
    ...(features === undefined ? {} : { features }),
    train: trainInWorker,
    openWorkers: (options) => new ModelWorkers(options),
  });
  const leak = leakError(checks);
  const figure = (value: number | null) => value === null ? "–" : String(Number(value.toPrecision(3)));
  const table = renderTable(
    [
      { title: "check" },
      { title: "figure" },
      { title: "seen", align: "right" },
      { title: "limit", align: "right" },
      { title: "" },
    ],
    checks.map(({ name, figure: what, value, limit, skipped, passed }) => [
      ...[name, what, figure(value), figure(limit)],
      skipped ? "left out" : passed ? "passed" : "FAILED",
    ]),
  );
  const { family, horizonMinutes } = settings;
  const found = leak === undefined ? "No check found a leak" : "Checks found a leak";
  return {
    json: { checks, datasetDigest: facts.sha256, model: family, horizonMinutes },
    text: `${table}\n\n${found} in ${family}, ${minutesAhead(horizonMinutes)}, on ${facts.rows} candles.`,
    ...(leak === undefined ? { next: ["task track"] } : { error: leak }),
  };
}
