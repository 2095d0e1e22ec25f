import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { CHAIN_FIELD, CHAIN_START, DomainError } from "../../core/mod.ts";
import { cannotUse, isConfiguredWrongly } from "./configured_path.ts";

/** The link of a batch: HMAC-SHA-256 over the previous link and the batch's text, 64 hex digits. */
export function chainLink(key: Uint8Array, previous: string, batch: string | Uint8Array): string {
  return createHmac("sha256", key).update(previous).update(batch).digest("hex");
}

/** What an instance's first batch is chained to: its name, so that its log is nobody else's. */
export function chainStart(key: Uint8Array, instance: string): string {
  return chainLink(key, CHAIN_START, instance);
}

/** What stands behind a batch's text, in place of its last brace. */
export function sealText(link: string): string {
  return `,"${CHAIN_FIELD}":"${link}"}\n`;
}

const SEALED = new RegExp(`^(\\{.*),"${CHAIN_FIELD}":"([0-9a-f]{64})"\\}$`, "s");

/** A sealing line's text up to its link, and the link; undefined where the line seals nothing. */
export function unsealLine(line: string): { readonly text: string; readonly link: string } | undefined {
  const match = SEALED.exec(line);
  return match === null ? undefined : { text: match[1]!, link: match[2]! };
}

const KEY_BYTES = 32;

/**
 * The key in `path`, 64 hex digits in a file of mode 0600; made where there is none. Where instances that it chained are
 * still there it is not made anew: another key would prove none of them, and what it chained could no longer be proven
 * once the right one is put back.
 *
 * @throws {DomainError} `config-invalid` where the file holds something else, or is gone while its instances are there.
 */
export async function loadChainKey(
  path: string,
  options: {
    /** Instances that have records. @default none */
    readonly chained?: () => Promise<readonly string[]>;
  } = {},
): Promise<Uint8Array> {
  const stored = await readKey(path);
  if (stored !== undefined) return stored;
  const chained = await options.chained?.() ?? [];
  if (chained.length > 0) throw keyGone(path, chained);
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  await Deno.mkdir(folder, { recursive: true });
  try {
    await Deno.writeTextFile(path, `${Buffer.from(key).toString("hex")}\n`, { createNew: true, mode: 0o600 });
  } catch (error) {
    // Another service made it at the same moment: that one counts.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return (await readKey(path))!;
  }
  return key;
}

/** The error for a key that is not there while instances are that it chained. */
export function keyGone(path: string, chained: readonly string[]): DomainError {
  const which = chained.length === 1 ? chained[0] : `${chained.length} instances, the last of them ${chained.at(-1)}`;
  return new DomainError(
    "config-invalid",
    `Cannot find '${path}', the key that chains the prediction log of ${which}`,
    {
      hint:
        "Put it back from your backup. Only if it is lost for good, move the folder of the log away: nobody can prove " +
        "any more what is in it, and the service then makes a new key",
    },
  );
}

/**
 * The key in `path`, or undefined where there is no file.
 *
 * @throws {DomainError} `permission-denied`, or `config-invalid` where no key can be read there.
 */
export async function readKey(path: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = (await Deno.readTextFile(path)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!isConfiguredWrongly(error)) throw error;
    const key = { what: "the key of the prediction log", path, setting: "predictionLog.keyFile" };
    throw cannotUse(key, { verb: "read", cause: error });
  }
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new DomainError("config-invalid", `Cannot read the key of the prediction log as '${path}' holds no key`, {
      hint: "It must be 64 hexadecimal digits: put it back from your backup",
    });
  }
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
