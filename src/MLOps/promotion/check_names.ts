import { DomainError, isDomainError } from "../../core/mod.ts";
import { MAX_BY_LENGTH, MAX_KEY_LENGTH, MAX_WHY_LENGTH } from "../rules/limits.ts";
import { checkModelName, checkNewAlias } from "../rules/names.ts";
import { aliasHistoryTag } from "./alias_history.ts";

/** Refuses an alias or name before any work is done for it. @throws {DomainError} `usage` */
export function checkAliasName(alias: string, name: string | undefined): void {
  try {
    checkNewAlias(alias);
    if (name !== undefined) checkModelName(name);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError("usage", error.message.replace(/\.$/, ""), { cause: error });
  }
  // The history could not be written once the alias had moved.
  const most = MAX_KEY_LENGTH - aliasHistoryTag("").length;
  if (alias.length > most) {
    throw new DomainError(
      "usage",
      `Cannot keep a history of the alias as it is longer than ${most} characters: it has ${alias.length}`,
    );
  }
}

/** Refuses a name or reason that a history should not hold. @throws {DomainError} `usage` */
export function checkMoveWords({ by, why }: { readonly by: string; readonly why: string }): void {
  for (const [what, text, most] of [["name", by, MAX_BY_LENGTH], ["reason", why, MAX_WHY_LENGTH]] as const) {
    const cannot = `Cannot move the alias as the ${what}`;
    if (text === "") {
      throw new DomainError("usage", `${cannot} is missing`, {
        hint: "The alias's history keeps who moved it, when and why",
      });
    }
    if (text.length > most) {
      throw new DomainError("usage", `${cannot} is longer than ${most} characters: it has ${text.length}`);
    }
    if (/\p{Cc}/u.test(text)) throw new DomainError("usage", `${cannot} holds control characters, such as a line end`);
  }
}
