import { DAY_MS, DomainError, MINUTE_MS } from "../../core/mod.ts";

/** A state that nothing has gone on from, or written, for so long is of a job that nobody runs again. */
const STATE_AGE_MS = 30 * DAY_MS;
/** A draft is renamed within moments; an older one is of a process that was killed. */
const DRAFT_AGE_MS = 60 * MINUTE_MS;
/** Other processes may take the folder away, as it was empty, while it is made (then it "exists") or before it is used. */
const ATTEMPTS = 20;

/** Replaces a file, whole or not at all; makes its folder. */
export async function replaceFile(folder: string, path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}.draft`;
  for (let attempt = 1;; attempt++) {
    try {
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeFile(draft, content);
      return await Deno.rename(draft, path);
    } catch (error) {
      await Deno.remove(draft).catch(() => {});
      const isTakenAway = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists;
      if (!isTakenAway || attempt === ATTEMPTS) throw fileRefusal("write", path, error);
    }
  }
}

/** The file's content, undefined where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileRefusal("read", path, error);
  }
}

/** Removes a file, which another process may have done already, and its folder where nothing else is in it. */
export async function removeFile(folder: string, path: string): Promise<void> {
  await removeIfThere(path);
  await removeStale(folder);
  await Deno.remove(folder).catch(() => {}); // it is not there, or others' states are in it
}

/**
 * Removes drafts and states of killed trainings that are too old for anyone to go on from. They are a matter of
 * megabytes each, and only the very same job would ever read one.
 */
export async function removeStale(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const oldest = name.endsWith(".draft") ? DRAFT_AGE_MS : name.endsWith(".checkpoint") ? STATE_AGE_MS : Infinity;
    const path = `${folder}/${name}`, stat = await Deno.stat(path).catch(() => undefined);
    const isStale = stat?.isFile && stat.mtime !== null && Date.now() - stat.mtime.getTime() > oldest;
    if (isStale) await Deno.remove(path).catch(() => {}); // it is gone, or another user's: no reason not to train
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileRefusal("remove", path, error);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fileRefusal("read", folder, error);
  }
}

function fileRefusal(what: "read" | "write" | "remove", path: string, error: unknown): DomainError {
  const { message, code } = error as Error & { code?: string };
  const isForbidden = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    code === "EROFS";
  const [kind, hint] = isForbidden
    ? ["permission-denied", "Give this user read and write permission for the folder"] as const
    : code === "ENOSPC" || code === "EDQUOT"
    ? ["disk-full", "Free some space, and run the same command again: it goes on from the last state kept"] as const
    : ["input-invalid", "Remove the file, or whatever stands in the folder's place"] as const;
  return new DomainError(kind, `Cannot ${what} training checkpoint '${path}': ${message}`, { hint, cause: error });
}
