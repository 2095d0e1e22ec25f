import { DomainError, isDomainError, lackingGrant, type ModelRegistry, type ModelVersion } from "../../core/mod.ts";
import type { ModelReference } from "./model_uri.ts";

/** The part of the registry that serving needs. */
export type ModelSource = Pick<
  ModelRegistry,
  "getVersionByAlias" | "getModelVersion" | "searchModelVersions" | "listModelFiles" | "readModelFile" | "changeCounter"
>;

/**
 * The version that the reference means now, or undefined where the alias, or any version for `latest`, does not
 * exist.
 *
 * @throws {DomainError} `not-found` for a version that does not exist; what the registry throws.
 */
export async function resolveVersion(
  source: ModelSource,
  reference: ModelReference,
): Promise<ModelVersion | undefined> {
  const { name, by } = reference;
  if (by.kind === "alias") return await source.getVersionByAlias(name, by.alias);
  if (by.kind === "version") {
    try {
      return await source.getModelVersion(name, by.version);
    } catch (error) {
      if (isDomainError(error, "not-found")) throw absent(reference, error);
      throw error;
    }
  }
  const { items } = await source.searchModelVersions({
    filter: `name = '${name.replaceAll("'", "''")}'`,
    orderBy: ["version_number DESC"],
    maxResults: 1,
  });
  return items[0];
}

/** The error for a reference that means no version. */
export function absent(reference: ModelReference, cause?: unknown): DomainError {
  const { name, by, uri } = reference;
  const what = by.kind === "alias"
    ? `no version of '${name}' has the alias '${by.alias}'`
    : by.kind === "version"
    ? `'${name}' has no version ${by.version}`
    : `'${name}' has no version`;
  return new DomainError("not-found", `Cannot serve ${uri} as ${what}`, {
    hint: "Train and register one first: task track -- --quick, then task register; or name another with --model-uri",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Most files and bytes that a model directory may have; ours are far smaller, and a registry may be remote. */
const MAX_FILES = 1_000;
const MAX_BYTES = 536_870_912;

/**
 * All files of a version's model directory, by path relative to it.
 *
 * @param task the task that reads, for the words of a refusal.
 * @throws {DomainError} `permission-denied` where the task may not read them, `model-invalid` where they are too many or
 * too large; what the registry throws.
 */
export async function readModelFiles(
  source: ModelSource,
  version: Pick<ModelVersion, "name" | "version">,
  task: "api" | "monitor" = "api",
): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    return await readFolders(source, version);
  } catch (error) {
    throw error instanceof Deno.errors.NotCapable ? notGranted(error, version, task) : error;
  }
}

function notGranted(
  error: Error,
  { name, version }: Pick<ModelVersion, "name" | "version">,
  task: string,
): DomainError {
  const lacking = lackingGrant(error);
  const why = lacking === undefined ? "they lie outside" : `'${lacking.place}' lies outside`;
  const wider = lacking?.act === "read" ? ", or that of all models" : "";
  return new DomainError(
    "permission-denied",
    `Cannot read the files of version ${version} of '${name}' as ${why} of what this task may ${
      lacking?.act ?? "read"
    }`,
    { hint: `Start it again with a grant for it${wider}: task ${task} ${lacking?.grant ?? "READ=DIR"}`, cause: error },
  );
}

async function readFolders(
  source: ModelSource,
  version: Pick<ModelVersion, "name" | "version">,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const folders: (string | undefined)[] = [undefined];
  let bytes = 0;
  while (folders.length > 0) {
    const folder = folders.pop();
    for (const entry of await source.listModelFiles(version.name, version.version, folder)) {
      if (entry.isDirectory) {
        folders.push(entry.path);
        continue;
      }
      const content = await source.readModelFile(version.name, version.version, entry.path);
      files.set(entry.path, content);
      bytes += content.byteLength;
      if (files.size > MAX_FILES || bytes > MAX_BYTES) {
        throw new DomainError(
          "model-invalid",
          `Cannot load version ${version.version} of '${version.name}' as its directory has more than ${MAX_FILES} files or ${MAX_BYTES} bytes`,
        );
      }
    }
  }
  return files;
}
