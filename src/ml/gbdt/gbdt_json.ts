import { z } from "zod";
import { DomainError } from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import { sha256Of } from "../sha256.ts";
import type { GbdtModel, Tree } from "./gbdt_model.ts";
import { faultOfNumbers } from "./model_numbers.ts";

const integers = z.array(z.int());
const numbers = z.array(z.number());

const SCHEMA = z.strictObject({
  formatVersion: z.literal(1),
  loss: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("squared") }),
    z.strictObject({ kind: z.literal("logistic") }),
    z.strictObject({ kind: z.literal("quantile"), level: z.number().gt(0).lt(1) }),
  ]),
  featureNames: z.array(z.string().min(1)).min(1)
    .refine((names) => new Set(names).size === names.length, "two features have one name"),
  baseScore: z.number(),
  trees: z.array(z.strictObject({
    feature: integers.min(1),
    /** Null where every present value goes left. */
    threshold: z.array(z.number().nullable()),
    left: integers,
    missingLeft: integers,
    gain: numbers,
    value: numbers,
    rows: z.array(z.int().nonnegative()),
  })),
  /** Of the canonical JSON of all else. */
  sha256: z.string(),
});

type TreeDocument = z.infer<typeof SCHEMA>["trees"][number];

/**
 * A model as JSON that {@linkcode decodeGbdtJson} gives back bit for bit.
 *
 * @throws {DomainError} `model-invalid` where a number of it is none.
 */
export function encodeGbdtJson(model: GbdtModel): string {
  const fault = faultOfNumbers(model);
  if (fault !== undefined) {
    throw new DomainError("model-invalid", `Cannot write boosted trees at '${fault.place}': ${fault.reason}`);
  }
  const { loss, featureNames, baseScore, trees } = model;
  const document = { formatVersion: 1, loss, featureNames, baseScore, trees: trees.map(encodeTree) };
  return `${JSON.stringify({ ...document, sha256: sha256Of(canonicalJson(document)) })}\n`;
}

/**
 * Reads and checks a model.
 *
 * @param name What the file is called in errors.
 * @throws {DomainError} `model-invalid` naming the file and the place, or that it was changed.
 */
export function decodeGbdtJson(text: string, name = "gbdt.json"): GbdtModel {
  const refuse = (reason: string) => new DomainError("model-invalid", `Cannot read '${name}' ${reason}`);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw refuse(`as it is no JSON: ${(error as Error).message}`);
  }
  const parsed = SCHEMA.safeParse(raw);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw refuse(`at '${path.join(".")}': ${message}`);
  }
  const { sha256, ...document } = parsed.data;
  const { formatVersion: _, trees, ...rest } = document;
  trees.forEach((tree, i) => {
    const fault = faultOf(tree, rest.featureNames.length);
    if (fault !== undefined) throw refuse(`at 'trees.${i}.${fault.place}': ${fault.reason}`);
  });
  const actual = sha256Of(canonicalJson(document));
  if (actual !== sha256) throw refuse(`as it was changed: its sha256 is ${actual}, not ${sha256}`);
  const model = { ...rest, trees: trees.map(decodeTree) }, fault = faultOfNumbers(model);
  if (fault !== undefined) throw refuse(`at '${fault.place}': ${fault.reason}`);
  return model;
}

function encodeTree(tree: Tree): TreeDocument {
  return {
    feature: [...tree.feature],
    threshold: Array.from(tree.threshold, (threshold) => threshold === Infinity ? null : threshold),
    left: [...tree.left],
    missingLeft: [...tree.missingLeft],
    gain: [...tree.gain],
    value: [...tree.value],
    rows: [...tree.rows],
  };
}

function decodeTree(tree: TreeDocument): Tree {
  return {
    feature: Int32Array.from(tree.feature),
    threshold: Float32Array.from(tree.threshold, (threshold) => threshold ?? Infinity),
    left: Int32Array.from(tree.left),
    missingLeft: Uint8Array.from(tree.missingLeft),
    gain: Float64Array.from(tree.gain),
    value: Float64Array.from(tree.value),
    rows: Int32Array.from(tree.rows),
  };
}

/** What would make the forward pass go wrong or never end. */
function faultOf(tree: TreeDocument, features: number): { place: string; reason: string } | undefined {
  const nodes = tree.feature.length;
  for (const [place, column] of Object.entries(tree)) {
    if (column.length !== nodes) return { place, reason: `${column.length} entries for ${nodes} nodes` };
  }
  const isChild = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const at = (column: keyof TreeDocument, reason: string) => ({ place: `${column}.${node}`, reason });
    const feature = tree.feature[node]!, threshold = tree.threshold[node]!, left = tree.left[node]!;
    if (feature < -1 || feature >= features) return at("feature", `there is no feature ${feature}`);
    if (feature === -1) continue;
    if (threshold !== null && Math.fround(threshold) !== threshold) {
      return at("threshold", `${threshold} is no float32`);
    }
    if (left <= node || left + 1 >= nodes) return at("left", `there is no child ${left} of node ${node}`);
    if (isChild[left] === 1 || isChild[left + 1] === 1) return at("left", `node ${left} has two parents`);
    isChild[left] = isChild[left + 1] = 1;
    if (tree.rows[left]! + tree.rows[left + 1]! !== tree.rows[node]!) return at("rows", "children have other rows");
    if (tree.missingLeft[node] !== 0 && tree.missingLeft[node] !== 1) return at("missingLeft", "neither 0 nor 1");
  }
  const orphan = isChild.indexOf(0, 1);
  return orphan < 0 ? undefined : { place: `feature.${orphan}`, reason: "no node leads here" };
}
