import { TrackingError } from "../../core/mod.ts";
import { invalid } from "../rules/entries.ts";
import { MAX_ORDER_FIELDS } from "../rules/limits.ts";
import type { OrderBy, SearchDomain } from "./clause.ts";
import { resolveIdentifier } from "./parse_filter.ts";
import { orderRefusal } from "./refusal.ts";
import { isKeyPart, tokenize } from "./tokens.ts";

/**
 * Reads the fields to order by: `metrics.loss DESC`, `params."learning rate"`, `start_time ASC`.
 *
 * @example
 * ```ts
 * import { parseOrderBy, RUN_SEARCH } from "../mod.ts";
 *
 * const [order] = parseOrderBy(["metrics.loss DESC"], RUN_SEARCH);
 * if (order?.key !== "loss" || order.ascending) throw new Error("read otherwise");
 * ```
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE: unknown field, unknown direction, a field twice.
 */
export function parseOrderBy(orderBy: readonly string[] | undefined, domain: SearchDomain): readonly OrderBy[] {
  checkOrderCount(orderBy?.length ?? 0);
  const orders: OrderBy[] = [];
  for (const text of orderBy ?? []) {
    const order = parseOrRefuse(text, domain);
    if (orders.some(({ entity, key }) => entity === order.entity && key === order.key)) {
      if (domain.mayOrderTwice === true) continue;
      throw invalid(`\`order_by\` contains duplicate fields: [${orderBy!.map((one) => `'${one}'`).join(", ")}]`);
    }
    orders.push(order);
  }
  return orders;
}

/** Refuses more fields to order by than a database takes. @throws {TrackingError} INVALID_PARAMETER_VALUE */
export function checkOrderCount(count: number): void {
  if (count <= MAX_ORDER_FIELDS) return;
  throw invalid(`Invalid order_by: at most ${MAX_ORDER_FIELDS} fields can be ordered by, got ${count}`);
}

function parseOrRefuse(text: string, domain: SearchDomain): OrderBy {
  try {
    return parseOne(text, domain);
  } catch (error) {
    const words = error instanceof TrackingError ? orderRefusal(text, domain) : undefined;
    throw words === undefined ? error : invalid(words);
  }
}

function parseOne(text: string, domain: SearchDomain): OrderBy {
  const refuse = () => invalid(`Invalid order_by clause '${text}'. Could not be parsed.`);
  const tokens = tokenize(text);
  const names: string[] = [];
  let at = 0;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    const isDot = token.kind === "punctuation" && token.text === ".";
    const glued = at === 0 || tokens[at - 1]!.end === token.start;
    if (!glued) break;
    if (at % 2 === 0 ? !isKeyPart(token) : !isDot) throw refuse();
    if (!isDot) names.push(token.text);
  }
  if (names.length === 0 || at % 2 === 0) throw refuse();
  const [direction, ...more] = tokens.slice(at);
  if (more.length > 0) throw refuse();
  const word = direction?.text.toLowerCase() ?? "asc";
  if (direction !== undefined && (direction.kind !== "word" || !["asc", "desc"].includes(word))) {
    throw invalid(`Invalid ordering key in order_by clause '${text}'.`);
  }
  const { entity, key } = resolveIdentifier(names, domain, domain.orderAttributes);
  if (entity !== "attribute" && !domain.orderEntities.includes(entity)) {
    throw invalid(`Invalid order_by entity: ${entity}`);
  }
  return { entity, key, ascending: word === "asc" };
}
