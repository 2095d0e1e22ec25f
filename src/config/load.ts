import { z } from "zod";
import { DomainError, nearestWord, quoted } from "../core/mod.ts";

/**
 * Reads a JSON config file through its schema. A key `$schema` is allowed and dropped; any other unknown key is an
 * error that names the nearest known one. The schemas must be made by `z.strictObject`.
 *
 * @param option by which the file was named, for hints.
 * @throws {DomainError} `config-invalid` naming file, key and value; `not-found` where an asked-for file is absent.
 */
export async function loadConfig<T>(path: string, schema: z.ZodType<T>, option = "--config"): Promise<T> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw configUnreadable(path, error, option);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new DomainError("config-invalid", `Cannot read '${path}' as it is no JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) {
    delete (raw as Record<string, unknown>)["$schema"];
  }
  return parseConfig(path, raw, schema);
}

/** Why a named file could not be read, in the words of a user; unknown failures stay what they are. */
function configUnreadable(path: string, error: unknown, option: string): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new DomainError("config-invalid", `Cannot read the configuration as '${path}' does not exist`, {
      hint: `Run from the project's root, or name a file with ${option} FILE`,
      cause: error,
    });
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return new DomainError("config-invalid", `Cannot read the configuration as '${path}' is a folder`, {
      hint: `Name a file with ${option} FILE`,
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new DomainError("permission-denied", `Cannot read the configuration '${path}' as it is not granted`, {
      hint: `Put it into config/, or grant it: task NAME READ=${quoted(path)} -- ${option} ${quoted(path)}`,
      cause: error,
    });
  }
  return error;
}

/** Where a command's settings come from when no file is named. */
export interface UsualSettings<T> {
  /** Path in the working directory. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** The file that comes with the program, parsed. */
  readonly carried: () => Promise<Readonly<Record<string, unknown>>>;
}

/**
 * The settings in `path`; without one those in the working directory's config folder, and where that has none those that
 * come with the program, or else the schema's defaults. Errors as {@linkcode loadConfig}.
 */
export async function loadSettings<T>(path: string | undefined, usual: UsualSettings<T>): Promise<T> {
  if (path !== undefined) return await loadConfig(path, usual.schema);
  if (await isFile(usual.path)) return await loadConfig(usual.path, usual.schema);
  const { $schema: _, ...settings } = await carriedOrNone(usual);
  return parseConfig(usual.path, settings, usual.schema);
}

async function carriedOrNone<T>({ carried }: UsualSettings<T>): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await carried();
  } catch (error) {
    // Beside the source it is a file like others, and may be gone.
    if (error instanceof TypeError && error.message.includes("Module not found")) return {};
    throw error;
  }
}

/** The JSON schema of a config file, for editors; `$schema` itself is allowed in the file. */
export function configJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;
  return { ...json, properties: { $schema: { type: "string" }, ...json["properties"] as Record<string, unknown> } };
}

async function isFile(path: string): Promise<boolean> {
  try {
    const { isFile } = await Deno.stat(path);
    if (isFile) return true;
    throw new DomainError("config-invalid", `Cannot read the configuration as '${path}' is no file`, {
      hint: "Move what is there away: without the file the defaults hold",
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/** Checks an already parsed config; errors as {@linkcode loadConfig}. */
export function parseConfig<T>(path: string, raw: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  // First: a misspelt key that must be there is missing as well.
  const { issues } = parsed.error, issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  const where = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const meant = nearestWord(key, knownKeys(schema, issue.path));
    throw new DomainError("config-invalid", `Unknown key '${where === "" ? key : `${where}.${key}`}' in '${path}'`, {
      hint: meant === undefined ? "See the schema beside it in config/schemas" : `Did you mean '${meant}'?`,
    });
  }
  const seen = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    raw,
  );
  throw new DomainError(
    "config-invalid",
    `Invalid value at '${where}' in '${path}': ${issue.message}: current value is ${JSON.stringify(seen)}`,
    {
      hint: "See the schema beside it in config/schemas",
    },
  );
}

interface JsonSchemaNode {
  readonly properties?: Record<string, JsonSchemaNode>;
  readonly items?: JsonSchemaNode;
  readonly additionalProperties?: JsonSchemaNode | boolean;
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: JsonSchemaNode | undefined = z.toJSONSchema(schema, {
    unrepresentable: "any",
    io: "input",
  }) as JsonSchemaNode;
  for (const key of path) {
    node = typeof key === "number" ? node?.items : node?.properties?.[String(key)];
  }
  return Object.keys(node?.properties ?? {});
}
