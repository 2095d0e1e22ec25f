/** What a client shows in the header `Authorization`. */
export interface ShownCredentials {
  /** How it is shown, in small letters. */
  readonly scheme: "bearer" | "basic";
  /** The token, or the Base64 of `name:password`. */
  readonly value: string;
}

/** Reads the header `Authorization`; undefined where it is absent or of another kind. */
export function authorizationOf(header: string | null | undefined): ShownCredentials | undefined {
  const [, scheme, value] = /^(Bearer|Basic) +(\S+)$/i.exec(header ?? "") ?? [];
  if (scheme === undefined) return undefined;
  return { scheme: scheme.toLowerCase() as ShownCredentials["scheme"], value: value! };
}

/**
 * Place of a digest among others of the same length, or −1. Every byte of each is looked at, so that the time taken
 * tells nothing of them.
 */
export function indexOfDigest(digests: readonly Uint8Array[], shown: Uint8Array): number {
  let found = -1;
  for (let i = 0; i < digests.length; i++) {
    const digest = digests[i]!;
    let difference = digest.length ^ shown.length;
    for (let j = 0; j < digest.length; j++) difference |= digest[j]! ^ (shown[j] ?? 0);
    found = difference === 0 ? i : found;
  }
  return found;
}
