import type { KeyValue, RegisteredModel } from "../../core/mod.ts";
import { MAX_BY_LENGTH, MAX_WHY_LENGTH } from "../rules/limits.ts";

/** Most moves that are kept of an alias, and their longest text: MLflow's column for the tag holds 5,000 characters. */
const MOST_MOVES = 50, MOST_CHARACTERS = 5_000;

/** A move of an alias. */
export interface AliasMove {
  /** Version that it points to since then. */
  readonly to: string;
  /** Version that it pointed to; unset for the first. */
  readonly from?: string;
  /** When, epoch milliseconds. */
  readonly atMs: number;
  /** Who; unset where the system does not say. */
  readonly by?: string;
  /** What moved it. */
  readonly kind: "promotion" | "forced" | "rollback";
  /** Why, where somebody gave a reason. */
  readonly why?: string;
}

/** The tag of a registered model that holds the moves of an alias, where any MLflow client sees it. */
export function aliasHistoryTag(alias: string): string {
  return `alias.${alias}.history`;
}

/** The moves of an alias, oldest first; moves by other programs are not among them. */
export function readAliasMoves(model: Pick<RegisteredModel, "tags">, alias: string): readonly AliasMove[] {
  const text = model.tags.find(({ key }) => key === aliasHistoryTag(alias))?.value ?? "[]";
  try {
    const moves: unknown = JSON.parse(text);
    return Array.isArray(moves) ? moves.filter(isMove) : [];
  } catch {
    return []; // cut or edited by hand: what is unreadable is no history
  }
}

/**
 * The tag of a model's history with one move more; the oldest make way where there are too many, and a long reason is cut,
 * so that one alone cannot take the place of all.
 *
 * @example
 * ```ts
 * import { openRegistryAt, readAliasMoves, withAliasMove } from "../mod.ts";
 *
 * await using registry = await openRegistryAt("sqlite:///:memory:");
 * await registry.createRegisteredModel("forecast");
 * await registry.createModelVersion({ name: "forecast", source: "/models/1" });
 * await registry.moveAlias("forecast", "production", {
 *   from: undefined,
 *   to: "1",
 *   tag: (model) => withAliasMove(model, "production", { to: "1", atMs: Date.now(), kind: "promotion", why: "the first" }),
 * });
 * const [move] = readAliasMoves(await registry.getRegisteredModel("forecast"), "production");
 * if (move?.why !== "the first") throw new Error("the move is not kept");
 * ```
 */
export function withAliasMove(model: Pick<RegisteredModel, "tags">, alias: string, move: AliasMove): KeyValue {
  const kept = { ...move, ...cut("by", move.by, MAX_BY_LENGTH), ...cut("why", move.why, MAX_WHY_LENGTH) };
  let moves = [...readAliasMoves(model, alias), kept].slice(-MOST_MOVES);
  while (moves.length > 1 && JSON.stringify(moves).length > MOST_CHARACTERS) moves = moves.slice(1);
  return { key: aliasHistoryTag(alias), value: JSON.stringify(moves) };
}

function cut(key: "by" | "why", text: string | undefined, most: number): Partial<AliasMove> {
  return text === undefined || text.length <= most ? {} : { [key]: `${text.slice(0, most - 1)}…` };
}

function isMove(value: unknown): value is AliasMove {
  const { to, atMs } = (value ?? {}) as Partial<AliasMove>;
  return typeof to === "string" && typeof atMs === "number";
}
