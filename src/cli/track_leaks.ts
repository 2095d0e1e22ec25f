import type { CommandContext, CommandResult } from "./command.ts";
import { renderTable } from "./table.ts";
import { type ReadCandles, storedOutcomes } from "./track_input.ts";

/**
 * `track --check-leaks`: the leak checks of a run, without the run: nothing is logged.
 *
 * @throws {DomainError} `leak-detected` naming each check that failed.
 */
export async function trackLeaks(
  context: CommandContext,
  { settings, candles, features, engine, facts }: ReadCandles,
): Promise<CommandResult> {
  const { checkLeaksAlone } = await import("../ml/experiment/mod.ts");
  const { requireClean } = await import("../ml/leak_checks/mod.ts");
  const { trainInWorker } = await import("../ml/training/train_in_worker.ts");
  const { progress, signal } = context;
  const checks = await checkLeaksAlone(candles, settings, {
    ...{ engine, progress, signal, recompute: storedOutcomes(context, settings) },
    ...(features === undefined ? {} : { features }),
    train: (job, { member: _, ...options }) => trainInWorker(job, options),
  });
  requireClean(checks);
  const figure = (value: number | null) => value === null ? "–" : String(Number(value.toPrecision(3)));
  const table = renderTable(
    [
      { title: "check" },
      { title: "figure" },
      { title: "seen", align: "right" },
      { title: "limit", align: "right" },
      { title: "" },
    ],
    checks.map(({ name, figure: what, value, limit, skipped }) => [
      ...[name, what, figure(value), figure(limit)],
      skipped ? "left out" : "passed",
    ]),
  );
  const { family, horizonMinutes } = settings;
  return {
    json: { checks, datasetDigest: facts.sha256, model: family, horizonMinutes },
    text: `${table}\n\nNo check found a leak in ${family}, ${horizonMinutes} minutes ahead, on ${facts.rows} candles.`,
    next: ["task track"],
  };
}
