import { allocateCandles, type CandleColumns, MINUTE_MS, seededRandom, type TimeRange } from "../../src/core/mod.ts";

/** A number with eight decimals at most, as the exchange writes them. */
function round8(value: number): number {
  return Number(value.toFixed(8));
}

/**
 * Minute candles of a random walk for `range`, sound by every rule of the checks; minutes in `holes` are left out.
 * Equal arguments give equal candles, whatever the range asked for begins with: each minute is seeded by itself.
 */
export function walkCandles(range: TimeRange, holes: readonly TimeRange[] = []): CandleColumns {
  const times: number[] = [];
  for (let ms = range.startMs; ms < range.endMs; ms += MINUTE_MS) {
    if (!holes.some((hole) => ms >= hole.startMs && ms < hole.endMs)) times.push(ms);
  }
  const columns = allocateCandles(times.length);
  times.forEach((ms, i) => {
    const random = seededRandom(ms / MINUTE_MS);
    const open = round8(20_000 + 5_000 * Math.sin(ms / 1e8) + random.uniform());
    const close = round8(open * (1 + 0.0005 * random.normal()));
    const volume = round8(0.5 + 10 * random.uniform());
    const taker = round8(volume * random.uniform());
    columns.openTimeMs[i] = ms;
    columns.open[i] = open;
    columns.close[i] = close;
    columns.high[i] = round8(Math.max(open, close) * 1.0002);
    columns.low[i] = round8(Math.min(open, close) * 0.9998);
    columns.volume[i] = volume;
    columns.closeTimeMs[i] = ms + MINUTE_MS - 1;
    columns.quoteVolume[i] = round8(volume * (open + close) / 2);
    columns.tradeCount[i] = 1 + random.integer(2_000);
    columns.takerBuyBaseVolume[i] = taker;
    columns.takerBuyQuoteVolume[i] = round8(Math.min(taker, volume * 0.999) * (open + close) / 2 * 0.999);
  });
  return columns;
}

/** A row of `/api/v3/klines`, and a line of the archive: numbers as text with eight decimals. */
export function klineCells(columns: CandleColumns, i: number): (number | string)[] {
  const text = (value: number) => value.toFixed(8);
  return [
    columns.openTimeMs[i]!,
    text(columns.open[i]!),
    text(columns.high[i]!),
    text(columns.low[i]!),
    text(columns.close[i]!),
    text(columns.volume[i]!),
    columns.closeTimeMs[i]!,
    text(columns.quoteVolume[i]!),
    columns.tradeCount[i]!,
    text(columns.takerBuyBaseVolume[i]!),
    text(columns.takerBuyQuoteVolume[i]!),
    "0",
  ];
}

/** The CSV of an archive file. */
export function klineCsv(
  columns: CandleColumns,
  options: { readonly unit?: "ms" | "us"; readonly header?: boolean; readonly newline?: string } = {},
): string {
  const { unit = "ms", header = false, newline = "\n" } = options;
  const lines = header
    ? [
      "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore",
    ]
    : [];
  for (let i = 0; i < columns.length; i++) {
    const cells = klineCells(columns, i);
    if (unit === "us") {
      cells[0] = `${cells[0]}000`;
      cells[6] = `${cells[6]}999`;
    }
    lines.push(cells.join(","));
  }
  return lines.map((line) => line + newline).join("");
}
