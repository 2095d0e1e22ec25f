import { DomainError, isDomainError } from "../../core/mod.ts";
import { checkKey } from "../rules/entries.ts";
import { checkModelName, checkNewAlias } from "../rules/names.ts";
import { aliasHistoryTag } from "./alias_history.ts";

/** Refuses an alias or name before any work is done for it. @throws {DomainError} `usage` */
export function checkAliasName(alias: string, name: string | undefined): void {
  try {
    checkNewAlias(alias);
    if (name !== undefined) checkModelName(name);
    checkKey(aliasHistoryTag(alias), "key");
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError("usage", error.message.replace(/\.$/, ""), { cause: error });
  }
}
