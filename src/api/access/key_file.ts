import { z } from "zod";
import { DomainError, quoted } from "../../core/mod.ts";
import { type ApiKey, KEY_ID, KEY_SCOPES } from "./api_keys.ts";

/** Where the keys are, unless `API_KEYS_FILE` names another file. */
export const API_KEYS_PATH = "config/api_keys.json";

const MODE = 0o600;
/** Bits of a mode that let others than the owner in. */
const OTHERS = 0o077;

const time = z.iso.datetime();
const KEYS_SCHEMA = z.array(z.strictObject({
  id: z.string().regex(KEY_ID),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(KEY_SCOPES)).min(1),
  rate: z.number().positive().nullable(),
  createdAt: time,
  revokedAt: time.nullable(),
})).superRefine((keys, context) => {
  for (const member of ["id", "sha256"] as const) {
    const seen = new Set<string>();
    keys.forEach((key, i) => {
      if (seen.has(key[member])) context.addIssue({ code: "custom", path: [i, member], message: "is there twice" });
      seen.add(key[member]);
    });
  }
});

/** Keys as read, with what tells whether the file is still the same. */
export interface StoredKeys {
  /** All keys, revoked ones too. */
  readonly keys: readonly ApiKey[];
  /** Changes with the file. */
  readonly stamp: string;
}

/** What changes with a file's content and with who may use it; undefined where there is no file. */
export async function fileStamp(path: string): Promise<string | undefined> {
  return (await statOf(path))?.stamp;
}

/**
 * The keys in a file; undefined where there is none.
 *
 * @throws {DomainError} `config-invalid` where others than the owner may read or write it, or it holds no keys;
 * `permission-denied` where this command may not read it.
 */
export async function readKeys(path: string): Promise<StoredKeys | undefined> {
  // Looked at first: what is written between the two calls is read again at the next look.
  const found = await statOf(path);
  if (found === undefined) return undefined;
  if (found.mode !== null && (found.mode & OTHERS) !== 0) {
    throw invalid(path, `others may use it: its mode is ${(found.mode & 0o777).toString(8).padStart(4, "0")}`, {
      hint: `chmod 600 ${quoted(path)}`,
    });
  }
  try {
    return { keys: parseKeys(path, await Deno.readTextFile(path)), stamp: found.stamp };
  } catch (error) {
    throw refusal(path, "read", error);
  }
}

/**
 * Changes the keys in a file: written beside it and renamed, mode 0600, one process at a time. Returns what is there now.
 *
 * @throws {DomainError} as {@linkcode readKeys}, and what `change` throws; the file is then as before.
 */
export async function changeKeys(
  path: string,
  change: (keys: readonly ApiKey[]) => readonly ApiKey[],
): Promise<readonly ApiKey[]> {
  const draft = `${path}.draft`;
  try {
    using lock = await Deno.open(`${path}.lock`, { create: true, write: true, mode: MODE });
    // The kernel drops it with the process, or where the file is closed.
    await lock.lock(true);
    const keys = change((await readKeys(path))?.keys ?? []);
    // One left by a kill may have another mode.
    await Deno.remove(draft).catch(() => undefined);
    {
      using file = await Deno.open(draft, { createNew: true, write: true, mode: MODE });
      const bytes = new TextEncoder().encode(`${JSON.stringify(keys, null, 2)}\n`);
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      await file.sync();
    }
    await Deno.rename(draft, path);
    return keys;
  } catch (error) {
    throw refusal(path, "write", error);
  }
}

function parseKeys(path: string, text: string): ApiKey[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw invalid(path, "it is no JSON", { cause: error });
  }
  const parsed = KEYS_SCHEMA.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { path: place, message } = parsed.error.issues[0]!;
  throw invalid(path, `${place.length === 0 ? "all of it" : `'${place.join(".")}'`} is wrong: ${message}`);
}

async function statOf(path: string): Promise<{ readonly stamp: string; readonly mode: number | null } | undefined> {
  try {
    const { mtime, ctime, size, ino, mode } = await Deno.stat(path);
    return { stamp: `${mtime?.getTime()} ${ctime?.getTime()} ${size} ${ino} ${mode}`, mode };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw refusal(path, "read", error);
  }
}

function invalid(path: string, why: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
  return new DomainError("config-invalid", `Cannot take keys from '${path}' as ${why}`, {
    hint: "Restore it, or move it away and make new keys with: task api-keys -- create",
    ...options,
  });
}

/** Why a file could not be used, in a user's words; unknown failures stay what they are. */
function refusal(path: string, act: "read" | "write", error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    const grant = act === "read" ? "READ" : "WRITE";
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
    return new DomainError("permission-denied", `Cannot ${act} the keys in '${path}' as it is not granted`, {
      hint: act === "read"
        ? `Grant it: task api ${grant}=${quoted(path)}`
        : `Only the command of its own may: task api-keys; elsewhere than in config/: task api-keys ${grant}=${
          quoted(folder)
        }`,
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotFound) {
    return new DomainError("config-invalid", `Cannot ${act} the keys in '${path}' as its folder does not exist`, {
      hint: "Make the folder first",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.IsADirectory || error instanceof Deno.errors.PermissionDenied) {
    return new DomainError("config-invalid", `Cannot ${act} the keys in '${path}': ${error.message}`, { cause: error });
  }
  return error;
}
