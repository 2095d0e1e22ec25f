import { DomainError, registeredModelName, type Run, toIso, type Tracker } from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { GateCheck, Incumbent, Promoted, ProvenModel } from "../MLOps/promotion/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { checkText, registerSummary } from "./register_summary.ts";
import { loadForecastModel, openRegistry, openTracker } from "./runtime.ts";

const DEFAULT_ALIAS = "production";
const PREDICTIONS_FILE = "evaluation/predictions.parquet";

/** Judges a run by its evidence, makes a version of its model and points an alias at it. */
export const command: Command = {
  summary: "Promote a run to a model version and an alias",
  options: {
    "run-id": {
      type: "string",
      value: "ID|latest|best",
      description: "Run to register: an id, the newest, or the best beside the newest (default: latest)",
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
    reason: { type: "string", value: "TEXT", description: "Why, with --force; kept with the version" },
  },
  examples: [
    { line: "task register", does: "the newest run to bitcoin-model@production" },
    { line: "task register -- --run-id best", does: "the best of the runs on the newest one's data" },
    { line: 'task register -- --run-id ID --force --reason "canary"', does: "over the gate, with a reason" },
  ],
  run: register,
};

/** What the command decided, in the order in which it found out. */
interface Decision {
  readonly run: Run;
  readonly proven: ProvenModel;
  readonly name: string;
  readonly alias: string;
  readonly checks: readonly GateCheck[];
  readonly passed: boolean;
  readonly reason: string | undefined;
}

async function register(context: CommandContext): Promise<CommandResult> {
  const reason = forceReason(context);
  const { loadModelConfig } = await import("../config/model_config.ts");
  const { checkAliasName, proveRunModel, selectRun } = await import("../MLOps/promotion/mod.ts");
  const config = await loadModelConfig(context.options.string("config"));
  const alias = context.options.string("alias") ?? DEFAULT_ALIAS;
  checkAliasName(alias, context.options.string("name"));
  await using tracker = await openTracker(context, { create: false });
  await using registry = await openRegistry(context, { tracker });
  const experimentName = context.options.string("experiment") ?? context.env("MLFLOW_EXPERIMENT_NAME") ??
    config.experiment;
  const step = (done: number, note: string) => {
    context.progress.update({ stage: "register", done, total: 4, unit: "steps", note });
    context.signal.throwIfAborted();
  };

  step(0, "run");
  const run = await selectRun(tracker, context.options.string("run-id") ?? "latest", experimentName);
  step(1, "model files");
  const proven = await proveRunModel(tracker, run, await loadForecastModel());
  const { horizonMinutes } = proven.model.info;
  const name = context.options.string("name") ?? registeredModelName(horizonMinutes);
  step(2, "gate");
  const holder = await registry.getVersionByAlias(name, alias);
  const incumbent = await incumbentOf(tracker, run, holder, config);
  const { judgeRun } = await import("../MLOps/promotion/mod.ts");
  const checks = judgeRun(run, { horizonMinutes, modelFiles: proven.fileCount, incumbent }, config.verdict);
  const passed = checks.every((check) => check.passed);
  const decision: Decision = { run, proven, name, alias, checks, passed, reason: passed ? undefined : reason };
  const isAllowed = passed ||
    (reason !== undefined && checks.every((check) => check.passed || check.forceable));
  await writeEvidence(context, tracker, decision, isAllowed);
  if (!isAllowed) return refusal(decision, reason !== undefined, holder?.version);
  step(3, "version");
  const { promote } = await import("../MLOps/promotion/mod.ts");
  const promoted = await promote(registry, {
    name,
    alias,
    run,
    logged: proven.logged,
    description: describe(decision),
    tags: versionTags(decision),
  });
  step(4, "done");
  return success(decision, promoted, registry.uri);
}

/** The reason of --force; undefined without it. */
function forceReason({ options }: CommandContext): string | undefined {
  const reason = options.string("reason")?.trim();
  const isForced = options.boolean("force");
  if (isForced && !reason) {
    throw new DomainError("usage", "--force needs a reason, which is kept with the version", {
      hint: 'Add --reason "why this version may go to production"',
    });
  }
  if (!isForced && reason !== undefined) {
    throw new DomainError("usage", "--reason only goes with --force", { hint: "Add --force, or leave the reason out" });
  }
  return reason;
}

async function incumbentOf(
  tracker: Tracker,
  run: Run,
  holder: { readonly version: string; readonly runId: string } | undefined,
  config: ModelConfig,
): Promise<Incumbent> {
  if (holder === undefined) return { kind: "none" };
  if (holder.runId === run.info.runId) return { kind: "same" };
  let ours: Uint8Array, theirs: Uint8Array;
  try {
    ours = await tracker.readArtifact({ runId: run.info.runId }, PREDICTIONS_FILE);
    theirs = await tracker.readArtifact({ runId: holder.runId }, PREDICTIONS_FILE);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== "not-found") throw error;
    return { kind: "unknown", version: holder.version, reason: `no predictions of version ${holder.version}` };
  }
  const { comparePredictions } = await import("./compare_predictions.ts");
  const blockDays = Number(run.params.find(({ key }) => key === "block_days")?.value ?? config.evaluation.blockDays);
  const comparison = await comparePredictions(ours, theirs, { blockDays, resamples: config.evaluation.resamples });
  return { kind: "compared", version: holder.version, comparison };
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
    decidedBy: context.env("USER") ?? context.env("LOGNAME") ?? null,
    name,
    alias,
    runId: run.info.runId,
    modelId: proven.logged.modelId,
    allowed,
    ...gateObject(decision),
    passed,
    reason: reason ?? null,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  await tracker.writeArtifact({ runId: run.info.runId }, GATE_FILE, bytes);
}

function gateObject({ checks, passed, reason }: Decision) {
  return {
    passed,
    forced: reason !== undefined,
    checks: checks.map(({ forceable: _, ...check }) => check),
  };
}

function valueOf(pairs: readonly { readonly key: string; readonly value: string }[], key: string): string | undefined {
  return pairs.find((pair) => pair.key === key)?.value;
}

function describe({ run, proven }: Decision): string {
  const metric = (key: string) => run.metrics.find((one) => one.key === key)?.value;
  const { family, horizonMinutes } = proven.model.info;
  const qlike = metric("qlike"), gain = metric("qlike_gain_har");
  const scores = qlike === undefined || gain === undefined
    ? ""
    : `: QLIKE ${qlike.toFixed(4)}, gain over log-HAR ${gain < 0 ? "" : "+"}${gain.toFixed(4)}`;
  return `${family}, ${horizonMinutes} minutes ahead${scores}`;
}

function versionTags(decision: Decision) {
  const { run, proven, checks, passed, reason } = decision;
  const values: Record<string, string | undefined> = {
    "dataset.sha256": valueOf(run.tags, "dataset.sha256"),
    "code.commit": valueOf(run.tags, "mlflow.source.git.commit"),
    "evidence": valueOf(run.tags, "evidence"),
    "run.id": run.info.runId,
    "horizon_minutes": String(proven.model.info.horizonMinutes),
    "feature_set.digest": proven.model.info.featureSetDigest,
    "gate.passed": String(passed),
    "gate.forced": String(reason !== undefined),
    "gate.checks": `${checks.filter((check) => check.passed).length} of ${checks.length}`,
    "gate.reason": reason ?? "",
    ...Object.fromEntries(checks.map((check) => [`gate.check.${check.name}`, checkText(check)])),
  };
  return Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, value }]);
}

function success(decision: Decision, { version, previousVersion, reused }: Promoted, uri: string): CommandResult {
  const { run, name, alias } = decision;
  const isDefault = name === registeredModelName(15) && alias === DEFAULT_ALIAS;
  return {
    json: {
      name,
      version: version.version,
      alias,
      runId: run.info.runId,
      previousVersion: previousVersion ?? null,
      gate: gateObject(decision),
    },
    text: registerSummary({
      ...decision,
      outcome: [
        `${name} version ${version.version}${reused ? " (registered before)" : ""} is now @${alias}`,
        ...(previousVersion === undefined ? [] : [`it follows version ${previousVersion}`]),
        `run ${run.info.runId}, at ${uri}`,
      ].join("; "),
    }),
    ...(decision.reason === undefined ? {} : {
      warnings: [{
        code: "gate-forced",
        message: `The gate refused and was overridden: ${failed(decision).join(", ")}; reason kept: ${decision.reason}`,
      }],
    }),
    next: [isDefault ? "task api" : `task api -- --model-uri models:/${name}@${alias}`, "task mlflow-ui"],
  };
}

function refusal(decision: Decision, isForced: boolean, holder: string | undefined): CommandResult {
  const { run, name, alias } = decision;
  const names = failed(decision).join(", ");
  const stays = holder === undefined ? `${name}@${alias} stays unset` : `${name}@${alias} stays at version ${holder}`;
  return {
    json: {
      name,
      version: null,
      alias: null,
      runId: run.info.runId,
      previousVersion: holder ?? null,
      gate: gateObject(decision),
    },
    text: registerSummary({ ...decision, outcome: stays }),
    error: new DomainError("gate-refused", `The gate refused run '${run.info.runId}': ${names}; ${stays}`, {
      hint: isForced
        ? "--force cannot pass over a missing evaluation: track it again"
        : 'Track a better run, or promote it all the same with --force --reason "…"',
    }),
  };
}

function failed({ checks }: Decision): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}
