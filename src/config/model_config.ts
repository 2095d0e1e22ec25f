import { z } from "zod";
import { FEWEST_TELLING_BLOCKS, HORIZONS, MODEL_FAMILIES, parseInstant } from "../core/mod.ts";
import { configJsonSchema, loadSettings } from "./load.ts";

/** Where the settings of `track` are read from by default. */
export const MODEL_CONFIG_PATH = "config/model.json";

/** Whether the text is what `parseInstant` takes. */
function isInstant(text: string): boolean {
  try {
    return Number.isFinite(parseInstant(text));
  } catch {
    return false;
  }
}

const count = z.int().positive();
const share = z.number().gt(0).lt(1);
const monotone = z.record(z.string(), z.union([z.literal(1), z.literal(-1)])).default({});
// Smaller gradients vanish beside AdamW's epsilon, and nothing is learnt without a word.
const weight = z.number().nonnegative().max(1000).refine(
  (value) => value === 0 || value >= 1e-3,
  "must be 0 or from 0.001 on",
);

/** Settings that all networks have, with their usual values. */
function networkKeys(
  usual: {
    readonly keep: "best" | "last";
    readonly members: number;
    readonly hidden: number[];
    readonly epochs: number;
    readonly batchSize: number;
  },
) {
  return {
    members: count.max(16).default(usual.members).describe(
      "Networks trained from different seeds, whose outputs are averaged",
    ),
    hidden: z.array(count.max(512)).min(1).max(4).default(usual.hidden).describe("Units of the hidden layers"),
    epochs: count.default(usual.epochs).describe("Most epochs"),
    batchSize: count.max(65536).default(usual.batchSize),
    keep: z.enum(["best", "last"]).default(usual.keep)
      .describe("Weights of the epoch with the best validation loss, or of the last, which a cosine has annealed"),
    learningRate: z.number().positive().max(0.1).default(0.001),
    weightDecay: z.number().nonnegative().max(10).default(0).describe(
      "Decoupled weight decay of AdamW, on kernels alone",
    ),
    correctionBound: z.number().positive().max(5).default(1).describe("Largest |ln σ² − HAR|"),
    lossWeights: z.strictObject({
      direction: weight.default(1),
      volatility: weight.default(1),
      quantiles: weight.default(1),
    }).refine((weights) => Object.values(weights).some((value) => value > 0), "must not all be 0").prefault({}),
  };
}

const patience = (usual: number) =>
  count.default(usual).describe("Epochs without a better validation loss before training stops");
const clipNorm = (usual: number | null) =>
  z.number().min(1e-4).nullable().default(usual).describe("Largest norm of a step's gradient; null: any");
const schedule = (usual: { readonly kind: "plateau" | "cosine"; readonly warmUpSteps: number }) =>
  z.strictObject({
    kind: z.enum(["plateau", "cosine", "constant"]).default(usual.kind)
      .describe("Learning rate after the warm-up: halved on plateaus, along a cosine to zero, or as it is"),
    warmUpSteps: z.int().nonnegative().default(usual.warmUpSteps).describe("Steps over which the rate rises from zero"),
  }).prefault({});

/** Schema of `config/model.json`; every key has a default. */
export const MODEL_CONFIG_SCHEMA = z.strictObject({
  experiment: z.string().min(1).default("bitcoin").describe("Experiment of runs without --experiment"),
  exchange: z.string().regex(/^[a-z0-9]+$/, "must be an exchange name of ccxt, in lower case").default("binance"),
  symbol: z.string().min(1).default("BTC/USDT").describe("Unified symbol"),
  model: z.enum(MODEL_FAMILIES).default("mlp").describe("Model family without --model"),
  horizonMinutes: z.union(HORIZONS.map((minutes) => z.literal(minutes)), {
    error: `It must be one of ${HORIZONS.join(", ")}`,
  }).default(15)
    .describe("Horizon without --horizon, minutes"),
  seed: z.int().min(1).max(2147483647).default(1).describe("Seed of weights and shuffles without --seed"),
  minimumDays: count.default(30).describe("Fewest days that a model is trained and scored on"),
  mlp: z.strictObject({
    ...networkKeys({ keep: "last", members: 4, hidden: [64, 64], epochs: 6, batchSize: 1024 }),
    patience: patience(6),
    clipNorm: clipNorm(null),
    schedule: schedule({ kind: "cosine", warmUpSteps: 50 }),
    engine: z.enum(["fused", "tensors"]).default("fused")
      .describe("What computes gradients: the SIMD step, or tfjs; they agree to 1e-5"),
    rowStride: count.max(60).default(3).describe("An epoch takes every n-th minute, the phase rotating"),
  }).prefault({}),
  gbdt: z.strictObject({
    trees: count.max(5000).default(600).describe("Most trees of a head"),
    learningRate: z.number().gt(0).max(1).default(0.05).describe("Share of each leaf's step that is taken"),
    maxLeaves: count.min(2).max(1024).default(15).describe("Most leaves of a tree"),
    maxDepth: z.int().nonnegative().max(64).default(0).describe("Most splits between root and leaf; 0: any"),
    minLeafRows: count.default(200).describe("Fewest rows of a leaf"),
    minLeafHessian: z.number().positive().default(0.001).describe("Least hessian of a leaf"),
    minGain: z.number().nonnegative().default(0).describe("Least gain of a split"),
    l2: z.number().nonnegative().default(10).describe("Added to each leaf's hessian"),
    rowFraction: z.number().gt(0).max(1).default(0.7).describe("Share of the rows that a tree sees"),
    columnFraction: z.number().gt(0).max(1).default(0.7).describe("Share of the features that a tree may split on"),
    maxBins: count.min(2).max(255).default(255).describe("Most bins of a feature"),
    patience: count.default(50).describe("Trees without a better validation loss before growing stops"),
    everyMinutes: count.max(60).default(3).describe(
      "Trees are grown on the rows of every n-th minute, the phase rotating",
    ),
    correctionBound: z.number().positive().max(5).default(1).describe("Largest |ln σ² − HAR|"),
    monotone: z.strictObject({ direction: monotone, volatility: monotone }).prefault({})
      .describe("By head and feature, 1 or -1: the way the forecast may go as the feature rises"),
  }).prefault({}),
  linear: z.strictObject({
    everyMinutes: count.max(60).default(3)
      .describe(
        "Lines are fitted on the rows of every n-th minute; minutes that are multiples of five are unlike others",
      ),
    l2: z.strictObject({
      direction: z.number().nonnegative().default(0.025)
        .describe("A minute of the horizon, as labels overlap; also of the line that mlp and gbdt start at"),
      volatility: z.number().nonnegative().default(0.01),
    }).prefault({}).describe("Penalty of the squared coefficients of standardised inputs"),
    correctionBound: z.number().positive().max(5).default(1).describe("Largest |ln σ² − HAR|"),
  }).prefault({}),
  sequence: z.strictObject({
    ...networkKeys({ keep: "best", members: 1, hidden: [32], epochs: 20, batchSize: 512 }),
    patience: patience(4),
    clipNorm: clipNorm(1),
    schedule: schedule({ kind: "plateau", warmUpSteps: 100 }),
    units: count.max(256).default(32).describe("Channels of a convolution, or units of the recurrent state"),
    everyMinutes: count.max(1440).default(15)
      .describe("Training rows are every n-th minute, the phase rotating, more where that would leave less than 8192"),
  }).prefault({}).describe("Networks that read the last hour minute by minute: pyramid, tcn, gru"),
  evaluation: z.strictObject({
    split: z.strictObject({
      kind: z.enum(["walk-forward", "chronological", "shuffled"]).default("walk-forward")
        .describe("How rows are split; shuffled rows leak the future into training and are refused"),
      trainDays: count.max(3650).default(180)
        .describe("Walk-forward: days of a training span; at a day's horizon at least 365 where there are"),
      stepDays: count.max(365).default(30).describe("Walk-forward: days from one test span to the next"),
      folds: count.nullable().default(null).describe("Walk-forward: the last so many steps alone; null: all"),
      testShare: share.default(0.25).describe("Chronological: newest part of the range, scored; --quick takes half"),
      validationShare: share.max(0.5).default(0.125)
        .describe("Last part of a training span: early stopping, shrinking, calibration"),
      embargoMinutes: z.int().nonnegative().max(43200).default(0)
        .describe("Minutes that a training label must end before what is scored"),
    }).prefault({}),
    holdout: z.strictObject({
      start: z.string().refine(isInstant, "must be a date or an instant, as 2024-01-01").nullable().default(null)
        .describe("First moment that is sealed: no run reads from there on but one that opens it; null: nothing is"),
    }).prefault({}),
    blockDays: count.default(5).describe(
      "Consecutive days that are resampled together; --quick takes one where that leaves few",
    ),
    resamples: count.min(100).default(2000),
  }).prefault({}),
  gate: z.strictObject({
    primary: z.enum(["qlike", "pinball"]).default("qlike")
      .describe("Score that must be better than that of climatology and EWMA"),
    margins: z.strictObject({
      qlike: z.number().nonnegative().default(0.01).describe("QLIKE against HAR-X"),
      logLoss: z.number().nonnegative().default(0.0005).describe("Log-loss against the better simple direction"),
      pinballShare: z.number().nonnegative().default(0.01).describe("Pinball against HAR-X, as a share of its"),
    }).prefault({}),
    coverage90: z.tuple([share, share]).default([0.85, 0.95]),
    minimumBlocks: count.default(FEWEST_TELLING_BLOCKS).describe("Fewer blocks of days than this prove nothing"),
  }).prefault({}),
});

/** Settings of `track`, all resolved. */
export type ModelConfig = z.output<typeof MODEL_CONFIG_SCHEMA>;

/** The settings in `path`, or the usual ones. @throws {DomainError} `config-invalid` naming file, key and value. */
export function loadModelConfig(path?: string): Promise<ModelConfig> {
  return loadSettings(path, {
    path: MODEL_CONFIG_PATH,
    schema: MODEL_CONFIG_SCHEMA,
    carried: async () => (await import("../../config/model.json", { with: { type: "json" } })).default,
  });
}

/** The JSON schema beside the config file, for editors; `$schema` itself is allowed in the file. */
export function modelConfigJsonSchema(): Record<string, unknown> {
  return configJsonSchema(MODEL_CONFIG_SCHEMA);
}
