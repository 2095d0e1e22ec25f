// From here, not from zod: a schema made before this extends zod could not be put into the document.
import { z } from "@hono/zod-openapi";
import { QUANTILE_KEYS } from "../../core/mod.ts";

/** The features of a model, as far as schemas need them. */
export interface SchemaFeatures {
  /** Names in the model's order. */
  readonly names: readonly string[];
  /** Per feature, whether null is allowed. */
  readonly nullable: readonly boolean[];
  /** Most rows of a request. */
  readonly maxRows: number;
}

/** Doubles from here on round to Infinity in float32. */
const FLOAT32_END = 2 ** 128 - 2 ** 103;

const time = (description: string) => z.string().describe(`${description}, ISO 8601 UTC`);

/** Schemas of the requests that carry features; they accept exactly what the hand-written readers accept. */
export function requestSchemas(features: SchemaFeatures) {
  const { names, nullable, maxRows } = features;
  const value = (j: number) => {
    const number = z.number().gt(-FLOAT32_END).lt(FLOAT32_END);
    return nullable[j] === true ? number.nullable() : number;
  };
  // A tuple by itself fixes neither length in JSON Schema.
  const row = z.tuple(names.map((_, j) => value(j)) as unknown as [z.ZodType, ...z.ZodType[]]).meta({
    minItems: names.length,
    maxItems: names.length,
    description: `Values of ${names.join(", ")}`,
  });
  const named = z.strictObject(Object.fromEntries(names.map((name, j) => [name, value(j)])));
  const rows = z.array(row).min(1).max(maxRows);
  const records = z.array(named).min(1).max(maxRows);
  const params = z.unknown().optional().describe("Taken and ignored, as MLflow does");
  // Columns may come in any order, so that which of them take null cannot be said here.
  const anyValue = z.number().gt(-FLOAT32_END).lt(FLOAT32_END).nullable();
  const split = z.strictObject({
    columns: z.array(z.enum(names as [string, ...string[]])).length(names.length).meta({
      uniqueItems: true,
      description: "Every feature's name once, in any order",
    }),
    data: z.array(z.array(anyValue).length(names.length)).min(1).max(maxRows).describe(
      "Rows in the order of the columns; null only where the feature is nullable",
    ),
    index: z.unknown().optional(),
  });
  return {
    PredictRequest: z.strictObject({
      features: z.union([row, rows]).describe("A row of features in the model's order, or an array of rows"),
    }),
    NamedPredictRequest: z.strictObject({ instances: records.describe("Rows by feature name") }),
    InvocationsRequest: z.union([
      z.strictObject({ dataframe_split: split, params }),
      z.strictObject({ dataframe_records: records, params }),
      z.strictObject({
        instances: z.union([rows, records, z.array(z.strictObject({ features: row })).min(1).max(maxRows)]),
        params,
      }),
      z.strictObject({ inputs: z.union([rows, z.strictObject({ features: rows })]), params }),
    ]),
    RowsAsCsv: z.string().min(1).describe(
      "A line with every feature's name once, in any order, then a line a row; an empty cell stands for a missing value",
    ),
    ReloadRequest: z.strictObject({}).describe("Nothing; the body may be left out"),
  };
}

const served = z.strictObject({
  name: z.string().describe("Registered name"),
  version: z.string().describe("Version"),
  alias: z.string().nullable().describe("Alias it was chosen by, or null"),
  runId: z.string().describe("Run that made it"),
  horizonMinutes: z.int().describe("Minutes ahead that it forecasts"),
});

const forecast = {
  probabilityUp: z.number().describe("Probability that the return is positive, given that it is not zero"),
  volatilityBps: z.number().describe("Root of the forecast mean of realised variance, basis points"),
  quantilesBps: z.strictObject(Object.fromEntries(QUANTILE_KEYS.map((key) => [key, z.number()]))).describe(
    "Quantiles of the log return by level, basis points",
  ),
};

const data = z.strictObject({
  asOf: time("End of the newest closed candle").nullable(),
  ageSeconds: z.int().nullable().describe("Seconds since then"),
  stale: z.boolean().describe("Whether that is older than configured"),
});

const swap = z.strictObject({
  version: z.string().nullable().describe("Version that was tried; null where the alias is gone"),
  outcome: z.enum(["loaded", "refused"]),
  reason: z.string().nullable().describe("Why it does not serve"),
  warning: z.string().nullable().describe("What clients should know of one that serves, such as another horizon"),
  at: time("When"),
});

const challenger = z.strictObject({
  state: z.enum(["running", "stopped", "absent", "refused", "same-version", "other-horizon"]),
  model: served.nullable(),
  share: z.number().describe("Share of the requests that it answers while it runs"),
  stopped: z.strictObject({
    version: z.string(),
    reason: z.enum(["errors", "skill"]),
    detail: z.string(),
    at: time("When"),
  }).nullable().describe("Why it is not asked any more"),
  swap: swap.nullable().describe("The last attempt to change it"),
  lossDifference: z.array(z.strictObject({
    loss: z.enum(["logLoss", "qlike"]),
    blocks: z.int().describe("Blocks of closed minutes that both forecast"),
    mean: z.number().nullable(),
    low: z.number().nullable().describe("Above zero it is stopped; null while there are too few blocks"),
    high: z.number().nullable(),
  })).describe("Its loss less the champion's on the same minutes, with bounds that hold at all times at once"),
});

const loaded = served.extend({
  family: z.string(),
  digest: z.string().describe("sha256 over the model's files"),
  loadedAt: time("When it was loaded"),
  featureSetDigest: z.string(),
  features: z.array(z.strictObject({ name: z.string(), nullable: z.boolean() })).describe("In the order of a row"),
});

const requestId = z.string().describe("Id of the request, as in the header x-request-id");

/** Schemas of the answers. */
export const ANSWER_SCHEMAS = {
  PredictResponse: z.strictObject({
    predictions: z.array(z.strictObject(forecast)).describe("One a row, in the order asked"),
    model: served,
    requestId,
  }),
  ForecastResponse: z.strictObject({
    asOf: time("Decision time: end of the newest closed candle"),
    horizonMinutes: z.int(),
    endsAt: time("End of the span that is forecast"),
    ...forecast,
    candle: z.strictObject({
      openTime: time("Start of the newest closed candle"),
      closeTime: time("Its last millisecond"),
      open: z.number(),
      high: z.number(),
      low: z.number(),
      close: z.number(),
      volume: z.number(),
    }),
    data,
    model: served,
    requestId,
  }),
  InvocationsResponse: z.strictObject({
    predictions: z.strictObject({
      probabilityUp: z.array(z.array(z.number())),
      volatilityBps: z.array(z.array(z.number())),
      quantilesBps: z.array(z.array(z.number())),
    }),
  }),
  Health: z.strictObject({
    status: z.enum(["ok", "unavailable"]),
    model: served.nullable(),
    data: data.extend({
      reason: z.string().nullable().describe("Why the feature store gives no candles at present; null while it does"),
    }),
    swap: swap.nullable().describe("The last attempt to change the model"),
    challenger: challenger.nullable().describe("The version that is tried beside it; null where none is configured"),
    reasons: z.array(z.string()).optional().describe("Why there is no model"),
  }),
  Liveness: z.strictObject({ status: z.literal("alive") }),
  Readiness: z.strictObject({
    status: z.enum(["ready", "not ready"]),
    checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), reason: z.string().nullable() })),
  }),
  Models: z.strictObject({
    uri: z.string(),
    serving: loaded.nullable(),
    previous: loaded.nullable(),
    target: z.strictObject({ name: z.string(), version: z.string(), runId: z.string() }).nullable().describe(
      "What the URI means in the registry now",
    ),
    swap: swap.nullable(),
    registry: z.strictObject({ reachable: z.boolean(), reason: z.string().nullable() }),
  }),
  Problem: z.strictObject({
    type: z.string().describe("Anchor on /docs that explains this kind of problem"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.strictObject({
      pointer: z.string().describe("JSON pointer into the body, or name of a parameter or header"),
      field: z.string().optional().describe("Feature at that place"),
      message: z.string(),
    })),
    requestId,
  }),
  InvocationsProblem: z.looseObject({
    error_code: z.string().describe("MLflow's error code"),
    message: z.string(),
    status: z.int(),
    detail: z.string(),
  }).describe("Problem details with the two members that MLflow's clients read"),
} as const;
