import { DomainError, registeredModelName } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { proveDataset } from "./dataset_proof.ts";
import { rankRuns } from "./rank_runs.ts";
import { registerDeps } from "./register_deps.ts";
import { type Decision, DEFAULT_ALIAS, refusal, success } from "./register_outcome.ts";
import { registeredForecasts } from "./registered_forecasts.ts";
import { rollbackResult } from "./register_rollback.ts";
import { openRegistry, openTracker } from "./runtime.ts";
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
    reason: {
      type: "string",
      value: "TEXT",
      goesWith: ["force", "rollback"],
      description: "Why, with --force or --rollback; kept in the history",
    },
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
  const { checkAliasName, registerRun, rollBack, selectRun } = await import("../MLOps/promotion/mod.ts");
  const config = await loadModelConfig(context.options.string("config"));
  const name = context.options.string("name"), alias = context.options.string("alias") ?? DEFAULT_ALIAS;
  checkAliasName(alias, name);
  await using tracker = await openTracker(context, { create: false });
  await using registry = await openRegistry(context, { tracker });
  const deps = await registerDeps({
    tracker,
    registry,
    config,
    clock: context.clock,
    candles: {
      proveDataset: (run) => proveDataset(context, run),
      forecastWith: registeredForecasts(context, { tracker, config }),
    },
  });
  const by = userName(context), asked = by === undefined ? {} : { by };
  if (context.options.boolean("rollback")) {
    const request = { name: name ?? registeredModelName(15), alias, why: reason!, ...asked };
    return rollbackResult(request, await rollBack(deps, request));
  }
  const experimentName = context.options.string("experiment") ?? context.env("MLFLOW_EXPERIMENT_NAME") ??
    config.experiment;
  const step = (done: number, note: string) => {
    context.progress.update({ stage: "register", done, total: 4, unit: "steps", note });
    context.signal.throwIfAborted();
  };

  step(0, "run");
  const rank = rankRuns(tracker, { ...config.evaluation, margin: config.gate.margins.qlike });
  const wanted = context.options.string("run-id") ?? "latest";
  const { run, unended, check } = await selectRun(tracker, wanted, experimentName, rank);
  const places = { "model files": 1, "evaluation": 2, "version": 3 };
  const { decision, holder, promoted } = await registerRun({ ...deps, onStep: (name) => step(places[name], name) }, {
    run,
    alias,
    ...asked,
    ...(name === undefined ? {} : { name }),
    ...(check === undefined ? {} : { chosenBy: check }),
    ...(reason === undefined ? {} : { forceReason: reason }),
  });
  const found: Decision = { ...decision, unended };
  if (promoted === undefined) return refusal(found, reason !== undefined, holder?.version);
  step(4, "done");
  return success(found, promoted, registry.uri);
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
  return reason;
}
