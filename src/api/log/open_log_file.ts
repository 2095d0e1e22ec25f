import { type FileIdentity, isSameFile } from "../../core/mod.ts";

/** The file that the log writes to, and the path that led to it when it was opened. */
export interface OpenLogFile {
  /** The open file. */
  readonly handle: Deno.FsFile;
  /** Where it was made. */
  readonly path: string;
  /** Which file that was. */
  readonly identity: FileIdentity;
  /** Number of the first record that goes into it. */
  readonly first: number;
}

/**
 * What somebody did to a log's file since it held `bytes`, or undefined where it is as it was left. An open file takes
 * writes whatever becomes of its name, so they go nowhere without a word.
 *
 * @throws what the system says where the path cannot be followed at all.
 */
export async function logFileHarm(
  { path, identity }: Pick<OpenLogFile, "path" | "identity">,
  bytes: number,
): Promise<string | undefined> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return "was removed or moved away";
    }
    throw error;
  }
  if (!isSameFile(found, identity)) return "was replaced by another";
  return found.size < bytes ? "was cut" : undefined;
}

/** Whether a folder is gone, and with it the files that were closed before. */
export async function isGone(folder: string): Promise<boolean> {
  try {
    return !(await Deno.stat(folder)).isDirectory;
  } catch {
    return true;
  }
}
