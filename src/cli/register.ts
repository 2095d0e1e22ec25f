import { DomainError, registeredModelName, toIso, type Tracker } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { proveEvaluation } from "./evaluation_evidence.ts";
import { incumbentOf, PREDICTIONS_TAG } from "./incumbent.ts";
import { type Decision, DEFAULT_ALIAS, gateObject, refusal, success } from "./register_outcome.ts";
import { checkText } from "./register_summary.ts";
import { loadForecastModel, openRegistry, openTracker } from "./runtime.ts";
import { userName } from "./user_name.ts";

/** Judges a run by its evidence, makes a version of its model and points an alias at it. */
export const command: Command = {
  summary: "Promote a run to a model version and an alias",
  options: {
    "run-id": {
      type: "string",
      value: "ID|latest|best",
      description: "Run to register: an id, the newest that ended, or the best beside it (default: latest)",
    },
    name: {
      type: "string",
      value: "NAME",
      description: "Registered model (default: bitcoin-model, or bitcoin-model-<k>m for another horizon)",
    },
    alias: { type: "string", value: "ALIAS", description: `Alias to point at the version (default: ${DEFAULT_ALIAS})` },
    experiment: {
      type: "string",
      value: "NAME",
      description: "Experiment of latest and best (default: MLFLOW_EXPERIMENT_NAME, config)",
    },
    force: { type: "boolean", description: "Promote although the gate refuses; needs --reason" },
    rollback: { type: "boolean", description: "Point the alias back at the version before; needs --reason" },
    reason: { type: "string", value: "TEXT", description: "Why, with --force or --rollback; kept in the history" },
  },
  examples: [
    { line: "task register", does: "the newest run to bitcoin-model@production" },
    { line: "task register -- --run-id best", does: "the best of the runs on the newest one's data" },
    { line: 'task register -- --run-id ID --force --reason "canary"', does: "over the gate, with a reason" },
    { line: 'task register -- --rollback --reason "alerts since noon"', does: "the version before, at once" },
  ],
  run: register,
};

async function register(context: CommandContext): Promise<CommandResult> {
  const reason = forceReason(context);
  const { loadModelConfig } = await import("../config/model_config.ts");
  const { checkAliasName, proveRunModel, selectRun } = await import("../MLOps/promotion/mod.ts");
  const config = await loadModelConfig(context.options.string("config"));
  const alias = context.options.string("alias") ?? DEFAULT_ALIAS;
  checkAliasName(alias, context.options.string("name"));
  await using tracker = await openTracker(context, { create: false });
  await using registry = await openRegistry(context, { tracker });
  if (context.options.boolean("rollback")) {
    const { rollBack } = await import("./register_rollback.ts");
    const name = context.options.string("name") ?? registeredModelName(15);
    return await rollBack(context, { tracker, registry, name, alias, reason: reason! });
  }
  const experimentName = context.options.string("experiment") ?? context.env("MLFLOW_EXPERIMENT_NAME") ??
    config.experiment;
  const step = (done: number, note: string) => {
    context.progress.update({ stage: "register", done, total: 5, unit: "steps", note });
    context.signal.throwIfAborted();
  };

  step(0, "run");
  const { run, unended } = await selectRun(tracker, context.options.string("run-id") ?? "latest", experimentName);
  step(1, "model files");
  const proven = await proveRunModel(tracker, run, await loadForecastModel());
  const { horizonMinutes } = proven.model.info;
  const name = context.options.string("name") ?? registeredModelName(horizonMinutes);
  step(2, "evaluation");
  const evaluation = await proveEvaluation(tracker, run, horizonMinutes);
  step(3, "gate");
  const holder = await registry.getVersionByAlias(name, alias);
  const incumbent = await incumbentOf(tracker, { run, evaluation, holder }, config.evaluation);
  const { judgeRun } = await import("../MLOps/promotion/mod.ts");
  const checks = judgeRun(run, {
    horizonMinutes,
    modelFiles: proven.fileCount,
    evaluation: evaluation.evidence,
    incumbent,
  }, config.verdict);
  const passed = checks.every((check) => check.passed);
  const decision: Decision = {
    run,
    unended,
    proven,
    evaluation,
    name,
    alias,
    checks,
    passed,
    reason: passed ? undefined : reason,
  };
  const isAllowed = passed ||
    (reason !== undefined && checks.every((check) => check.passed || check.forceable));
  await writeEvidence(context, tracker, decision, isAllowed);
  if (!isAllowed) return refusal(decision, reason !== undefined, holder?.version);
  step(4, "version");
  const { promote } = await import("../MLOps/promotion/mod.ts");
  const by = userName(context);
  const promoted = await promote(registry, {
    name,
    alias,
    run,
    logged: proven.logged,
    description: describe(decision),
    tags: versionTags(decision),
    move: {
      atMs: context.clock.nowMs(),
      ...(by === undefined ? {} : { by }),
      kind: decision.reason === undefined ? "promotion" : "forced",
      ...(decision.reason === undefined ? {} : { why: decision.reason }),
    },
  });
  step(5, "done");
  return success(decision, promoted, registry.uri);
}

/** The reason of --force or --rollback; undefined without them. */
function forceReason({ options }: CommandContext): string | undefined {
  const reason = options.string("reason")?.trim();
  const isForced = options.boolean("force"), isRollback = options.boolean("rollback");
  if (isRollback && (isForced || options.string("run-id") !== undefined)) {
    throw new DomainError("usage", "--rollback goes to the version before, and with neither --force nor --run-id", {
      hint: "Leave the other out",
    });
  }
  if ((isForced || isRollback) && !reason) {
    const option = isForced ? "--force" : "--rollback";
    throw new DomainError("usage", `${option} needs a reason, which is kept with the version`, {
      hint: 'Add --reason "why this version may go to production"',
    });
  }
  if (!isForced && !isRollback && reason !== undefined) {
    throw new DomainError("usage", "--reason only goes with --force or --rollback", {
      hint: "Add one of them, or leave the reason out",
    });
  }
  return reason;
}

/** Keeps the evidence with the run, whatever it says. */
async function writeEvidence(
  context: CommandContext,
  tracker: Tracker,
  decision: Decision,
  allowed: boolean,
): Promise<void> {
  const { GATE_FILE } = await import("../MLOps/promotion/mod.ts");
  const { run, proven, name, alias, passed, reason } = decision;
  const document = {
    decidedAt: toIso(context.clock.nowMs()),
    decidedBy: userName(context) ?? null,
    name,
    alias,
    runId: run.info.runId,
    modelId: proven.logged.modelId,
    allowed,
    ...gateObject(decision, allowed),
    passed,
    reason: reason ?? null,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  await tracker.writeArtifact({ runId: run.info.runId }, GATE_FILE, bytes);
}

function valueOf(pairs: readonly { readonly key: string; readonly value: string }[], key: string): string | undefined {
  return pairs.find((pair) => pair.key === key)?.value;
}

function describe({ proven, evaluation: { evidence: { metrics } } }: Decision): string {
  const { family, horizonMinutes } = proven.model.info;
  const { qlike, qlike_gain_har: gain } = metrics;
  const scores = qlike === undefined || gain === undefined
    ? ""
    : `: QLIKE ${qlike.toFixed(4)}, gain over log-HAR ${gain < 0 ? "" : "+"}${gain.toFixed(4)}`;
  return `${family}, ${horizonMinutes} minutes ahead${scores}`;
}

function versionTags(decision: Decision) {
  const { run, proven, evaluation, checks, passed, reason } = decision;
  const values: Record<string, string | undefined> = {
    "dataset.sha256": valueOf(run.tags, "dataset.sha256"),
    "code.commit": valueOf(run.tags, "mlflow.source.git.commit"),
    "evidence": valueOf(run.tags, "evidence"),
    "run.id": run.info.runId,
    "horizon_minutes": String(proven.model.info.horizonMinutes),
    "feature_set.digest": proven.model.info.featureSetDigest,
    [PREDICTIONS_TAG]: evaluation.sha256,
    "gate.passed": String(passed),
    "gate.forced": String(reason !== undefined),
    "gate.checks": `${checks.filter((check) => check.passed).length} of ${checks.length}`,
    "gate.reason": reason ?? "",
    ...Object.fromEntries(checks.map((check) => [`gate.check.${check.name}`, checkText(check)])),
  };
  return Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, value }]);
}
