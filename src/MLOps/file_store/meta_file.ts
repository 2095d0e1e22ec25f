import { type CollectionTag, LineCounter, parseDocument, type ScalarTag, type Tags } from "yaml";
import type { z } from "zod";
import { join } from "../artifacts/paths.ts";
import { badFile } from "./bad_file.ts";
import { isFile } from "./folders.ts";
import { readText } from "./text_file.ts";

/** Name of the file that says what a folder is. */
export const META_FILE = "meta.yaml";

/**
 * Nothing is a number before a schema says so: PyYAML leaves digests such as `12e45678` unquoted, which YAML 1.2 takes
 * for a number, and ids of 18 digits lose some as one.
 */
const NULL_OR_TEXT: ScalarTag = {
  identify: (value: unknown) => value === null,
  default: true,
  tag: "tag:yaml.org,2002:null",
  test: /^(?:~|null|Null|NULL)?$/,
  resolve: () => null,
};

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
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    customTags: (tags: Tags): Tags => [...tags as (CollectionTag | ScalarTag)[], NULL_OR_TEXT],
    lineCounter: lines,
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw badFile(path, `it is no YAML (${error.message.split("\n", 1)[0]})`, { line: error.linePos?.[0].line });
  }
  const parsed = schema.safeParse(document.toJS(), { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path: fields, message, input } = parsed.error.issues[0]!;
  const node = document.getIn(fields, true) as { readonly range?: readonly [number, ...unknown[]] } | undefined;
  throw badFile(path, `${fields.length === 0 ? "it" : `its field '${fields.join(".")}'`} ${message}`, {
    line: node?.range === undefined ? undefined : lines.linePos(node.range[0]).line,
    value: typeof input === "string" ? input : JSON.stringify(input) ?? "nothing",
  });
}
