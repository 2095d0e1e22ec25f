import { z } from "zod";
import { configJsonSchema, loadConfig } from "./load.ts";

/** More trials than this are more than a sweep of minutes, and more luck than a best of them can bear. */
export const MOST_TRIALS = 1000;

/** A value of a setting: what JSON can hold but for objects, whose members are settings of their own. */
const settingValue = z.json().refine(
  (value) => typeof value !== "object" || value === null || Array.isArray(value),
  "must not be an object: name its members by their own paths",
).describe("Value of a setting");

const range = z.strictObject({
  low: z.number().describe("Least value, included"),
  high: z.number().describe("Greatest value, included"),
  log: z.boolean().default(false).describe("Drawn evenly in the logarithm"),
  integer: z.boolean().default(false).describe("Whole numbers alone"),
}).refine(({ low, high }) => low < high, "must have its low below its high")
  .refine(({ low, log }) => !log || low > 0, "must have its low above 0 where it is drawn in the logarithm")
  .refine(({ low, high, integer }) => !integer || Number.isInteger(low) && Number.isInteger(high), {
    message: "must end at whole numbers",
  });

const dimension = z.union([z.array(settingValue).min(1), range], {
  error: ({ input }) =>
    range.safeParse(input).error?.issues.find(({ code }) => code === "custom")?.message ??
      'must be a list of values, or a range {"low": …, "high": …, "log": …, "integer": …}',
});

/** Schema of `config/sweeps/*.json`. */
export const SWEEP_CONFIG_SCHEMA = z.strictObject({
  kind: z.enum(["grid", "random", "halving"])
    .describe("Every combination; trials drawn at random; or those, of which the worse ones are pruned early"),
  trials: z.int().positive().max(MOST_TRIALS).optional().describe("Trials that are drawn: random and halving"),
  seed: z.int().min(1).max(2147483647).default(1).describe("Seed of the draw"),
  objective: z.enum(["loss", "qlike", "log_loss", "pinball"]).default("loss").describe(
    "What the best trial has least of, on the validation rows; loss: all three by the weights of mlp.lossWeights",
  ),
  budget: z.strictObject({
    key: z.string().default("mlp.epochs").describe(
      "A setting by its path, or trainingDays: days before the validation",
    ),
    min: z.int().positive().describe("What every trial gets"),
    max: z.int().positive().describe("What the last trials get"),
    factor: z.number().min(2).max(10).default(3).describe("Of each rung, one in so many goes on"),
  }).refine(({ min, max }) => min < max, "must have its min below its max").optional()
    .describe("What halving spends on its trials"),
  base: z.record(z.string(), settingValue).default({}).describe("Settings of every trial, by path"),
  space: z.record(z.string(), dimension)
    .refine((space) => Object.keys(space).length > 0, "must have a setting to vary")
    .describe("Values to try, by the path of the setting in config/model.json: a list, or a range"),
}).superRefine(({ kind, trials, budget }, context) => {
  const refuse = (path: string, message: string, input: unknown) =>
    context.addIssue({ code: "custom", path: [path], message, input });
  if (kind === "grid" && trials !== undefined) {
    refuse("trials", "must be left out of a grid, which has as many trials as combinations", trials);
  }
  if (kind !== "grid" && trials === undefined) refuse("trials", `must be given for ${kind}`, trials);
  if (kind === "halving" && budget === undefined) refuse("budget", "must be given for halving", budget);
  if (kind !== "halving" && budget !== undefined) refuse("budget", `must be left out of ${kind}`, budget);
});

/** A sweep as its file has it. */
export type SweepConfig = z.output<typeof SWEEP_CONFIG_SCHEMA>;

/** The sweep in a file. @throws {DomainError} `config-invalid` naming file, key and value. */
export function loadSweepConfig(path: string): Promise<SweepConfig> {
  return loadConfig(path, SWEEP_CONFIG_SCHEMA, "--sweep");
}

/** The JSON schema of a sweep's file, for editors; `$schema` itself is allowed in the file. */
export function sweepConfigJsonSchema(): Record<string, unknown> {
  return configJsonSchema(SWEEP_CONFIG_SCHEMA);
}
