import { DomainError } from "../../core/mod.ts";
import type { GbdtLoss } from "./gbdt_model.ts";

/** How trees are grown; names in brackets are those of LightGBM. */
export interface GbdtOptions {
  readonly loss: GbdtLoss;
  /** Most trees [num_iterations]. @default {200} */
  readonly trees: number;
  /** Share of each leaf's step that is taken. @default {0.1} */
  readonly learningRate: number;
  /** Most leaves of a tree [num_leaves]. @default {31} */
  readonly maxLeaves: number;
  /** Most splits between root and leaf; 0 sets no limit. @default {0} */
  readonly maxDepth: number;
  /** Added to each leaf's hessian [lambda_l2]. @default {0} */
  readonly l2: number;
  /** Least hessian of a leaf, which is rows for the squared and quantile losses [min_sum_hessian]. @default {0.001} */
  readonly minLeafHessian: number;
  /** Least rows of a leaf [min_data_in_leaf]. @default {20} */
  readonly minLeafRows: number;
  /** Least gain of a split [min_gain_to_split]. @default {0} */
  readonly minGain: number;
  /** Share of the rows that each tree sees [bagging_fraction]. @default {1} */
  readonly rowFraction: number;
  /** Share of the features that each tree may split on [feature_fraction]. @default {1} */
  readonly columnFraction: number;
  /** Most bins of present values, 2 to 255 [max_bin]. @default {255} */
  readonly maxBins: number;
  /** By feature, 1 where the score must not fall as it rises, −1 where it must not rise. @default {{}} */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
  /** Trees without a better validation loss before training stops; needs validation rows. @default {20} */
  readonly patience: number;
  /** @default {1} */
  readonly seed: number;
}

const DEFAULTS: Omit<GbdtOptions, "loss"> = {
  trees: 200,
  learningRate: 0.1,
  maxLeaves: 31,
  maxDepth: 0,
  l2: 0,
  minLeafHessian: 1e-3,
  minLeafRows: 20,
  minGain: 0,
  rowFraction: 1,
  columnFraction: 1,
  maxBins: 255,
  monotone: {},
  patience: 20,
  seed: 1,
};

const LOSS_KINDS: ReadonlySet<string> = new Set<GbdtLoss["kind"]>(["squared", "logistic", "quantile"]);

type NumberOption = { [K in keyof GbdtOptions]: GbdtOptions[K] extends number ? K : never }[keyof GbdtOptions];

const whole = (low: number, high: number) => ({ low, high, isWhole: true });
const real = (low: number, high: number) => ({ low, high, isWhole: false });
const LIMITS: Readonly<Record<NumberOption, { low: number; high: number; isWhole: boolean }>> = {
  trees: whole(1, 100_000),
  learningRate: real(1e-6, 1),
  maxLeaves: whole(2, 4096),
  maxDepth: whole(0, 64),
  l2: real(0, 1e12),
  minLeafHessian: real(1e-12, 1e12),
  minLeafRows: whole(1, 1e7),
  minGain: real(0, 1e12),
  rowFraction: real(1e-3, 1),
  columnFraction: real(1e-3, 1),
  maxBins: whole(2, 255),
  patience: whole(1, 100_000),
  seed: whole(0, 2 ** 32 - 1),
};

/**
 * Fills in defaults and checks.
 *
 * @throws {DomainError} `config-invalid` naming the option or the feature of a constraint.
 */
export function resolveGbdtOptions(
  given: Partial<GbdtOptions> & Pick<GbdtOptions, "loss">,
  featureNames: readonly string[],
): GbdtOptions {
  const options: GbdtOptions = { ...DEFAULTS, ...given };
  const unknown = Object.keys(given).find((name) => name !== "loss" && !Object.hasOwn(DEFAULTS, name));
  if (unknown !== undefined) throw refused(`there is no option '${unknown}'`);
  const kind: string | undefined = options.loss?.kind;
  if (kind === undefined || !LOSS_KINDS.has(kind)) {
    throw refused(`'loss.kind' must be ${[...LOSS_KINDS].join(", ")}: current value is ${kind}`);
  }
  for (const [name, { low, high, isWhole }] of Object.entries(LIMITS)) {
    const value = options[name as NumberOption];
    if (value >= low && value <= high && (!isWhole || Number.isInteger(value))) continue;
    const what = isWhole ? "a whole number" : "a number";
    throw refused(`'${name}' must be ${what} from ${low} to ${high}: current value is ${value}`);
  }
  const { loss, monotone } = options;
  if (loss.kind === "quantile" && !(loss.level > 0 && loss.level < 1)) {
    throw refused(`'loss.level' must be between 0 and 1: current value is ${loss.level}`);
  }
  for (const [name, direction] of Object.entries(monotone)) {
    if (!featureNames.includes(name)) throw refused(`'monotone' names '${name}', which is no feature`);
    if (direction !== 1 && direction !== -1) throw refused(`'monotone.${name}' must be 1 or -1: it is ${direction}`);
    // A leaf's quantile is fitted after the tree has grown, where the bounds of its growth mean nothing.
    if (loss.kind === "quantile") throw refused(`'monotone' cannot be held with the quantile loss`);
  }
  return options;
}

function refused(reason: string): DomainError {
  return new DomainError("config-invalid", `Cannot train boosted trees as ${reason}`);
}
