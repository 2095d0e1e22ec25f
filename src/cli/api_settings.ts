import type { TlsFiles } from "../api/mod.ts";
import type { ApiConfig } from "../config/api_config.ts";
import { DomainError } from "../core/mod.ts";
import type { CommandContext } from "./command.ts";

/**
 * The settings with what the options say of a challenger.
 *
 * @throws {DomainError} `usage` for an alias or a share that cannot be, `config-invalid` for a share of nobody.
 */
export async function withChallenger(config: ApiConfig, options: CommandContext["options"]): Promise<ApiConfig> {
  const { challenger } = config, named = options.string("challenger");
  if (named !== undefined) (await import("../MLOps/promotion/mod.ts")).checkAliasName(named, undefined);
  const alias = named ?? challenger.alias,
    share = options.number("canary-share") ?? challenger.share;
  if (!(share >= 0 && share <= 1)) {
    throw new DomainError("usage", `Option '--canary-share' must be from 0 to 1: current value is '${share}'`);
  }
  if (options.number("canary-share") !== undefined && alias === null) {
    throw new DomainError("usage", "Option '--canary-share' needs a challenger", {
      hint: "Name one: --challenger ALIAS",
    });
  }
  if (share > 0 && alias === null) {
    throw new DomainError("config-invalid", `Cannot give ${share} of the requests to a challenger as none is named`, {
      hint: "Name one in 'challenger.alias' or with --challenger ALIAS, or set 'challenger.share' to 0",
    });
  }
  return { ...config, challenger: { ...challenger, alias, share } };
}

/** Certificate and key of the options, else of the settings. @throws {DomainError} `usage` where one is missing. */
export function tlsFiles({ options }: CommandContext, configured: TlsFiles | null): TlsFiles | undefined {
  const cert = options.string("tls-cert"), key = options.string("tls-key");
  if (cert === undefined && key === undefined) return configured ?? undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw new DomainError("usage", "Options '--tls-cert' and '--tls-key' belong together: only one is given");
}

/** A port. @throws {DomainError} `usage` where it is none. */
export function readPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new DomainError("usage", `Option '--port' must be a whole number from 0 to 65535: current value is '${port}'`);
}
