import { isDomainError, type MlModel } from "../../core/mod.ts";
import { decodeMlModel } from "../model_format/ml_model.ts";
import type { ArtifactRoot } from "../server/artifact_access.ts";
import { readHead } from "./read_head.ts";

const FILE = "MLmodel";
const MAX_BYTES = 262_144;

/** The card at the root of a model directory, or none: the file may be missing, out of reach, foreign or damaged. */
export async function readModelCard(open: () => ArtifactRoot | Promise<ArtifactRoot>): Promise<MlModel | undefined> {
  let head: Uint8Array;
  try {
    head = await readHead(await (await open()).open(FILE), MAX_BYTES);
  } catch (error) {
    if (isDomainError(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
  return parseModelCard(new TextDecoder().decode(head));
}

/** Reads a card; undefined for what is no `MLmodel`: a page shows it as it is then, as a damaged file is worth a look. */
export function parseModelCard(text: string): MlModel | undefined {
  try {
    return decodeMlModel(text);
  } catch (error) {
    if (isDomainError(error)) return undefined;
    throw error;
  }
}
