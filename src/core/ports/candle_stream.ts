import type { Candle, SeriesId } from "../candle.ts";
import type { CallOptions } from "./clock.ts";

/** A candle that a stream calls closed, as the stream has it. */
export interface StreamedCandle extends Pick<Candle, "openTimeMs" | "close" | "volume" | "tradeCount"> {
  /** What it is of. */
  readonly series: SeriesId;
  /** The exchange's clock when it said so, epoch milliseconds. */
  readonly eventTimeMs: number;
}

/** What a stream tells while it is listened to. */
export type StreamNotice =
  /** A connection stands; what closed before it may have been missed. */
  | { readonly kind: "up"; readonly host: string }
  /** The connection is gone; the next one is on its way. */
  | { readonly kind: "down"; readonly host: string; readonly reason: string }
  /** A candle closed. */
  | { readonly kind: "closed"; readonly candle: StreamedCandle };

/**
 * Tells when candles close. A hint, never a source: notices may be missing, late, out of order or repeated, and the
 * candles that are stored come from an {@linkcode Exchange}.
 */
export interface CandleStream {
  /**
   * Notices of the series until the signal is aborted, which ends the iteration; connects again by itself.
   *
   * @throws {DomainError} `permission-denied` where no host may be reached at all.
   */
  notices(series: readonly SeriesId[], options?: CallOptions): AsyncIterable<StreamNotice>;
}
