import { z } from "zod";
import { DomainError, nearestWord } from "../core/mod.ts";
import { parseConfig } from "./load.ts";

/** Where settings by path come from, and what they must fit. */
export interface AssignOptions<T> {
  /** File that names them, for messages. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
}

/**
 * A configuration with some settings changed, each named by its path: `mlp.learningRate`. Members of a record are named
 * by their keys, as `gbdt.monotone.direction.volume_z_5`; null takes one out.
 *
 * @throws {DomainError} `config-invalid` naming the file, the path and its nearest known one, or the value.
 */
export function assignSettings<T>(
  config: T,
  values: Readonly<Record<string, unknown>>,
  { path: file, schema }: AssignOptions<T>,
): T {
  const known = settingsOf(schema), changed = structuredClone(config) as Record<string, unknown>;
  for (const [path, value] of Object.entries(values)) {
    const member = memberOf(path, known);
    if (member === undefined && !known.some((setting) => setting.path === path)) {
      throw unknownSetting(path, known.map((setting) => setting.path), file);
    }
    const keys = member === undefined ? path.split(".") : [...member.record.split("."), member.key], last = keys.pop()!;
    const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, changed);
    if (member !== undefined && value === null) delete parent[last];
    else parent[last] = value;
  }
  return parseConfig(file, changed, schema);
}

/** Paths of all settings of a schema, each leading to a value and not to further settings. */
export function settingPaths(schema: z.ZodType): string[] {
  return settingsOf(schema).map(({ path }) => path);
}

interface Setting {
  readonly path: string;
  /** Whether its value is an object with keys that the schema does not list. */
  readonly isRecord: boolean;
}

function settingsOf(schema: z.ZodType): Setting[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const below = (node: z.core.JSONSchema.BaseSchema, prefix: string): Setting[] =>
    Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
      const path = `${prefix}${key}`;
      if (typeof member !== "object") return [{ path, isRecord: false }];
      if (member.properties !== undefined) return below(member, `${path}.`);
      return [{ path, isRecord: typeof member.additionalProperties === "object" }];
    });
  return below(json, "");
}

/** The record that a path leads into, and the key there; undefined for the path of a setting. */
function memberOf(
  path: string,
  known: readonly Setting[],
): { readonly record: string; readonly key: string } | undefined {
  const record = known.find((setting) => setting.isRecord && path.startsWith(`${setting.path}.`))?.path;
  if (record === undefined) return undefined;
  const key = path.slice(record.length + 1);
  // Assigned to, it is no key of an object, and would be lost without a word.
  return key === "" || key === "__proto__" ? undefined : { record, key };
}

function unknownSetting(path: string, known: readonly string[], file: string): DomainError {
  const members = known.filter((one) => one.startsWith(`${path}.`));
  const meant = nearestWord(path, known);
  return new DomainError(
    "config-invalid",
    members.length > 0
      ? `Cannot set '${path}' in '${file}' as it is a group of settings`
      : `Unknown setting '${path}' in '${file}'`,
    {
      hint: members.length > 0
        ? `Name one of them: ${members.join(", ")}`
        : meant === undefined
        ? "Name one of config/model.json by its path"
        : `Did you mean '${meant}'?`,
    },
  );
}
