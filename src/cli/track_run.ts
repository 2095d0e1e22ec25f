import type { DomainError, KeyValue, Tracker, Warning } from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { CarriedTraining } from "../ml/experiment/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { onSameCandles } from "./dataset_proof.ts";
import { BASELINES_KEY_TAG, BASELINES_SHA256_TAG, findBaselines } from "./known_baselines.ts";
import { BASELINES_FILE } from "./evaluation_evidence.ts";
import { featureEngineOf } from "./runtime.ts";
import { runTags } from "./run_tags.ts";
import { type ReadCandles, storedOutcomes } from "./track_input.ts";
import { trackSummary } from "./track_summary.ts";
import { userName } from "./user_name.ts";

/** Where a training that is killed is kept, so that the same command goes on from it. */
const CHECKPOINTS = "mlruns/checkpoints";

/** Experiment that runs are logged to. */
export function experimentNameOf({ options, env }: CommandContext, config: ModelConfig): string {
  return options.string("experiment") ?? env("MLFLOW_EXPERIMENT_NAME") ?? config.experiment;
}

/** What {@linkcode trackRun} trains on, and how its run is called. */
export interface TrackRunOptions extends ReadCandles {
  readonly experimentName: string;
  /** @default that of --run-name, else family and horizon */
  readonly runName?: string;
  /** Tags beside those of any run. */
  readonly tags: readonly KeyValue[];
  readonly warnings: readonly Warning[];
  /** When the command began, on the monotonic clock. */
  readonly startedMs: number;
  /** Told of the run before it is trained. */
  readonly onStarted?: (runId: string) => void;
}

/** Trains and scores one model and logs it as a run; where a check finds a leak, the result says so in its error. */
export async function trackRun(
  context: CommandContext,
  tracker: Tracker,
  options: TrackRunOptions,
): Promise<TrackedResult> {
  const { settings, candles, features, facts, engine, experimentName, startedMs } = options;
  const warnings = [...options.warnings];
  const {
    baselinesKey,
    carryOver,
    datasetInput,
    epochMetrics,
    foldScoreMetrics,
    logExperiment,
    runExperiment,
    settingsParams,
    shortTraining,
    TrackedRun,
    treeMetrics,
    triedBefore,
    verdictReasons,
  } = await import("../ml/experiment/mod.ts");
  const short = shortTraining(settings);
  if (short !== undefined) warnings.push({ code: "short-training", message: short });
  const { trainInWorker } = await import("../ml/training/train_in_worker.ts");
  const { ModelWorkers, modelWorkers } = await import("../ml/jobs/model_workers.ts");
  const { leakError, runLeakChecks } = await import("../ml/leak_checks/mod.ts");
  const { sha256Of } = await import("../ml/sha256.ts");
  const { startsKept } = await import("../ml/training/protocol.ts");
  const { encodeMlModel } = await import("../MLOps/model_format/ml_model.ts");
  const nowMs = () => context.clock.nowMs(), workers = modelWorkers();
  await using run = await TrackedRun.start(tracker, {
    experimentName,
    runName: options.runName ?? context.options.string("run-name") ?? `${settings.family}-${settings.horizonMinutes}m`,
    tags: [...await runTags(context, { settings, datasetSha256: facts.sha256 }), ...options.tags],
    nowMs,
    signal: context.signal,
    ...userOf(context),
  });
  options.onStarted?.(run.runId);
  if (options.recordLook !== undefined) warnings.push(await run.during(() => options.recordLook!(run.runId)));
  await tracker.logInputs(run.runId, { datasets: [datasetInput(settings, facts)] });
  await run.log({ params: settingsParams(settings) });
  // Counted as the run starts, itself included: what is started while it trains is of no weight for it.
  const { series: { symbol }, horizonMinutes } = settings;
  const tried = await triedBefore(tracker, { symbol, horizonMinutes });
  const key = baselinesKey(settings, { datasetSha256: facts.sha256, featureSetDigest: engine.digest });
  const { known, runId: fittedBy, warning: unusable } = await findBaselines(tracker, key);
  if (unusable !== undefined) warnings.push(unusable);
  const onResume = async (from: CarriedTraining) => {
    const whose = from.owner === null ? "" : ` (run ${from.owner})`;
    const which = from.member === 1 ? "" : `of network ${from.member}, `;
    const message = `Goes on after epoch ${from.epoch} ${which}of a training that was killed${whose}`;
    context.progress.log(message);
    warnings.push({ code: "training-resumed", message });
    await carryOver(tracker, run, from, nowMs());
  };
  const { result, warning } = await run.during(() =>
    onSameCandles(
      context,
      { series: settings.series, range: facts, sha256: facts.sha256 },
      () =>
        runExperiment(candles, settings, {
          engine,
          tried,
          ...(known === undefined ? {} : { knownBaselines: known }),
          ...(features === undefined ? {} : { features }),
          membersAtOnce: workers,
          train: (job, { member, atOnce, ...options }) =>
            trainInWorker(job, {
              ...(atOnce > 1 ? { workers: 1 } : {}),
              ...{ ...options, checkpoints: CHECKPOINTS, owner: run.runId },
              onResume: (from) => onResume({ ...from, member }),
            }),
          progress: context.progress,
          signal: context.signal,
          onEpoch: (report, member) => run.queue({ metrics: epochMetrics(report, nowMs(), member) }),
          onFold: (fold) => run.queue({ metrics: foldScoreMetrics(fold, nowMs()) }),
          openWorkers: (options) => new ModelWorkers(options),
          foldsAtOnce: workers,
          checkLeaks: (input, deps) => runLeakChecks(input, { ...deps, recompute: storedOutcomes(context, settings) }),
          onTree: (report) => run.queue({ metrics: treeMetrics(report, nowMs()) }),
        }),
    )
  );
  if (warning !== undefined) warnings.push(warning);
  run.queue({
    tags: [
      { key: BASELINES_KEY_TAG, value: key },
      { key: BASELINES_SHA256_TAG, value: sha256Of(result.files.get(BASELINES_FILE)!) },
    ],
  });
  const logged = await logExperiment(tracker, run, result, {
    settings,
    facts,
    featureSet: await featureEngineOf(result.model.info.featureSetDigest),
    nowMs,
    ...(fittedBy === undefined ? {} : { equalTo: new Map([[BASELINES_FILE, { runId: fittedBy }]]) }),
    encodeMlModel,
  });
  // All that was found is kept with the run; it is no run to rest on.
  const leak = leakError(result.leakChecks ?? [], run);
  await (leak === undefined ? run.finish() : run.fail(leak));

  const kept = startsKept(result.training, settings.family);
  if (kept !== undefined) warnings.push({ code: "start-kept", message: kept });
  const seconds = (context.clock.monotonicMs() - startedMs) / 1000;
  return {
    runId: run.runId,
    json: {
      runId: run.runId,
      experimentId: run.experimentId,
      experimentName,
      modelUri: logged.modelUri,
      metrics: logged.metrics,
      baselines: result.evaluation.baselines,
      verdict: { passed: result.verdict.passed, reasons: verdictReasons(result) },
      weakSpots: result.evaluation.weakSpots,
      leakChecks: result.leakChecks,
      ablation: result.ablation,
      datasetDigest: facts.sha256,
      seconds,
    },
    text: trackSummary({ settings, result, runId: run.runId, experimentName, trackingUri: tracker.uri, seconds }),
    warnings,
    ...(leak === undefined ? {} : { error: leak }),
    next: [
      ...(result.verdict.passed ? [`task register -- --run-id ${run.runId}`] : []),
      `task report -- model ${run.runId}`,
      "task mlflow-ui",
    ],
  };
}

/** The result of one run. */
export interface TrackedResult extends CommandResult {
  readonly runId: string;
  readonly error?: DomainError;
}

/** Who the run is of, where the system says. */
export function userOf(context: CommandContext): { userId?: string } {
  const userId = userName(context);
  return userId === undefined ? {} : { userId };
}
