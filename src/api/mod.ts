/**
 * The inference service: a registered model behind HTTP.
 *
 * @module
 */
export type { ApiKey, KeyScope } from "./access/mod.ts";
export { API_KEYS_PATH, KEY_SCOPES } from "./access/mod.ts";
export { KeyRing, type KeysReport, type Visit } from "./access/key_ring.ts";
export { InferenceService, type ServiceDeps, type ServiceOptions, type ServiceReporter } from "./service.ts";
export { checkHost, listen, type ListenOptions, type RunningServer } from "./http/server.ts";
export type { RefusalReason } from "./http/problem.ts";
export { readTls, type TlsFiles, type TlsPair, watchTls } from "./http/tls.ts";
export { type ConnectionInfo, isLoopbackHost, KNOWN_METHODS, type Listener, type MethodName } from "./http/exchange.ts";
export type { Fetch } from "./router.ts";
export type { CandleFeed, FeedReader } from "./data/live_features.ts";
export {
  type HostedModel,
  type LoadedModel,
  ModelHost,
  type ModelHostDeps,
  type ModelHostOptions,
  type SwapReport,
} from "./model/model_host.ts";
export { parseModelUri } from "./model/model_uri.ts";
export type { ModelReference } from "./model/model_uri.ts";
export type { ModelSource } from "./model/resolve.ts";
export { PredictionLog, type PredictionLogOptions, type PredictionLogReporter } from "./log/prediction_log.ts";
export type { ForecastKind, PendingRecord } from "./log/records.ts";
export { RequestLog, type RequestLogOptions } from "./log/request_log.ts";
export { type AnsweredRequest, REQUEST_LOG_LEVELS, type RequestLogLevel, type ServiceEvent } from "./log/log_lines.ts";
export { fileSink, type LogSink, stderrSink } from "./log/log_sinks.ts";
export { keyGone, loadChainKey } from "./log/chain.ts";
export { type Anchor, readAnchors, type WriteAnchor } from "./log/anchors.ts";
export { type InstanceVerdict, verifyLog, writtenInstances } from "./log/verify_log.ts";
export { readKey } from "./log/chain.ts";
export type { ChallengerModel, LoadChallenger } from "./challenger/ports.ts";
export {
  type ChallengerState,
  type ChallengerStop,
  type ChallengerView,
  STOP_REASONS,
  type StopReason,
} from "./challenger/challenger_types.ts";
export type { Losses, MinuteScoring, Outcomes } from "./skill/ports.ts";
export type { DataAge } from "./data/data_age.ts";
export type { RowShape } from "./input/row_shape.ts";
export type { FeatureIdentity } from "./model/feature_match.ts";
export type { ServiceSettings } from "./settings.ts";
export type { MinuteForecast } from "./minute_watch.ts";
export { replay, type ReplayDeps, type ReplayOptions } from "./replay/replay.ts";
export { ReplayClock } from "./replay/replay_clock.ts";
export { ReplayFeed, type ReplayFeedOptions } from "./replay/replay_feed.ts";
export { parseReplayRange, type ReplayableRange, replayableRange, type ReplayRequest } from "./replay/replay_range.ts";
