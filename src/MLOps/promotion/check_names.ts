import { DomainError, isDomainError } from "../../core/mod.ts";
import { checkModelName, checkNewAlias } from "../rules/names.ts";

/** Refuses an alias or name before any work is done for it. @throws {DomainError} `usage` */
export function checkAliasName(alias: string, name: string | undefined): void {
  try {
    checkNewAlias(alias);
    if (name !== undefined) checkModelName(name);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError("usage", error.message.replace(/\.$/, ""), { cause: error });
  }
}
