import { parse } from "yaml";
import { isDomainError } from "../../core/mod.ts";
import type { ArtifactRoot } from "../server/artifact_access.ts";
import { isRecord } from "../server/fields.ts";
import { readHead } from "./read_head.ts";

const FILE = "MLmodel";
const MAX_BYTES = 262_144;
const MAX_ENTRIES = 100;

/** One input or output of a model. */
export interface CardTensor {
  /** Its name; empty where it has none. */
  readonly name: string;
  /** Its type, with the shape of a tensor: `float32 [-1, 27]`. */
  readonly type: string;
}

/** What an `MLmodel` file says of its model, as far as people ask. */
export interface ModelCard {
  /** Ways to load it, with what is known of each: `onnx`, `data: model.onnx`. */
  readonly flavors: readonly { readonly name: string; readonly details: string }[];
  /** What it takes. */
  readonly inputs: readonly CardTensor[];
  /** What it gives. */
  readonly outputs: readonly CardTensor[];
  /** What whoever logged it adds. */
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
  /** When it was made, as it is written. */
  readonly createdAt: string;
  /** Size of its files in bytes; unset where it does not say. */
  readonly sizeBytes: number | undefined;
}

/** The card at the root of a model directory, or none: the file may be missing, out of reach, foreign or damaged. */
export async function readModelCard(
  open: () => ArtifactRoot | Promise<ArtifactRoot>,
): Promise<ModelCard | undefined> {
  let head: Uint8Array;
  try {
    head = await readHead(await (await open()).open(FILE), MAX_BYTES);
  } catch (error) {
    if (isDomainError(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
  return parseModelCard(new TextDecoder().decode(head));
}

/** Reads a card; undefined for what is no `MLmodel`. */
export function parseModelCard(text: string): ModelCard | undefined {
  const raw = parsedYaml(text);
  if (!isRecord(raw) || !isRecord(raw["flavors"])) return undefined;
  const signature = isRecord(raw["signature"]) ? raw["signature"] : {};
  const size = raw["model_size_bytes"];
  return {
    flavors: entriesOf(raw["flavors"]).map(({ key, value }) => ({ name: key, details: detailsOf(value) })),
    inputs: tensorsOf(signature["inputs"]),
    outputs: tensorsOf(signature["outputs"]),
    metadata: isRecord(raw["metadata"])
      ? entriesOf(raw["metadata"]).map(({ key, value }) => ({ key, value: plain(value) }))
      : [],
    createdAt: plain(raw["utc_time_created"] ?? ""),
    sizeBytes: typeof size === "number" ? size : undefined,
  };
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser looks for variables of its own; without the grant no card at all would be shown.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // shown as it is: a damaged file is worth a look
  }
}

function entriesOf(record: Readonly<Record<string, unknown>>): readonly { key: string; value: unknown }[] {
  return Object.entries(record).slice(0, MAX_ENTRIES).map(([key, value]) => ({ key, value }));
}

function detailsOf(flavor: unknown): string {
  if (!isRecord(flavor)) return "";
  return entriesOf(flavor).filter(({ value }) => typeof value === "string" || typeof value === "number")
    .map(({ key, value }) => `${key}: ${plain(value)}`).join(", ");
}

/** MLflow keeps a signature as JSON inside the YAML. */
function tensorsOf(raw: unknown): readonly CardTensor[] {
  if (typeof raw !== "string") return [];
  let list: unknown;
  try {
    list = JSON.parse(raw);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.slice(0, MAX_ENTRIES).filter(isRecord).map((entry) => {
    const tensor = isRecord(entry["tensor-spec"]) ? entry["tensor-spec"] : undefined;
    const shape = Array.isArray(tensor?.["shape"]) ? ` [${tensor["shape"].join(", ")}]` : "";
    return {
      name: plain(entry["name"] ?? ""),
      type: tensor === undefined ? plain(entry["type"]) : plain(tensor["dtype"]) + shape,
    };
  });
}

function plain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
}
