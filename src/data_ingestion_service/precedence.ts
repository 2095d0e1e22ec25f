import type { CandleSource, CandleWins } from "../core/mod.ts";

/**
 * Who is believed where sources differ on a candle: the one that stands earlier in `order`; of the same source, what it
 * said last. A source that is not listed stands last.
 */
export function winsBy(order: readonly CandleSource[]): CandleWins {
  const rank = (source: CandleSource) => {
    const at = order.indexOf(source);
    return at < 0 ? order.length : at;
  };
  return (stored, offered) => rank(offered) <= rank(stored);
}
