import { dirname, join } from "node:path";
import { type IngestConfig, loadOutageCalendar, parseOrigins } from "../config/ingest_config.ts";
import {
  type CandleStream,
  DomainError,
  type Exchange,
  parseDuration,
  parseInstant,
  seededRandom,
} from "../core/mod.ts";
import {
  ArchiveHttp,
  ArchiveMirror,
  type ArchiveSource,
  BinanceCandleStream,
  BinanceExchange,
  FolderArchiveCache,
  type IngestRequest,
  type IngestSettings,
  openUnifiedExchange,
  parseOutages,
} from "../data_ingestion_service/mod.ts";
import type { CommandContext } from "./command.ts";
import type { IngestSources } from "./runtime.ts";

/** Builds what `openIngestSources` hands out; apart, so that other commands do not load it. */
export async function buildIngestSources(
  context: CommandContext,
  config: IngestConfig,
  request: IngestRequest,
): Promise<IngestSources> {
  const { clock, progress } = context;
  const outages = parseOutages(await loadOutageCalendar(), request.series.exchange);
  const settings = ingestSettings(config, outages, context);
  const cache = openCache(config);
  const archive = request.source === "rest" ? undefined : openArchive(context, config, request, cache);
  const exchange = request.source === "archive" ? undefined : await openExchange(context, config, request);
  return {
    deps: {
      clock,
      progress,
      settings,
      ...(archive === undefined ? {} : { archive }),
      ...(exchange === undefined ? {} : { exchange }),
    },
    async [Symbol.asyncDispose]() {
      await cache?.[Symbol.asyncDispose]();
      await exchange?.[Symbol.asyncDispose]();
    },
  };
}

function openArchive(
  context: CommandContext,
  config: IngestConfig,
  { series, source }: IngestRequest,
  cache: FolderArchiveCache | undefined,
): ArchiveSource | undefined {
  const mirror = context.options.string("archive-dir");
  if (mirror !== undefined) return new ArchiveMirror(mirror);
  if (series.exchange !== "binance") {
    if (source === "auto") return undefined;
    throw new DomainError("usage", `Cannot ingest from the archive of '${series.exchange}' as only binance has one`, {
      hint: "Use --source rest",
    });
  }
  const { origins, attempts, timeoutMs } = config.archive;
  return new ArchiveHttp({
    origins: parseOrigins("BINANCE_ARCHIVE_URL", context.env("BINANCE_ARCHIVE_URL")) ?? origins,
    attempts,
    timeoutMs,
    clock: context.clock,
    random: backoffDice(context),
    blockedHint: "Use --source rest, or a mirror with --archive-dir DIR",
    onWait: (message) => context.progress.log(message),
    ...(cache === undefined ? {} : { cache }),
  });
}

/** Beside the store, where the command may write. */
function openCache({ archive, featureStore }: IngestConfig): FolderArchiveCache | undefined {
  if (archive.cacheMb === 0 || featureStore.path === ":memory:") return undefined;
  return new FolderArchiveCache(join(dirname(featureStore.path), "archive_cache"), archive.cacheMb * 1_000_000);
}

async function openExchange(
  context: CommandContext,
  config: IngestConfig,
  { series }: IngestRequest,
): Promise<Exchange> {
  const { origins, ...api } = config.api;
  const onWait = (message: string) => context.progress.log(message);
  const options = { ...api, clock: context.clock, random: backoffDice(context), onWait };
  if (series.exchange !== "binance") return await openUnifiedExchange(series.exchange, options);
  return new BinanceExchange({
    ...options,
    origins: parseOrigins("BINANCE_API_URL", context.env("BINANCE_API_URL")) ?? origins,
  });
}

/** Where `--follow` hears of closed candles; undefined for exchanges that are asked by the clock. */
export function openCandleStream(
  context: CommandContext,
  config: IngestConfig,
  exchange: string,
): CandleStream | undefined {
  if (exchange !== "binance") return undefined;
  const { origins, staleMs } = config.stream;
  return new BinanceCandleStream({
    origins: parseOrigins("BINANCE_STREAM_URL", context.env("BINANCE_STREAM_URL"), "stream") ?? origins,
    staleMs,
    clock: context.clock,
    random: backoffDice(context),
  });
}

/** Processes that failed together must not come back together. */
export function backoffDice({ clock }: CommandContext) {
  return seededRandom((clock.nowMs() ^ Deno.pid) | 0);
}

function ingestSettings(
  config: IngestConfig,
  outages: IngestSettings["outages"],
  { options }: CommandContext,
): IngestSettings {
  const exceptions = new Map<string, Map<number, number>>();
  for (const { symbol, openTime, closeTime } of config.checks.closeTimeExceptions) {
    const times = exceptions.get(symbol) ?? new Map<number, number>();
    exceptions.set(symbol, times.set(parseInstant(openTime), parseInstant(closeTime)));
  }
  const admitted = new Map<string, Set<number>>();
  for (const { symbol, interval, openTime } of config.checks.admitted) {
    const key = `${symbol} ${interval}`;
    admitted.set(key, (admitted.get(key) ?? new Set<number>()).add(parseInstant(openTime)));
  }
  return {
    defaultSinceMs(nowMs) {
      const duration = parseDuration(config.since);
      return duration === undefined ? parseInstant(config.since) : nowMs - duration;
    },
    refreshMinutes: config.refreshMinutes,
    precedence: config.precedence,
    closedMarginMs: config.api.closedMarginMs,
    clockWarnMs: config.api.clockWarnMs,
    archiveParallel: config.archive.parallel,
    archiveAttempts: config.archive.attempts,
    priceTolerance: config.checks.priceTolerance,
    closeTimeExceptions: exceptions,
    admitted,
    outages,
    describe: { archiveDir: options.string("archive-dir") ?? null },
  };
}
