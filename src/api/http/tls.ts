import { DomainError, quoted } from "../../core/mod.ts";

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
 * Reads certificate and key, once: after a renewal the service is started again.
 *
 * @throws {DomainError} `config-invalid` where a file is absent or holds no PEM of its kind; `permission-denied`.
 */
export async function readTls(files: TlsFiles): Promise<TlsPair> {
  return { cert: await readPem(files.cert, "CERTIFICATE"), key: await readPem(files.key, "PRIVATE KEY") };
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
