import { DomainError, HORIZONS, MODEL_FAMILIES, type Warning } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { ENGINE_FLAGS, hasEngineFlags } from "./engine_flags.ts";
import { openTracker } from "./runtime.ts";
import { horizonsAsked, readCandles, requireOneHorizon } from "./track_input.ts";
import { experimentNameOf, trackRun } from "./track_run.ts";

/** Trains and scores a model on stored candles and logs it as a run. */
export const command: Command = {
  summary: "Train and score a model, and log it as a run",
  options: {
    model: {
      type: "string",
      value: "FAMILY",
      description: "Model family; default: config (mlp)",
      choices: MODEL_FAMILIES,
    },
    horizon: {
      type: "string",
      value: "MIN",
      description: "Minutes ahead, several with commas between: a run each under one parent; default: config (15)",
      choices: HORIZONS.map(String),
      isList: true,
    },
    since: { type: "string", value: "DATE", description: "First decision time; default: the store's first candle" },
    until: { type: "string", value: "DATE", description: "End of candles used; default: the store's last candle" },
    experiment: { type: "string", value: "NAME", description: "Experiment; default: MLFLOW_EXPERIMENT_NAME, config" },
    "run-name": { type: "string", value: "NAME", description: "Name of the run; default: family and horizon" },
    seed: { type: "number", value: "N", description: "Seed of weights and shuffles, 1 or more; default: config (1)" },
    tag: { type: "string", value: "K=V", description: "Tag of the run", multiple: true },
    folds: { type: "number", value: "N", description: "Score the last N steps of the walk-forward; default: all" },
    quick: {
      type: "boolean",
      description: "Train on half the range, walk over the rest in steps of an eighth; from 30 days up",
    },
    "check-leaks": { type: "boolean", description: "Look for leaks only: no run is made, a leak is exit 7" },
    "open-holdout": { type: "boolean", description: "Use the sealed holdout too, once; the look is recorded for good" },
    force: {
      type: "boolean",
      goesWith: ["open-holdout"],
      description: "Open a holdout that was opened before; needs --reason",
    },
    reason: {
      type: "string",
      value: "TEXT",
      goesWith: ["open-holdout"],
      description: "Why, with --open-holdout; kept",
    },
    sweep: {
      type: "string",
      value: "FILE",
      isPath: true,
      description: "Try the settings of config/sweeps/FILE, train and score the best; again: go on after a kill",
    },
    resume: { type: "string", value: "ID", description: "Go on with the sweep of this parent run" },
    jobs: {
      type: "number",
      value: "N",
      goesWith: ["sweep", "resume"],
      description: "Trials of a sweep side by side; default and most: the cores",
    },
  },
  examples: [
    { line: "task track", does: "the network on all stored candles, 15 minutes ahead" },
    { line: "task track -- --quick", does: "a first look in seconds" },
    { line: "task track -- --model gbdt", does: "boosted trees in the network's place" },
    { line: "task track -- --model har --horizon 60", does: "the log-HAR line, an hour ahead" },
    { line: "task track -- --horizon 1,5,15,60", does: "a run each of four horizons, on the same candles" },
    { line: "task track -- --sweep config/sweeps/mlp_random.json", does: "sixteen networks, and the best of them" },
    { line: "task track -- --check-leaks", does: "only asks whether features, labels and fits look ahead" },
    { line: "task track -- --model tcn", does: "a network that reads the last hour minute by minute" },
  ],
  run: track,
};

async function track(context: CommandContext): Promise<CommandResult> {
  const startedMs = context.clock.monotonicMs();
  const userTags = readTags(context.options.strings("tag"));
  const { options } = context, warnings: Warning[] = [];
  if (!hasEngineFlags()) {
    warnings.push({
      code: "engine-flags",
      message: `Scores can be wrong in a process without ${ENGINE_FLAGS} (ADR 25)`,
    });
  }
  if (options.string("sweep") !== undefined || options.string("resume") !== undefined) {
    requireOneHorizon(horizonsAsked(options), "a sweep is of one");
    const { trackSweep } = await import("./track_sweep.ts");
    return await trackSweep(context, { startedMs, userTags });
  }
  const horizons = horizonsAsked(options);
  if (options.boolean("check-leaks")) requireOneHorizon(horizons, "--check-leaks looks at one");
  const { loadModelConfig } = await import("../config/model_config.ts");
  const config = await loadModelConfig(options.string("config"));
  const read = await readCandles(context, config, warnings);
  if (options.boolean("check-leaks")) {
    const { trackLeaks } = await import("./track_leaks.ts");
    return { ...await trackLeaks(context, read), warnings };
  }
  await using tracker = await openTracker(context);
  const start = {
    ...{ ...read, warnings, startedMs },
    experimentName: experimentNameOf(context, config),
    tags: userTags,
  };
  if (horizons.length < 2) return await trackRun(context, tracker, start);
  const { trackHorizons } = await import("./track_horizons.ts");
  return await trackHorizons(context, tracker, horizons, start);
}

function readTags(texts: readonly string[]): { key: string; value: string }[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) {
      throw new DomainError("usage", `--tag must be key=value: current value is '${text}'`);
    }
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });
}
