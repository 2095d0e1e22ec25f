/**
 * Candles from archives and exchanges, proven and brought into the feature store, and read back from it.
 *
 * @module
 */
export { countCandles, coverage, loadCandles } from "./reader.ts";
export { ingest, planIngest } from "./ingest.ts";
export type {
  FileCounts,
  IngestDeps,
  IngestPlan,
  IngestRequest,
  IngestResult,
  IngestSettings,
  PlanDeps,
  SourceChoice,
  VerifyResult,
} from "./ingest_types.ts";
export type { ArchiveAnswer, ArchiveSource } from "./archive/archive_source.ts";
export type { ArchiveFile, ArchiveKind } from "./archive/archive_layout.ts";
export { type ArchiveCache, FolderArchiveCache } from "./archive/archive_cache.ts";
export { ArchiveMirror } from "./archive/archive_mirror.ts";
export type { HostListOptions } from "./http/host_list.ts";
export type { PlanEstimate } from "./planning/estimate.ts";
export { type KnownOutage, parseOutages } from "./planning/outage_calendar.ts";
export { ArchiveHttp, type ArchiveHttpOptions } from "./archive/archive_http.ts";
export { BinanceExchange, type BinanceExchangeOptions } from "./exchange/binance_exchange.ts";
export { openUnifiedExchange, UnifiedExchange, type UnifiedExchangeOptions } from "./exchange/unified_exchange.ts";
export { BinanceCandleStream, type BinanceStreamOptions } from "./stream/binance_stream.ts";
export {
  type BatchOutcome,
  follow,
  type FollowDeps,
  type FollowedBatch,
  type FollowSummary,
} from "./following/follow.ts";
export type { DueSeries, FollowTiming } from "./following/follow_schedule.ts";
