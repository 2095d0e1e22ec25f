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
 * A configuration with some settings changed, each named by its path: `mlp.learningRate`.
 *
 * @throws {DomainError} `config-invalid` naming the file, the path and its nearest known one, or the value.
 */
export function assignSettings<T>(
  config: T,
  values: Readonly<Record<string, unknown>>,
  { path: file, schema }: AssignOptions<T>,
): T {
  const known = settingPaths(schema), changed = structuredClone(config) as Record<string, unknown>;
  for (const [path, value] of Object.entries(values)) {
    if (!known.includes(path)) throw unknownSetting(path, known, file);
    const keys = path.split("."), last = keys.pop()!;
    const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, changed);
    parent[last] = value;
  }
  return parseConfig(file, changed, schema);
}

/** Paths of all settings of a schema, each leading to a value and not to further settings. */
export function settingPaths(schema: z.ZodType): string[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const below = (node: z.core.JSONSchema.BaseSchema, prefix: string): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
      const path = `${prefix}${key}`;
      const isGroup = typeof member === "object" && member.properties !== undefined;
      return isGroup ? below(member, `${path}.`) : [path];
    });
  return below(json, "");
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
