import type { IngestConfig } from "../config/ingest_config.ts";
import { DomainError, parseDuration, parseInstant } from "../core/mod.ts";
import { ArchiveMirror, type IngestRequest, type IngestSettings, parseOutages } from "../data_ingestion_service/mod.ts";
import type { CommandContext } from "./command.ts";
import type { IngestSources } from "./runtime.ts";

/** Builds what {@linkcode openIngestSources} hands out; apart, so that other commands do not load it. */
export async function buildIngestSources(
  context: CommandContext,
  config: IngestConfig,
  request: IngestRequest,
): Promise<IngestSources> {
  const { options, clock, progress } = context;
  const { default: calendar } = await import("../../config/binance_outages.json", { with: { type: "json" } });
  const settings = ingestSettings(config, parseOutages(calendar, request.series.exchange), context);
  const mirror = options.string("archive-dir");
  if (mirror === undefined) throw new DomainError("usage", "Name a mirror with --archive-dir DIR");
  const archive = new ArchiveMirror(mirror);
  return { deps: { archive, clock, progress, settings }, [Symbol.asyncDispose]: () => Promise.resolve() };
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
  return {
    defaultSinceMs(nowMs) {
      const duration = parseDuration(config.since);
      return duration === undefined ? parseInstant(config.since) : nowMs - duration;
    },
    refreshMinutes: config.refreshMinutes,
    archiveWins: config.archiveWins,
    closedMarginMs: config.api.closedMarginMs,
    clockWarnMs: config.api.clockWarnMs,
    archiveParallel: config.archive.parallel,
    archiveAttempts: config.archive.attempts,
    priceTolerance: config.checks.priceTolerance,
    closeTimeExceptions: exceptions,
    outages,
    describe: { archiveDir: options.string("archive-dir") ?? null },
  };
}
