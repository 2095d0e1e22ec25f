import { badFile, reading } from "./bad_file.ts";
import { join } from "../artifacts/paths.ts";
import { isDomainError } from "../../core/mod.ts";
import { checkKey } from "../rules/entries.ts";

/** Files that systems leave in folders and that are nobody's data. */
const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
/** What Deno puts where a name's bytes are no UTF-8. */
const REPLACEMENT = "\ufffd";

/** A file whose place below its folder is a key: `n/acc` of `metrics/n/acc`. */
export interface KeyFile {
  /** Key. */
  readonly key: string;
  /** Path of the file. */
  readonly path: string;
}

/** Whether a folder is there, itself or by a link. */
export function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory ?? false;
}

/** Whether a file is there, itself or by a link. */
export function isFile(path: string): boolean {
  return statOf(path)?.isFile ?? false;
}

/** Names of the folders in a folder, sorted; links to folders count, as for MLflow. None where it does not exist. */
export function subfolders(path: string): string[] {
  return entriesOf(path).filter((entry) => entry.isDirectory || (entry.isSymlink && isFolder(join(path, entry.name))))
    .map(({ name }) => name);
}

/** The files of a folder that are keyed by name alone, as aliases are. */
export function filesIn(folder: string): KeyFile[] {
  return entriesOf(folder).filter((entry) => isFileEntry(folder, entry))
    .map(({ name }) => ({ key: name, path: join(folder, name) }));
}

/**
 * The files below a folder by their keys. Linked files are read and linked folders are not gone into, as MLflow does it,
 * so that no ring of links can hold it up.
 *
 * @throws {DomainError} `input-invalid` for a key that MLflow refuses.
 */
export function* keyFiles(folder: string, prefix = ""): Generator<KeyFile> {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name), key = `${prefix}${entry.name}`;
    if (entry.isDirectory) yield* keyFiles(path, `${key}/`);
    else if (isFileEntry(folder, entry)) {
      try {
        checkKey(key, "key");
      } catch (error) {
        throw isDomainError(error)
          ? badFile(path, `MLflow would not take its name for a key (${error.message})`, { cause: error })
          : error;
      }
      yield { key, path };
    }
  }
}

function isFileEntry(folder: string, entry: Deno.DirEntry): boolean {
  if (LITTER.has(entry.name)) return false;
  return entry.isFile || (entry.isSymlink && isFile(join(folder, entry.name)));
}

function entriesOf(path: string): Deno.DirEntry[] {
  return reading(path, () => {
    let entries: Deno.DirEntry[];
    try {
      entries = [...Deno.readDirSync(path)];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
      throw error;
    }
    for (const { name } of entries) {
      if (name.includes(REPLACEMENT) && statOf(join(path, name)) === undefined) {
        throw badFile(join(path, name), "its name is no UTF-8", { hint: "Rename it, then import again" });
      }
    }
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  });
}

function statOf(path: string): Deno.FileInfo | undefined {
  return reading(path, () => {
    try {
      return Deno.statSync(path);
    } catch (error) {
      // A link that leads nowhere is no file for MLflow either.
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      throw error;
    }
  });
}
