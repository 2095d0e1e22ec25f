import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { DomainError, nearestWord } from "../../core/mod.ts";

/** What a key may be used for: forecasts, or reload and metrics. Neither includes the other. */
export const KEY_SCOPES = ["predict", "admin"] as const;

/** One of {@linkcode KEY_SCOPES}. */
export type KeyScope = (typeof KEY_SCOPES)[number];

/** A key as the file holds it: its token is not there, only the digest of it. */
export interface ApiKey {
  /** Name by which it is listed and revoked. */
  readonly id: string;
  /** SHA-256 of the token, 64 hex digits. */
  readonly sha256: string;
  /** What it may be used for. */
  readonly scopes: readonly KeyScope[];
  /** Requests a second, and as many at once; null for no limit. */
  readonly rate: number | null;
  /** When it was made, ISO 8601 UTC. */
  readonly createdAt: string;
  /** Since when it is no longer taken; null while it is. */
  readonly revokedAt: string | null;
}

/** What a key's id looks like. */
export const KEY_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const TOKEN_BYTES = 32;
/** Lets scanners for secrets find a token that was put where it does not belong. */
const TOKEN_PREFIX = "bml_";

/** SHA-256 of a token; no slow hash, as a token of 256 random bits cannot be guessed. */
export function tokenDigest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** A new key and its token, which nothing holds after this. */
export function newKey(
  options: Pick<ApiKey, "scopes" | "rate" | "createdAt"> & { readonly id?: string },
): { readonly key: ApiKey; readonly token: string } {
  const { id = `key-${Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString("hex")}`, scopes, rate } =
    options;
  const token = TOKEN_PREFIX + Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString("base64url");
  const sha256 = tokenDigest(token).toString("hex");
  return { key: { id, sha256, scopes, rate, createdAt: options.createdAt, revokedAt: null }, token };
}

/** The keys with one more. @throws {DomainError} `usage` where its id is taken, by a revoked key too. */
export function withKey(keys: readonly ApiKey[], key: ApiKey): ApiKey[] {
  if (keys.some(({ id }) => id === key.id)) {
    throw new DomainError("usage", `Cannot make a key '${key.id}' as there is one of this id, maybe revoked`, {
      hint: "Choose another --id, or leave it out",
    });
  }
  return [...keys, key];
}

/** The keys with one revoked; one that was revoked already stays as it is. @throws {DomainError} `not-found`. */
export function withRevoked(keys: readonly ApiKey[], id: string, revokedAt: string): ApiKey[] {
  if (!keys.some((key) => key.id === id)) {
    const meant = nearestWord(id, keys.map((key) => key.id));
    throw new DomainError("not-found", `Cannot revoke key '${id}' as there is none of this id`, {
      hint: meant === undefined ? "See the ids with: task api-keys -- list" : `Did you mean '${meant}'?`,
    });
  }
  return keys.map((key) => key.id === id && key.revokedAt === null ? { ...key, revokedAt } : key);
}
