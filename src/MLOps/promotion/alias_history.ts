import type { ModelRegistry, RegisteredModel } from "../../core/mod.ts";

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
 * Adds a move; the oldest make way where there are too many.
 *
 * @example
 * ```ts
 * import { openRegistryAt, readAliasMoves, recordAliasMove } from "../mod.ts";
 *
 * await using registry = await openRegistryAt("sqlite:///:memory:");
 * await registry.createRegisteredModel("forecast");
 * await recordAliasMove(registry, "forecast", "production", { to: "2", from: "1", atMs: 1, kind: "promotion" });
 * const [move] = readAliasMoves(await registry.getRegisteredModel("forecast"), "production");
 * if (move?.to !== "2") throw new Error("the move is not kept");
 * ```
 */
export async function recordAliasMove(
  registry: ModelRegistry,
  name: string,
  alias: string,
  move: AliasMove,
): Promise<void> {
  let moves = [...readAliasMoves(await registry.getRegisteredModel(name), alias), move].slice(-MOST_MOVES);
  while (moves.length > 1 && JSON.stringify(moves).length > MOST_CHARACTERS) moves = moves.slice(1);
  await registry.setRegisteredModelTag(name, { key: aliasHistoryTag(alias), value: JSON.stringify(moves) });
}

function isMove(value: unknown): value is AliasMove {
  const { to, atMs } = (value ?? {}) as Partial<AliasMove>;
  return typeof to === "string" && typeof atMs === "number";
}
