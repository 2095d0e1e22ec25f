import { type CandleColumns, type Interval, INTERVAL_MS, MISSING_COUNT, type TimeRange, toIso } from "../core/mod.ts";

/** A row that cannot be true. */
export interface Violation {
  /** Row of the file or page, from 1. */
  readonly row: number;
  readonly openTimeMs: number;
  /** What is wrong, with the values seen. */
  readonly problem: string;
}

/** What {@linkcode checkCandles} holds rows against. */
export interface CandleRules {
  readonly interval: Interval;
  /** Open times that the file or page may hold. */
  readonly range: TimeRange;
  /** How far `quoteVolume / volume` may lie outside `[low, high]`, relative. */
  readonly priceTolerance: number;
  /** Real rows whose close time breaks the rule, as `openTimeMs → closeTimeMs`. */
  readonly closeTimeExceptions: ReadonlyMap<number, number>;
  /** Open times of real rows whose values are admitted whatever they are, if they are finite and in their place. */
  readonly admitted?: ReadonlySet<number>;
}

/** What {@linkcode checkCandles} found. */
export interface CandleFindings {
  /** The first violations, at most {@linkcode MAX_VIOLATIONS}. */
  readonly violations: readonly Violation[];
  /** All of them. */
  readonly violationCount: number;
  /** Open times of rows that close early but inside their interval, and are no listed exception. */
  readonly oddCloseTimes: readonly number[];
}

/** How many violations are described. */
export const MAX_VIOLATIONS = 5;

/**
 * Holds every row against what must be true of candles: open times on the grid, inside the range, strictly ascending;
 * finite positive prices with `low ≤ open, close ≤ high`; volumes finite and not negative; takers' share not above
 * the whole; quote volume ÷ base volume inside `[low, high]`; close time inside the interval. Unknown values (NaN,
 * MISSING_COUNT) pass. O(n).
 */
export function checkCandles(columns: CandleColumns, rules: CandleRules): CandleFindings {
  const stepMs = INTERVAL_MS[rules.interval];
  const violations: Violation[] = [];
  const oddCloseTimes: number[] = [];
  let violationCount = 0;
  const { openTimeMs, open, high, low, close, volume, closeTimeMs, quoteVolume, tradeCount } = columns;
  const { takerBuyBaseVolume, takerBuyQuoteVolume } = columns;
  for (let i = 0; i < columns.length; i++) {
    const at = openTimeMs[i]!, o = open[i]!, h = high[i]!, l = low[i]!, c = close[i]!;
    const base = volume[i]!, quote = quoteVolume[i]!, closeAt = closeTimeMs[i]!;
    const takerBase = takerBuyBaseVolume[i]!, takerQuote = takerBuyQuoteVolume[i]!;
    const early = closeAt !== at + stepMs - 1;
    const inPlace = at % stepMs === 0 && at >= rules.range.startMs && at < rules.range.endMs &&
      (i === 0 || at > openTimeMs[i - 1]!);
    // Written so that NaN and infinities fail the comparisons that must hold.
    const sound = inPlace &&
      l > 0 && h < Infinity && o >= l && c >= l && o <= h && c <= h &&
      base >= 0 && base < Infinity && !(quote < 0) && quote !== Infinity &&
      !(takerBase < 0) && !(takerBase > base) && !(takerQuote < 0) && !(takerQuote > quote) &&
      (tradeCount[i]! >= 0 || tradeCount[i] === MISSING_COUNT) &&
      isQuoteFair(base, quote, l, h, rules.priceTolerance) &&
      (!early || (closeAt >= at && closeAt < at + stepMs) || rules.closeTimeExceptions.get(at) === closeAt);
    if (!sound && !(inPlace && rules.admitted?.has(at) === true && isFinite(o + h + l + c + base + closeAt))) {
      violationCount++;
      if (violations.length < MAX_VIOLATIONS) {
        violations.push({ row: i + 1, openTimeMs: at, problem: describe(columns, i, rules) });
      }
    } else if (sound && early && rules.closeTimeExceptions.get(at) !== closeAt) oddCloseTimes.push(at);
  }
  return { violations, violationCount, oddCloseTimes };
}

/** A violation as one line for a person. */
export function violationText({ row, openTimeMs, problem }: Violation): string {
  const when = Math.abs(openTimeMs) < 8.64e15 ? toIso(openTimeMs) : String(openTimeMs);
  return `row ${row} (${when}): ${problem}`;
}

function isQuoteFair(base: number, quote: number, low: number, high: number, tolerance: number): boolean {
  if (quote !== quote) return true;
  // A product rather than a quotient: it also says that no base volume means no quote volume.
  return quote >= base * low * (1 - tolerance) && quote <= base * high * (1 + tolerance);
}

function describe(columns: CandleColumns, i: number, rules: CandleRules): string {
  const stepMs = INTERVAL_MS[rules.interval];
  const at = columns.openTimeMs[i]!;
  const o = columns.open[i]!, h = columns.high[i]!, l = columns.low[i]!, c = columns.close[i]!;
  const base = columns.volume[i]!, quote = columns.quoteVolume[i]!;
  if (at % stepMs !== 0) return `open time ${at} is not on the grid of ${rules.interval}`;
  if (at < rules.range.startMs || at >= rules.range.endMs) {
    return `open time lies outside ${toIso(rules.range.startMs)} to ${toIso(rules.range.endMs)}`;
  }
  if (i > 0 && !(at > columns.openTimeMs[i - 1]!)) {
    const before = columns.openTimeMs[i - 1]!;
    return at === before ? "the open time is there twice" : `open time lies before the row above (${toIso(before)})`;
  }
  if (!(l > 0 && h < Infinity && o >= l && c >= l && o <= h && c <= h)) {
    return `prices disagree: open ${o}, high ${h}, low ${l}, close ${c}`;
  }
  if (!(base >= 0 && base < Infinity) || quote < 0 || quote === Infinity) {
    return `volume is negative or not finite: ${base}, quote ${quote}`;
  }
  const takerBase = columns.takerBuyBaseVolume[i]!, takerQuote = columns.takerBuyQuoteVolume[i]!;
  if (takerBase < 0 || takerBase > base || takerQuote < 0 || takerQuote > quote) {
    return `takers bought ${takerBase} of ${base}, quote ${takerQuote} of ${quote}`;
  }
  if (columns.tradeCount[i]! < 0) return `trade count is negative: ${columns.tradeCount[i]}`;
  if (!isQuoteFair(base, quote, l, h, rules.priceTolerance)) {
    return `mean price ${quote / base} lies outside low ${l} to high ${h}`;
  }
  return `close time ${columns.closeTimeMs[i]} lies outside the candle, which opens at ${at}`;
}
