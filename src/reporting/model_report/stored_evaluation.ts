import { z } from "zod";
import { LEAK_CHECKS_FILE } from "../../core/mod.ts";

/** A figure that could not be told is null. */
const FIGURE = z.number().nullable();
const SCORES = z.record(z.string(), FIGURE);
const SPAN = z.object({ startMs: z.number(), endMs: z.number() });
const INTERVAL = { mean: FIGURE, low: FIGURE, high: FIGURE };
// A run of an older program does not say on how many blocks a group's interval rests: nothing is read from it then.
const GAIN = z.object({ loss: z.string(), baseline: z.string(), ...INTERVAL, blocks: z.number().default(0) });
const GROUP = z.object({ name: z.string(), rows: z.number(), scores: SCORES, gains: z.array(GAIN) });
const LINE = z.object({
  slope: z.number(),
  intercept: z.number(),
  standardErrors: z.object({ slope: FIGURE, intercept: FIGURE }),
});

/** The parts of `evaluation/summary.json` that a report shows; a run of an older program lacks them. */
const EVALUATION = z.object({
  days: z.number(),
  blockDays: z.number(),
  blocks: z.number(),
  model: SCORES,
  adaptive: SCORES,
  calibration: z.object({ line: LINE.nullable() }),
  money: z.object({
    costCurve: z.array(z.object({ costBps: z.number(), meanDailyBps: FIGURE, sharpe: FIGURE })),
    breakEvenCostBps: FIGURE,
    roundTripsPerDay: FIGURE,
    probabilisticSharpe: FIGURE,
    deflatedSharpe: FIGURE,
    // Runs before trials were counted have none.
    trials: z.object({ count: z.number(), known: z.number() }).nullish(),
  }),
  folds: z.array(GROUP.extend({ index: z.number(), train: SPAN, test: SPAN })),
  years: z.array(GROUP),
  months: z.array(GROUP),
  hours: z.array(GROUP),
  weakSpots: z.object({
    looked: z.number(),
    expectedByChance: z.number(),
    found: z.array(GAIN.extend({ kind: z.string(), name: z.string(), rows: z.number() })),
  }),
});

/** `evaluation/leak_checks.json`. */
const LEAK_CHECKS = z.object({
  checks: z.array(z.object({
    name: z.string(),
    figure: z.string(),
    passed: z.boolean(),
    skipped: z.boolean(),
    value: FIGURE,
    limit: FIGURE,
    reason: z.string(),
  })),
});

/** `evaluation/ablation.json`. */
const ABLATION = z.object({
  rows: z.number(),
  whole: SCORES,
  parts: z.array(z.object({
    part: z.string(),
    folds: z.number(),
    scores: SCORES,
    gains: z.array(z.object({ loss: z.string(), ...INTERVAL })),
  })),
});

const RANKING = z.array(z.object({ feature: z.string(), value: FIGURE }));

/** `importance.json`. */
const IMPORTANCE = z.object({
  permutation: z.object({ logLoss: RANKING, qlike: RANKING }),
  gain: z.object({ direction: RANKING, volatility: RANKING }).optional(),
});

/** `sweep.json` of a sweep's parent run. */
const SWEEP = z.object({
  objective: z.string(),
  trialsEver: z.number(),
  best: z.number(),
  trials: z.array(z.object({
    number: z.number(),
    assignment: z.record(z.string(), z.unknown()),
    status: z.string(),
    loss: FIGURE,
    scores: z.object({ logLoss: FIGURE, qlike: FIGURE, pinball: FIGURE }).nullable(),
    difference: z.object(INTERVAL).nullable(),
  })),
});

/** What a run keeps of its evaluation. */
export type StoredEvaluation = z.infer<typeof EVALUATION>;
/** Scores of a month, an hour, a year or a step. */
export type StoredGroup = z.infer<typeof GROUP>;
/** A check of the leak firewall. */
export type StoredLeakCheck = z.infer<typeof LEAK_CHECKS>["checks"][number];
/** What each part of a model brings. */
export type StoredAblation = z.infer<typeof ABLATION>;
/** How much features matter. */
export type StoredImportance = z.infer<typeof IMPORTANCE>;
/** Features with their values, most important first. */
export type StoredRanking = z.infer<typeof RANKING>;
/** What a sweep has tried. */
export type StoredSweep = z.infer<typeof SWEEP>;

/** The files that a report reads beside the forecasts: whose run lacks one, or has one of another shape, lacks its part. */
export interface StoredParts {
  readonly evaluation: StoredEvaluation | undefined;
  readonly leakChecks: readonly StoredLeakCheck[] | undefined;
  readonly ablation: StoredAblation | undefined;
  readonly importance: StoredImportance | undefined;
  readonly sweep: StoredSweep | undefined;
}

/** The same with what could not be read. */
export interface StoredFiles extends StoredParts {
  /** Parts whose file is there, but is no JSON or of another shape. */
  readonly damaged: ReadonlySet<keyof StoredParts>;
}

/** Where the parts are kept, and what a report calls them. */
export const STORED_FILES: Readonly<Record<keyof StoredParts, { readonly path: string; readonly what: string }>> = {
  evaluation: { path: "evaluation/summary.json", what: "scores by step, year and hour, and the cost of trading" },
  leakChecks: { path: LEAK_CHECKS_FILE, what: "leak checks" },
  ablation: { path: "evaluation/ablation.json", what: "what each part of the model brings" },
  importance: { path: "importance.json", what: "importance of features" },
  sweep: { path: "sweep.json", what: "trials of a sweep" },
};

/** Reads what there is by a function that gives a file's bytes. */
export async function readStoredFiles(
  read: (path: string) => Promise<Uint8Array | undefined>,
): Promise<StoredFiles> {
  const damaged = new Set<keyof StoredParts>();
  const part = async <T>(name: keyof StoredParts, schema: z.ZodType<T>) => {
    const bytes = await read(STORED_FILES[name].path);
    if (bytes === undefined) return undefined;
    const { success, data } = schema.safeParse(jsonOf(bytes));
    if (!success) damaged.add(name);
    return data;
  };
  return {
    evaluation: await part("evaluation", EVALUATION),
    leakChecks: (await part("leakChecks", LEAK_CHECKS))?.checks,
    ablation: await part("ablation", ABLATION),
    importance: await part("importance", IMPORTANCE),
    sweep: await part("sweep", SWEEP),
    damaged,
  };
}

/** Whether a metric is shown in the sections that are made of these files. */
export function isShownPart(key: string, { evaluation, ablation }: StoredFiles): boolean {
  if (ablation !== undefined && key.startsWith("ablation_")) return true;
  return evaluation !== undefined &&
    /^(adaptive_|sharpe_cost_|break_even_cost_bps$|round_trips_per_day$|probabilistic_sharpe$|deflated_sharpe$|calibration_)/
      .test(key);
}

/** Anyone may have written the file: what is no JSON is nothing. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
