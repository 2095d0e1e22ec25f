import { createHash } from "node:crypto";
import type { Exchange } from "../http/exchange.ts";
import { isPlainWord } from "../http/respond.ts";

/** Header by which a client keeps its requests together: all of one key go to the same version. */
export const CANARY_KEY_HEADER = "x-canary-key";

const RANGE = 2 ** 32;

/** What decides who answers: the header where it is a plain word, else the request's id. */
export function canaryKeyOf({ request, requestId }: Exchange): string {
  const given = request.headers.get(CANARY_KEY_HEADER);
  return given !== null && isPlainWord(given) ? given : requestId;
}

/**
 * Whether a key is one of the share: the first 32 bits of its SHA-256, as a fraction of 2³², lie below it. A key that is
 * one of a share is one of every larger share too.
 */
export function isInShare(key: string, share: number): boolean {
  return createHash("sha256").update(key).digest().readUInt32BE(0) / RANGE < share;
}
