import { assignSettings } from "../../config/assign_settings.ts";
import { MODEL_CONFIG_SCHEMA, type ModelConfig } from "../../config/model_config.ts";
import { MOST_TRIALS, type SweepConfig } from "../../config/sweep_config.ts";
import { DomainError, isDomainError } from "../../core/mod.ts";
import { requireOneSet, requireRead } from "./family_settings.ts";
import { type Rung, rungsOf } from "./halving.ts";
import {
  type Assignment,
  type Dimension,
  gridOf,
  gridSize,
  randomAssignments,
  type SearchSpace,
} from "./search_space.ts";

/** Spends days of training on trials in place of a setting. */
export const TRAINING_DAYS = "trainingDays";

/** Settings that choose the rows or how they are scored: trials that differ in one cannot be compared. */
const NOT_VARIED = /^(experiment|exchange|symbol|horizonMinutes|minimumDays|evaluation\..+|gate\..+)$/;

/** One combination of settings. */
export interface PlannedTrial {
  /** From 1. */
  readonly number: number;
  /** The settings that vary, by path. */
  readonly assignment: Assignment;
  /** All settings, checked. */
  readonly config: ModelConfig;
}

/** A sweep whose every trial has been checked. */
export interface SweepPlan {
  readonly config: SweepConfig;
  /** Settings that all trials start from. */
  readonly base: ModelConfig;
  readonly trials: readonly PlannedTrial[];
  /** One without a budget, but for halving. */
  readonly rungs: readonly (Omit<Rung, "budget"> & { readonly budget: number | undefined })[];
}

/**
 * The settings that a sweep starts from: the configuration with the sweep's `base`, and the family of `--model` before
 * either.
 *
 * @throws {DomainError} `config-invalid`.
 */
export function sweepBase({ base }: SweepConfig, config: ModelConfig, path: string, family?: string): ModelConfig {
  const asked = family === undefined ? {} : { model: family };
  return assignSettings(config, { ...base, ...asked }, { path, schema: MODEL_CONFIG_SCHEMA });
}

/**
 * Draws the trials of a sweep and checks each against the schema of the configuration, before any of them is run.
 *
 * @param path of the sweep's file, for messages.
 * @throws {DomainError} `config-invalid` naming the file, the setting and its value, or the family that does not read it.
 */
export function planSweep(config: SweepConfig, base: ModelConfig, path: string): SweepPlan {
  const options = { path, schema: MODEL_CONFIG_SCHEMA };
  const space = searchSpaceOf(config);
  const { budget } = config;
  if (budget !== undefined && NOT_VARIED.test(budget.key)) throw notVaried(budget.key, path);
  for (const name of Object.keys(space)) {
    if (NOT_VARIED.test(name)) throw notVaried(name, path);
    if (name === budget?.key) throw invalid(path, `its budget is spent on '${name}', which is in its space too`);
  }
  // The ends first: a draw may miss a value that the schema refuses.
  for (const [name, dimension] of Object.entries(space)) {
    const values = dimension.kind === "choice" ? dimension.values : [dimension.low, dimension.high];
    for (const value of values) assignSettings(base, { [name]: value }, options);
    requireFractions(name, dimension, base, path);
  }
  if (budget !== undefined && budget.key !== TRAINING_DAYS) {
    for (const value of [budget.min, budget.max]) assignSettings(base, { [budget.key]: value }, options);
  }
  const assignments = assignmentsOf(config, space, path);
  const trials = assignments.map((assignment, i): PlannedTrial => ({
    number: i + 1,
    assignment,
    config: assignSettings(base, assignment, options),
  }));
  const families = [...new Set(trials.map(({ config }) => config.model))];
  requireRead({ varied: Object.keys(space), budget: budget?.key, families, path });
  requireOneSet(families, path);
  return {
    config,
    base,
    trials,
    rungs: budget === undefined
      ? [{ trials: assignments.length, budget: undefined }]
      : rungsOf(assignments.length, { minBudget: budget.min, maxBudget: budget.max, factor: budget.factor }),
  };
}

/** A trial's settings with what a rung spends on it. */
export function withBudget({ config }: PlannedTrial, sweep: SweepConfig, budget: number | undefined): ModelConfig {
  if (budget === undefined || sweep.budget!.key === TRAINING_DAYS) return config;
  return assignSettings(config, { [sweep.budget!.key]: budget }, { path: "the sweep", schema: MODEL_CONFIG_SCHEMA });
}

function searchSpaceOf({ space }: SweepConfig): SearchSpace {
  return Object.fromEntries(
    Object.entries(space).map(([name, dimension]): [string, Dimension] => [
      name,
      Array.isArray(dimension)
        ? { kind: "choice", values: dimension as Extract<Dimension, { kind: "choice" }>["values"] }
        : { kind: "range", ...dimension },
    ]),
  );
}

/** Refuses to draw fractions for a setting of whole numbers. @throws {DomainError} `config-invalid` saying what to write. */
function requireFractions(name: string, dimension: Dimension, base: ModelConfig, path: string): void {
  if (dimension.kind !== "range" || dimension.integer) return;
  const { low, high } = dimension, between = low + (high - low) / Math.SQRT2;
  const isTaken = (value: number) => {
    try {
      assignSettings(base, { [name]: value }, { path, schema: MODEL_CONFIG_SCHEMA });
      return true;
    } catch (error) {
      if (isDomainError(error, "config-invalid")) return false;
      throw error;
    }
  };
  const isWhole = Number.isInteger(low) && Number.isInteger(high) && isTaken(Math.round(between));
  if (!isWhole || isTaken(between)) return;
  throw new DomainError(
    "config-invalid",
    `Cannot draw fractions for '${name}' in '${path}', which takes whole numbers`,
    {
      hint: `Add "integer": true to its range from ${low} to ${high}`,
    },
  );
}

function assignmentsOf({ kind, trials, seed }: SweepConfig, space: SearchSpace, path: string): Assignment[] {
  if (kind !== "grid") return randomAssignments(space, trials!, seed);
  const range = Object.entries(space).find(([, dimension]) => dimension.kind === "range")?.[0];
  if (range !== undefined) throw invalid(path, `a grid tries every value, and 'space.${range}' is a range`);
  const size = gridSize(space)!;
  if (size > MOST_TRIALS) {
    throw invalid(path, `its grid has ${size} combinations, and ${MOST_TRIALS} trials are the most`);
  }
  return gridOf(space);
}

function invalid(path: string, reason: string): DomainError {
  return new DomainError("config-invalid", `Cannot run the sweep in '${path}' as ${reason}`, {
    hint: "Take kind random with a number of trials, or list fewer values; see docs/sweeps.md",
  });
}

function notVaried(name: string, path: string): DomainError {
  return new DomainError(
    "config-invalid",
    `Cannot vary '${name}' in '${path}' as its trials would be scored on other rows, or in another way, than each other`,
    { hint: "Set it for all trials in base, and run a sweep for each value" },
  );
}
