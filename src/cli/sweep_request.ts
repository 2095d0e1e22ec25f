import { z } from "zod";
import { loadModelConfig, MODEL_CONFIG_SCHEMA, type ModelConfig } from "../config/model_config.ts";
import { loadSweepConfig, SWEEP_CONFIG_SCHEMA, type SweepConfig } from "../config/sweep_config.ts";
import { DomainError, isDomainError, type Run, toIso, type Tracker } from "../core/mod.ts";
import type { CommandContext, OptionValues } from "./command.ts";

/** File of a sweep's parent run: what was asked, so that it can be gone on with. */
export const REQUEST_FILE = "sweep/request.json";

/** Options that decide what a sweep does; a sweep that goes on takes those that it began with. */
const DECIDING = ["sweep", "config", "model", "horizon", "since", "until", "seed", "quick", "experiment"] as const;

const REQUEST_SCHEMA = z.strictObject({
  file: z.string(),
  sweep: SWEEP_CONFIG_SCHEMA,
  config: MODEL_CONFIG_SCHEMA,
  options: z.strictObject({
    model: z.string().nullable(),
    horizon: z.string().nullable(),
    since: z.string(),
    until: z.string(),
    seed: z.number().nullable(),
    quick: z.boolean(),
  }),
});

/** What is asked of `track --sweep`. */
export interface SweepRequest {
  /** Path of the sweep's file, for messages. */
  readonly file: string;
  readonly sweep: SweepConfig;
  /** Settings before the sweep's `base`. */
  readonly config: ModelConfig;
  readonly options: OptionValues;
  /** Parent run of the sweep that goes on. */
  readonly parent?: Run;
}

/** The sweep in the file of `--sweep`. @throws {DomainError} `config-invalid`, `usage`. */
export async function requestOf({ options }: CommandContext): Promise<SweepRequest> {
  const file = options.string("sweep")!, sweep = await loadSweepConfig(file);
  for (const [option, path] of [["seed", "seed"], ["model", "model"]] as const) {
    const isGiven = option === "seed" ? options.number(option) !== undefined : options.string(option) !== undefined;
    if (!isGiven || sweep.space[path] === undefined) continue;
    throw new DomainError("usage", `--${option} sets what the sweep in '${file}' varies`, {
      hint: `Leave --${option} out, or take '${path}' out of its space`,
    });
  }
  return { file, sweep, config: await loadModelConfig(options.string("config")), options };
}

/** A request as its parent run keeps it, with the range that it resolved to. */
export function encodeRequest(
  { file, sweep, config, options }: SweepRequest,
  range: { readonly startMs: number; readonly endMs: number },
): Uint8Array {
  const request: z.input<typeof REQUEST_SCHEMA> = {
    file,
    sweep,
    config: config as z.input<typeof MODEL_CONFIG_SCHEMA>,
    options: {
      model: options.string("model") ?? null,
      horizon: options.string("horizon") ?? null,
      since: toIso(range.startMs),
      until: toIso(range.endMs),
      seed: options.number("seed") ?? null,
      quick: options.boolean("quick"),
    },
  };
  return new TextEncoder().encode(`${JSON.stringify(request, null, 1)}\n`);
}

/**
 * The sweep of `--resume`, as it was asked.
 *
 * @throws {DomainError} `usage` where options say otherwise, `not-found` where there is no such run or it is deleted,
 *   `input-invalid` where it is no sweep or has ended.
 */
export async function requestOfParent({ options }: CommandContext, tracker: Tracker): Promise<SweepRequest> {
  const runId = options.string("resume")!;
  const given = DECIDING.find((name) =>
    name === "seed"
      ? options.number(name) !== undefined
      : name === "quick"
      ? options.boolean(name)
      : options.string(name)
  );
  if (given !== undefined) {
    throw new DomainError("usage", `--resume goes on with what sweep '${runId}' began with, --${given} among it`, {
      hint: `Leave --${given} out`,
    });
  }
  const parent = await sweepParent(tracker, runId);
  let request: z.output<typeof REQUEST_SCHEMA>;
  try {
    const bytes = await tracker.readArtifact({ runId }, REQUEST_FILE);
    request = REQUEST_SCHEMA.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new DomainError("input-invalid", `Cannot go on with sweep '${runId}' as its '${REQUEST_FILE}' is damaged`, {
      hint: "Start it anew with: task track -- --sweep FILE",
      cause: error,
    });
  }
  const { options: stored, ...rest } = request;
  return { ...rest, options: storedOptions(stored, options), parent };
}

async function sweepParent(tracker: Tracker, runId: string): Promise<Run> {
  const { SWEEP_TAGS, tagOf } = await import("../ml/sweeps/mod.ts");
  let run: Run;
  try {
    run = await tracker.getRun(runId);
  } catch (error) {
    if (!isDomainError(error, "not-found", "input-invalid")) throw error;
    throw new DomainError("not-found", `Cannot find sweep '${runId}' at ${tracker.uri}`, {
      hint: "Find its parent run with: task mlflow-ui",
      cause: error,
    });
  }
  if (run.info.lifecycleStage === "deleted") {
    throw new DomainError("not-found", `Cannot go on with sweep '${runId}' as its run was deleted`, {
      hint: "Restore it in MLflow, or start the sweep anew with: task track -- --sweep FILE",
    });
  }
  const reason = tagOf(run, SWEEP_TAGS.kind) === undefined
    ? "is not the parent run of a sweep"
    : run.info.status === "FINISHED"
    ? "has finished"
    : undefined;
  if (reason === undefined) return run;
  throw new DomainError("input-invalid", `Cannot go on with run '${runId}' as it ${reason}`, {
    hint: "Name a sweep that was stopped, or start one with: task track -- --sweep FILE",
  });
}

/** The options that a sweep began with, and those of now that decide nothing of it. */
function storedOptions(stored: z.output<typeof REQUEST_SCHEMA>["options"], now: OptionValues): OptionValues {
  const texts: Readonly<Record<string, string | null>> = {
    model: stored.model,
    horizon: stored.horizon,
    since: stored.since,
    until: stored.until,
  };
  return {
    string: (name) => name in texts ? texts[name] ?? undefined : now.string(name),
    strings: (name) => now.strings(name),
    number: (name) => name === "seed" ? stored.seed ?? undefined : now.number(name),
    boolean: (name) => name === "quick" ? stored.quick : now.boolean(name),
  };
}
