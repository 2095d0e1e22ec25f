import { z } from "zod";
import { DomainError, QUANTILE_LEVELS } from "../../core/mod.ts";
import { type Baseline, BASELINES } from "./baselines.ts";
import { metadataValue, readNumericColumns } from "./parquet_columns.ts";
import { FOLDS_KEY } from "./prediction_files.ts";
import type { FoldScored } from "./scored_folds.ts";
import type { TestRows } from "./test_rows.ts";

type FoldBaselines = FoldScored<Baseline>["baselines"];

/** Baselines of every fold as an earlier run has fitted them: for a fold's place on the grid and its rows. */
export type KnownBaselines = (fold: number, test: TestRows) => FoldBaselines;

const FOLDS = z.array(z.object({
  index: z.int().nonnegative(),
  rows: z.int().positive(),
  standardizedQuantiles: z.partialRecord(z.enum(BASELINES), z.array(z.number()).length(QUANTILE_LEVELS.length)),
}));

/**
 * Reads `evaluation/baselines.parquet` back as what the folds had before they were joined: σ, probabilities and the nine
 * constants, bit for bit. Columns of quantiles are not read, as they follow from those.
 *
 * @throws {DomainError} `model-invalid` for a file that does not hold all that.
 */
export async function readKnownBaselines(file: Uint8Array): Promise<KnownBaselines> {
  try {
    const folds = foldsOf(file), columns = await columnsOf(file), starts = new Map<number, number>();
    let rows = 0;
    for (const fold of folds) {
      starts.set(fold.index, rows);
      rows += fold.rows;
    }
    if (rows !== columns.times.length) throw new RangeError(`its folds have ${rows} of ${columns.times.length} rows`);
    return (index, test) => {
      const fold = folds.find((own) => own.index === index), start = starts.get(index);
      if (fold === undefined || start === undefined) throw unusable(`it lacks step ${index + 1}`);
      const times = columns.times.subarray(start, start + fold.rows);
      if (times.length !== test.length || times.some((ms, row) => ms !== test.decisionTimeMs[row])) {
        throw unusable(`the rows of its step ${index + 1} are others`);
      }
      return Object.fromEntries(BASELINES.map((name) => {
        const { probabilityUp, volatilityBps } = columns.of(name), nine = fold.standardizedQuantiles[name];
        const part = (column: Float32Array | undefined) => column?.slice(start, start + fold.rows);
        return [name, {
          ...(probabilityUp === undefined ? {} : { probabilityUp: part(probabilityUp)! }),
          ...(volatilityBps === undefined ? {} : { volatilityBps: part(volatilityBps)! }),
          ...(nine === undefined ? {} : { standardizedQuantiles: nine }),
        }];
      })) as unknown as FoldBaselines;
    };
  } catch (error) {
    throw error instanceof DomainError ? error : unusable((error as Error).message.split("\n")[0]!, error);
  }
}

function foldsOf(file: Uint8Array): z.infer<typeof FOLDS> {
  const text = metadataValue(file, FOLDS_KEY);
  if (text === undefined) throw new RangeError("it does not say which rows are of which step");
  return FOLDS.parse(JSON.parse(text));
}

async function columnsOf(file: Uint8Array) {
  const names = BASELINES.flatMap((name) => [`baseline_${name}_probability_up`, `baseline_${name}_volatility_bps`]);
  const { float64, float32, absent } = await readNumericColumns(file, {
    float64: ["decision_time"],
    float32: names,
    rowMajor: {},
    needed: ["decision_time"],
  });
  if (absent.length > 0) throw new RangeError(`it lacks ${absent.join(", ")}`);
  return {
    times: float64.get("decision_time")!,
    of: (name: Baseline) => ({
      probabilityUp: float32.get(`baseline_${name}_probability_up`),
      volatilityBps: float32.get(`baseline_${name}_volatility_bps`),
    }),
  };
}

function unusable(reason: string, cause?: unknown): DomainError {
  return new DomainError("model-invalid", `Cannot take baselines from an earlier run's file: ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
