import type { GbdtModel } from "../gbdt/gbdt_model.ts";
import { GbdtPredictor } from "../gbdt/gbdt_predictor.ts";
import type { ForecastSpec, HeadsSpec } from "./forecast_spec.ts";

/** Boosted trees over the raw features, by the head that asks for them. */
export interface ForecastTrees {
  /** Logistic: their score is added to the logit of up. */
  readonly direction?: GbdtModel;
  /** Squared: their score corrects ln σ². */
  readonly volatility?: GbdtModel;
}

/** Heads that trees can belong to. */
export const TREE_HEADS = ["direction", "volatility"] as const;

/** The files of a model's directory that hold trees. */
export const TREE_FILES: Readonly<Record<typeof TREE_HEADS[number], string>> = {
  direction: "trees_direction.json",
  volatility: "trees_volatility.json",
};

const LOSSES = { direction: "logistic", volatility: "squared" } as const;

/** Scores of some rows, in their order; absent where a head has no trees. */
export interface TreeScores {
  readonly direction?: Float64Array;
  readonly volatility?: Float64Array;
}

/** Heads of a spec that ask for trees. */
export function treeHeads({ direction, volatility }: HeadsSpec): readonly (typeof TREE_HEADS[number])[] {
  return TREE_HEADS.filter((head) => (head === "direction" ? direction : volatility).kind.endsWith("-trees"));
}

/** The forward pass of a forecast's trees: a tree over many rows at a time, which a forecast row by row cannot be. */
export class TreesForward {
  readonly #predictors: readonly (readonly [head: typeof TREE_HEADS[number], GbdtPredictor])[];

  /**
   * Binds trees to the heads of a spec.
   *
   * @throws {RangeError} naming the file that is missing, or whose loss or features are not those of the spec.
   */
  constructor(spec: ForecastSpec, trees: ForecastTrees) {
    this.#predictors = treeHeads(spec.heads).map((head) => {
      const model = trees[head], file = TREE_FILES[head];
      if (model === undefined) throw new RangeError(`Cannot build a '${spec.family}' model without '${file}'`);
      requireFit(model, { file, loss: LOSSES[head], names: spec.featureNames });
      return [head, new GbdtPredictor(model)];
    });
  }

  /** Scores of row-major rows. */
  ofRows(rows: Float32Array, count: number): TreeScores {
    return Object.fromEntries(this.#predictors.map(([head, predictor]) => [head, predictor.scores(rows, count)]));
  }

  /** Scores of the given rows of columns. */
  ofColumns(columns: readonly Float32Array[], rows: Int32Array): TreeScores {
    return Object.fromEntries(
      this.#predictors.map(([head, predictor]) => [head, predictor.scoresOfColumns(columns, rows)]),
    );
  }
}

function requireFit(
  { loss, featureNames }: GbdtModel,
  expected: { readonly file: string; readonly loss: string; readonly names: readonly string[] },
): void {
  const { file, names } = expected;
  if (loss.kind !== expected.loss) {
    throw new RangeError(`Cannot use '${file}' as its loss is '${loss.kind}' where '${expected.loss}' belongs`);
  }
  if (featureNames.length !== names.length) {
    throw new RangeError(`Cannot use '${file}' as it reads ${featureNames.length} features of ${names.length}`);
  }
  const wrong = names.findIndex((name, j) => featureNames[j] !== name);
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot use '${file}' as its feature ${wrong} is '${featureNames[wrong]}' where '${names[wrong]}' belongs`,
    );
  }
}
