import { type Horizon, minutesAhead, PARENT_RUN_TAG, type Tracker } from "../core/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { runTags } from "./run_tags.ts";
import { renderTable } from "./table.ts";
import { type TrackedResult, trackRun, type TrackRunOptions, userOf } from "./track_run.ts";

/**
 * `track --horizon 1,5,…`: a run for each horizon on the same candles and features, nested under one parent, which says
 * what they have in common and cannot be registered. None is trained after one that leaks.
 */
export async function trackHorizons(
  context: CommandContext,
  tracker: Tracker,
  horizons: readonly Horizon[],
  start: TrackRunOptions,
): Promise<CommandResult> {
  const { datasetInput, experimentFolds, TrackedRun } = await import("../ml/experiment/mod.ts");
  const { facts, experimentName } = start;
  const settings = horizons.map((horizonMinutes) => ({ ...start.settings, horizonMinutes }));
  for (const each of settings) experimentFolds(each); // refuses a range that is too short for one before any is trained
  const family = start.settings.family, nowMs = () => context.clock.nowMs();
  await using parent = await TrackedRun.start(tracker, {
    experimentName,
    runName: context.options.string("run-name") ?? `${family}-${horizons.join("-")}m`,
    tags: [...await runTags(context, { settings: start.settings, datasetSha256: facts.sha256 }), ...start.tags],
    nowMs,
    signal: context.signal,
    ...userOf(context),
  });
  await tracker.logInputs(parent.runId, { datasets: [datasetInput(start.settings, facts)] });
  // Not as a run of one horizon has it: a parent is none.
  await parent.log({ params: [{ key: "model", value: family }, { key: "horizons", value: horizons.join(",") }] });
  const look = start.recordLook, warnings = [...start.warnings], children: TrackedResult[] = [];
  await parent.during(async () => {
    if (look !== undefined) warnings.push(await look(parent.runId)); // one look, whatever is forecast
    for (const each of settings) {
      context.output.note(`${minutesAhead(each.horizonMinutes)}, ${children.length + 1} of ${horizons.length}`);
      const child = await trackRun(context, tracker, {
        ...start,
        settings: each,
        runName: `${family}-${each.horizonMinutes}m`,
        tags: [...start.tags, { key: PARENT_RUN_TAG, value: parent.runId }],
        warnings: [],
        recordLook: undefined,
        startedMs: context.clock.monotonicMs(),
      });
      children.push(child);
      if (child.error !== undefined) return;
    }
  });
  const leak = children.at(-1)?.error;
  await (leak === undefined ? parent.finish() : parent.fail(leak));
  const ended = { ...start, warnings };
  const result = horizonsResult(horizons, children, { parentRunId: parent.runId, start: ended, tracker });
  return leak === undefined ? result : { ...result, error: leak };
}

function horizonsResult(
  horizons: readonly Horizon[],
  children: readonly TrackedResult[],
  { parentRunId, start, tracker }: {
    readonly parentRunId: string;
    readonly start: TrackRunOptions;
    readonly tracker: Tracker;
  },
): CommandResult {
  const figure = ({ json }: TrackedResult, name: string, digits: number) => {
    const value = (json["metrics"] as Readonly<Record<string, number>>)[name];
    return value === undefined ? "–" : value.toFixed(digits);
  };
  const verdictOf = ({ json }: TrackedResult) => json["verdict"] as { readonly passed: boolean };
  const table = renderTable(
    [
      { title: "minutes", align: "right" },
      { title: "QLIKE", align: "right" },
      { title: "log-loss", align: "right" },
      { title: "AUC", align: "right" },
      { title: "pinball bps", align: "right" },
      { title: "in 90 %", align: "right" },
      { title: "verdict" },
      { title: "run" },
    ],
    children.map((child, i) => [
      String(horizons[i]),
      figure(child, "qlike", 4),
      figure(child, "log_loss", 5),
      figure(child, "auc", 4),
      figure(child, "pinball", 4),
      figure(child, "coverage_90", 3),
      verdictOf(child).passed ? "passed" : "not passed",
      child.runId,
    ]),
  );
  const passed = children.filter((child) => verdictOf(child).passed);
  return {
    json: {
      runId: parentRunId,
      experimentName: start.experimentName,
      datasetDigest: start.facts.sha256,
      children: children.map(({ json }, i) => ({ horizonMinutes: horizons[i], ...json })),
    },
    text: [
      ...children.flatMap(({ text }) => [text, ""]),
      table,
      "",
      `parent run ${parentRunId} in '${start.experimentName}' at ${tracker.uri}`,
    ].join("\n"),
    warnings: [...start.warnings, ...children.flatMap(({ warnings = [] }) => warnings)],
    next: [...passed.map(({ runId }) => `task register -- --run-id ${runId}`), "task mlflow-ui"],
  };
}
