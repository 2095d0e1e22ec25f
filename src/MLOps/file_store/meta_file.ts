import { FAILSAFE_SCHEMA, load, nullCoreTag, YAMLException } from "js-yaml";
import type { z } from "zod";
import { join } from "../artifacts/paths.ts";
import { badFile } from "./bad_file.ts";
import { isFile } from "./folders.ts";
import { readText } from "./text_file.ts";

/** Name of the file that says what a folder is. */
export const META_FILE = "meta.yaml";

/** Nothing is a number before a schema says so: an id of 18 digits would lose some as one. */
const TEXTS_AND_NULLS = FAILSAFE_SCHEMA.withTags(nullCoreTag);

/**
 * The `meta.yaml` of a folder through its schema; undefined where there is none or it is empty, as a crash leaves it.
 * The schema sees texts, nulls, lists and mappings of them.
 *
 * @throws {DomainError} `input-invalid` naming file, line and value.
 */
export function readMeta<T>(folder: string, schema: z.ZodType<T>): T | undefined {
  const path = join(folder, META_FILE);
  if (!isFile(path)) return undefined;
  const text = readText(path);
  if (text.trim() === "") return undefined;
  const parsed = schema.safeParse(readTexts(path, text), { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path: fields, message, input } = parsed.error.issues[0]!;
  throw badFile(path, `${fields.length === 0 ? "it" : `its field '${fields.join(".")}'`} ${message}`, {
    line: lineOf(text, fields[0]),
    value: typeof input === "string" ? input : JSON.stringify(input) ?? "nothing",
  });
}

function readTexts(path: string, text: string): unknown {
  try {
    // Of a key that is there twice the last counts, as in PyYAML.
    return load(text, { schema: TEXTS_AND_NULLS, json: true, maxAliases: 0 });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? undefined : error.mark.line + 1;
    throw badFile(path, `it is no YAML (${error.reason})`, { line });
  }
}

/** Line of a field of the outermost mapping, which MLflow writes one below the other. */
function lineOf(text: string, field: PropertyKey | undefined): number | undefined {
  const line = text.split("\n").findIndex((each) => field !== undefined && each.startsWith(`${String(field)}:`));
  return line < 0 ? undefined : line + 1;
}
