import { DomainError } from "../../core/mod.ts";

/** Which version of which registered model is asked for. */
export interface ModelReference {
  /** As the user wrote it. */
  readonly uri: string;
  /** Registered name. */
  readonly name: string;
  /** How the version is found; exactly one of the three. */
  readonly by:
    | { readonly kind: "alias"; readonly alias: string }
    | { readonly kind: "version"; readonly version: string }
    | { readonly kind: "latest" };
}

const BY_ALIAS = /^models:\/{1,3}([^/@:]+)@([A-Za-z0-9_-]+)$/;
const BY_VERSION = /^models:\/{1,3}([^/@:]+)\/([1-9]\d{0,9}|latest)$/;

/**
 * Reads `models:/NAME@ALIAS`, `models:/NAME/VERSION` or `models:/NAME/latest`.
 *
 * @throws {DomainError} `config-invalid` for anything else.
 */
export function parseModelUri(uri: string): ModelReference {
  const alias = BY_ALIAS.exec(uri);
  if (alias !== null) return { uri, name: alias[1]!, by: { kind: "alias", alias: alias[2]! } };
  const version = BY_VERSION.exec(uri);
  if (version !== null) {
    const by = version[2] === "latest"
      ? { kind: "latest" as const }
      : { kind: "version" as const, version: version[2]! };
    return { uri, name: version[1]!, by };
  }
  throw new DomainError(
    "config-invalid",
    `Cannot serve a model as its URI is not understood: current value is '${uri}'`,
    {
      hint: "Write models:/bitcoin-model@production, models:/bitcoin-model/3 or models:/bitcoin-model/latest",
    },
  );
}
