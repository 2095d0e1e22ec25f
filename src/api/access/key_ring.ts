import { authorizationOf, type Clock, indexOfDigest, messageAndHint } from "../../core/mod.ts";
import { RefusalError } from "../http/problem.ts";
import { type ApiKey, type KeyScope, tokenDigest } from "./api_keys.ts";
import { fileStamp, readKeys } from "./key_file.ts";
import { TokenBucket } from "./token_bucket.ts";

const CHECK_MS = 1000;

/** What became of the file of keys. */
export interface KeysReport {
  /** Keys that are taken now. */
  readonly active: number;
  /** Why the file could not be taken; the keys before it stay, but none does where the file is gone. */
  readonly problem: string | undefined;
}

/** What is known of who asks; filled in as it is found out, so also where a request is turned away. */
export interface Visit {
  /** Id of the key that is shown, where it is known. */
  keyId: string | null;
}

interface HeldKey {
  readonly key: ApiKey;
  readonly bucket: TokenBucket | undefined;
}

/**
 * The keys that are taken. Without a file at the start none is asked for; from the first look that finds one on, keys
 * are asked for until the process ends, whatever becomes of the file.
 */
export class KeyRing {
  readonly #path: string;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #held: readonly HeldKey[] = [];
  #digests: readonly Uint8Array[] = [];
  #stamp: string | undefined;
  #problem: string | undefined;
  #isOn = false;

  private constructor(path: string, clock: Pick<Clock, "monotonicMs">) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Reads the keys in a file, which may be absent. @throws {DomainError} as `readKeys`. */
  static async open(path: string, clock: Pick<Clock, "monotonicMs">): Promise<KeyRing> {
    const ring = new KeyRing(path, clock);
    const stored = await readKeys(path);
    if (stored !== undefined) ring.#take(stored.keys, stored.stamp);
    return ring;
  }

  /** Whether keys are asked for. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** How many keys are taken. */
  get active(): number {
    return this.#held.filter(({ key }) => key.revokedAt === null).length;
  }

  /**
   * Makes sure that the header shows a key of the scope.
   *
   * @throws {RefusalError} 401 without a key that is taken, 403 without the scope, and 429 past the key's rate where
   * it counts.
   */
  check(header: string | null, scope: KeyScope, isCounted: boolean, visit?: Visit): void {
    const shown = authorizationOf(header);
    if (shown?.scheme !== "bearer") throw unauthenticated("key-missing", "none is shown");
    const held = this.#held[indexOfDigest(this.#digests, tokenDigest(shown.value))];
    if (held === undefined) throw unauthenticated("key-unknown", "the one shown is not known");
    const { key, bucket } = held;
    if (visit !== undefined) visit.keyId = key.id;
    if (key.revokedAt !== null) throw unauthenticated("key-revoked", `'${key.id}' was revoked at ${key.revokedAt}`);
    if (!key.scopes.includes(scope)) {
      throw new RefusalError("forbidden", `Cannot do this with key '${key.id}' as it lacks the scope '${scope}'`, {
        reason: "scope",
        headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
    const waitMs = isCounted ? bucket?.take(this.#clock.monotonicMs()) ?? 0 : 0;
    if (waitMs > 0) {
      throw new RefusalError(
        "rate-limited",
        `Cannot answer more than ${key.rate} requests a second of key '${key.id}'`,
        {
          reason: "rate",
          headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
        },
      );
    }
  }

  /**
   * Reads the file again if it changed or could not be taken the last time; undefined where nothing is new. Never throws.
   */
  async refresh(): Promise<KeysReport | undefined> {
    let stamp: string | undefined;
    try {
      stamp = await fileStamp(this.#path);
      // What a stamp does not show can heal a file too, such as the mode of its folder.
      if (stamp === this.#stamp && this.#problem === undefined) return undefined;
      const stored = await readKeys(this.#path);
      this.#take(stored?.keys ?? [], stored?.stamp);
      return { active: this.active, problem: stored === undefined ? `'${this.#path}' is gone` : undefined };
    } catch (error) {
      if (stamp !== undefined) this.#isOn = true;
      const problem = messageAndHint(error as Error);
      if (problem === this.#problem) return undefined;
      this.#problem = problem;
      return { active: this.active, problem };
    }
  }

  /** Follows the file until the signal ends it. */
  async watch(
    onChange: (report: KeysReport) => void,
    options: { readonly clock: Clock; readonly signal: AbortSignal },
  ) {
    const { clock, signal } = options;
    while (!signal.aborted) {
      try {
        await clock.sleep(CHECK_MS, { signal });
      } catch {
        return;
      }
      const report = await this.refresh();
      if (report !== undefined) onChange(report);
    }
  }

  #take(keys: readonly ApiKey[], stamp: string | undefined): void {
    const before = new Map(this.#held.map((held) => [held.key.id, held]));
    // A key that stays keeps what it has used up.
    this.#held = keys.map((key) => {
      const known = before.get(key.id);
      if (known !== undefined && known.key.rate === key.rate && known.key.sha256 === key.sha256) {
        return { key, bucket: known.bucket };
      }
      return { key, bucket: key.rate === null ? undefined : new TokenBucket(key.rate) };
    });
    this.#digests = keys.map(({ sha256 }) => Uint8Array.from(sha256.match(/../g)!, (byte) => parseInt(byte, 16)));
    this.#stamp = stamp;
    this.#problem = undefined;
    this.#isOn = true;
  }
}

function unauthenticated(reason: "key-missing" | "key-unknown" | "key-revoked", why: string): RefusalError {
  return new RefusalError("unauthenticated", `Cannot answer without a key that is taken: ${why}`, {
    reason,
    hint: "Send the header 'Authorization: Bearer TOKEN'",
    headers: { "www-authenticate": `Bearer${reason === "key-missing" ? "" : ' error="invalid_token"'}` },
  });
}
