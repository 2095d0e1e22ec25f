import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Clock, DomainError, quoted } from "../../core/mod.ts";

/** Paths of a server's certificate and key. */
export interface TlsFiles {
  /** PEM file of the certificate, with those between it and its root behind it. */
  readonly cert: string;
  /** PEM file of its private key. */
  readonly key: string;
}

/** Certificate and key as PEM text. */
export interface TlsPair {
  /** The certificate. */
  readonly cert: string;
  /** The key. */
  readonly key: string;
}

/**
 * Reads certificate and key.
 *
 * @throws {DomainError} `config-invalid` where a file is absent or holds no PEM of its kind; `permission-denied`.
 */
export async function readTls(files: TlsFiles): Promise<TlsPair> {
  return { cert: await readPem(files.cert, "CERTIFICATE"), key: await readPem(files.key, "PRIVATE KEY") };
}

/** Makes sure that the key is the certificate's. @throws {DomainError} `config-invalid`. */
export function checkPair({ cert, key }: TlsPair): void {
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new DomainError("config-invalid", `Cannot use the files for TLS: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!fits) {
    throw new DomainError("config-invalid", "Cannot use the files for TLS as the key is not the certificate's");
  }
}

/** How often the files are looked at; a change is taken once it has stood from one look to the next. */
const LOOK_MS = 10_000;

/** Follows the files until the signal ends it; `onChange` gets undefined once a new pair serves, and why one does not. */
export async function watchTls(
  files: TlsFiles,
  first: TlsPair,
  options: {
    readonly renew: (pair: TlsPair) => Promise<void>;
    readonly onChange: (problem: Error | undefined) => void;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { renew, onChange, clock, signal } = options;
  let tried = textOf(first), seen = tried;
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_MS, { signal });
    } catch {
      return;
    }
    const found = await readTls(files).catch((error: Error) => error);
    const text = found instanceof Error ? found.message : textOf(found);
    // Two files are not written at once: what stands between is no pair yet.
    const isSettled = text === seen;
    seen = text;
    if (!isSettled || text === tried) continue;
    tried = text;
    try {
      if (found instanceof Error) throw found;
      await renew(found);
      onChange(undefined);
    } catch (error) {
      onChange(error as Error);
    }
  }
}

function textOf({ cert, key }: TlsPair): string {
  return `${cert}\0${key}`;
}

async function readPem(path: string, kind: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new DomainError("permission-denied", `Cannot read '${path}' for TLS as it is not granted`, {
        hint: `Put it into config/, or grant it: task api READ=${quoted(path)}`,
        cause: error,
      });
    }
    throw new DomainError("config-invalid", `Cannot read '${path}' for TLS: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (new RegExp(`-----BEGIN ([A-Z]+ )?${kind}-----`).test(text)) return text;
  throw new DomainError("config-invalid", `Cannot use '${path}' for TLS as it holds no PEM block '${kind}'`, {
    hint: "See the options --tls-cert and --tls-key, or 'tls' in config/api.json",
  });
}
