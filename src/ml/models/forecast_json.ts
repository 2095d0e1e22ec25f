import { z } from "zod";
import { DomainError, MODEL_FAMILIES, QUANTILE_LEVELS, toIso } from "../../core/mod.ts";
import type { ForecastSpec } from "./forecast_spec.ts";

const finite = z.number();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();
const nine = z.array(finite).length(QUANTILE_LEVELS.length);
const range = z.strictObject({ start: instant, end: instant });
const signCells = { feature: z.string(), logits: z.strictObject({ down: finite, none: finite, up: finite }) };
const correction = { bound: finite, shrink: finite, level: finite.exactOptional() };
const share = finite.min(0).max(1);
const logisticLine = z.strictObject({ share, intercept: finite, weights: z.array(finite) });
const plainDirection = { ...signCells, line: logisticLine.exactOptional() };
const harLine = {
  features: z.array(z.string()).min(1),
  fallback: z.string(),
  intercept: finite,
  coefficients: z.array(finite).min(1),
  hourLevels: z.array(finite).length(24).exactOptional(),
  weekdayLevels: z.array(finite).length(7).exactOptional(),
};

/** `forecast.json`: everything that decides a forecast but for networks and trees, and the proofs of it. */
const SCHEMA = z.strictObject({
  formatVersion: z.literal(1),
  family: z.enum(MODEL_FAMILIES),
  horizonMinutes: z.int().positive(),
  featureNames: z.array(z.string()).min(1),
  featureSetDigest: sha256,
  quantileLevels: nine,
  nullable: z.array(z.boolean()),
  scaler: z.strictObject({
    transforms: z.array(z.enum(["identity", "log"])),
    means: z.array(finite),
    scales: z.array(finite),
    clip: finite,
    flagged: z.array(z.int().nonnegative()).exactOptional(),
  }).nullable(),
  heads: z.strictObject({
    direction: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("constant"), logit: finite }),
      z.strictObject({ kind: z.literal("sign"), ...signCells }),
      z.strictObject({ kind: z.literal("line"), ...signCells, line: logisticLine }),
      z.strictObject({ kind: z.literal("sign-network"), shrink: finite.exactOptional(), ...plainDirection }),
      z.strictObject({ kind: z.literal("sign-trees"), shrink: finite, ...plainDirection }),
      z.strictObject({
        kind: z.literal("sign-linear"),
        ...{ shrink: finite, intercept: finite, weights: z.array(finite) },
        ...signCells,
      }),
    ]),
    volatility: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("constant"), logVariance: finite }),
      z.strictObject({ kind: z.literal("har"), ...harLine }),
      z.strictObject({ kind: z.literal("har-network"), ...correction, ...harLine }),
      z.strictObject({ kind: z.literal("har-trees"), ...correction, ...harLine }),
      z.strictObject({
        kind: z.literal("har-linear"),
        weights: z.array(finite),
        ...correction,
        ...harLine,
      }),
    ]),
    quantiles: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("standardized"), values: nine }),
      z.strictObject({ kind: z.literal("network") }),
    ]),
  }),
  calibration: z.strictObject({
    logit: z.strictObject({ slope: finite, intercept: finite }),
    quantileMultipliers: nine,
  }),
  trainingRanges: z.strictObject({ train: range, validation: range.nullable() }),
  referenceHistograms: z.array(z.strictObject({
    feature: z.string(),
    edges: z.array(finite),
    counts: z.array(z.int()),
    missing: z.int(),
    // Not in models that were logged before they were kept.
    min: finite.exactOptional(),
    max: finite.exactOptional(),
  })),
  golden: z.strictObject({
    /** Raw feature rows; null where missing. */
    inputs: z.array(z.array(finite.nullable())).min(1),
    outputs: z.strictObject({
      probabilityUp: z.array(finite),
      volatilityBps: z.array(finite),
      quantilesBps: z.array(nine),
    }),
  }),
  files: z.record(z.string(), sha256),
});

/** The proofs in `forecast.json`. */
export type Golden = z.infer<typeof SCHEMA>["golden"];

/** A read `forecast.json`. */
export interface ForecastDocument {
  readonly spec: ForecastSpec;
  readonly golden: Golden;
  /** sha256 by path of the other files of the model. */
  readonly files: Readonly<Record<string, string>>;
}

/** Text of `forecast.json`. */
export function encodeForecastJson({ spec, golden, files }: ForecastDocument): string {
  const { train, validation } = spec.trainingRanges;
  const isoRange = ({ startMs, endMs }: typeof train) => ({ start: toIso(startMs), end: toIso(endMs) });
  const document = {
    formatVersion: 1,
    ...spec,
    trainingRanges: { train: isoRange(train), validation: validation === null ? null : isoRange(validation) },
    golden,
    files,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/**
 * Reads and checks `forecast.json`.
 *
 * @throws {DomainError} `model-invalid` naming the first place that does not fit.
 */
export function decodeForecastJson(text: string): ForecastDocument {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new DomainError("model-invalid", `Cannot read 'forecast.json' as it is no JSON: ${(error as Error).message}`);
  }
  const parsed = SCHEMA.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new DomainError(
      "model-invalid",
      `Cannot read 'forecast.json' at '${issue.path.join(".")}': ${issue.message}`,
    );
  }
  const { formatVersion: _, golden, files, trainingRanges, ...rest } = parsed.data;
  const count = rest.featureNames.length;
  const { scaler } = rest;
  const lengths = [rest.nullable, ...(scaler === null ? [] : [scaler.transforms, scaler.means, scaler.scales])];
  if (lengths.some(({ length }) => length !== count)) {
    throw new DomainError(
      "model-invalid",
      `Cannot read 'forecast.json' as a list has not one entry a feature (${count})`,
    );
  }
  const unknown = scaler?.flagged?.find((feature) => feature >= count);
  if (unknown !== undefined) {
    throw new DomainError("model-invalid", `Cannot read 'forecast.json' as it flags feature ${unknown} of ${count}`);
  }
  const msRange = ({ start, end }: { start: string; end: string }) => ({
    startMs: Date.parse(start),
    endMs: Date.parse(end),
  });
  const { train, validation } = trainingRanges;
  return {
    spec: {
      ...rest,
      trainingRanges: { train: msRange(train), validation: validation === null ? null : msRange(validation) },
    },
    golden,
    files,
  };
}
