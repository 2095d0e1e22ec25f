import { DomainError, type ModelRegistry, type SeriesId, toIso } from "../core/mod.ts";
import type { InferenceService, MinuteForecast, ReplayClock, ReplayFeed } from "../api/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { featureEngines, openCandleFeed } from "./runtime.ts";

/** A service that lives in the past: what of it differs from one that lives now. */
export interface Past {
  /** Its time. */
  readonly clock: ReplayClock;
  /** Its candles. */
  readonly feed: ReplayFeed;
  /** Folder of its prediction log, never the one that `monitor` reads. */
  readonly logDirectory: string;
  /** Whether it answers requests meanwhile. */
  readonly isListening: boolean;
  /** Lets it live; `url` is where it listens. */
  run(service: InferenceService, registry: ModelRegistry, url: string | undefined): Promise<CommandResult>;
}

/** Where the service listens, and how. */
const LISTENING_OPTIONS = ["host", "port", "tls-cert", "tls-key"] as const;

/** Reads `--replay` and its companions. @throws {DomainError} `usage`, `not-found` where the store has nothing of it. */
export async function readPast(context: CommandContext): Promise<Past> {
  const { options } = context;
  const speed = options.number("speed"), isStaying = options.boolean("stay");
  if (speed !== undefined && !(speed > 0)) {
    throw new DomainError("usage", `Option '--speed' must be a number above 0: current value is '${speed}'`);
  }
  const isListening = isStaying || speed !== undefined;
  const given = (name: string) => (name === "port" ? options.number(name) : options.string(name)) !== undefined;
  const idle = LISTENING_OPTIONS.find(given);
  if (!isListening && idle !== undefined) {
    throw new DomainError("usage", `Option '--${idle}' does nothing with '--replay' alone, which does not listen`, {
      hint: "Leave it (or HOST= and PORT= of the task) out, or add --speed FACTOR or --stay, with which it answers",
    });
  }
  const { parseReplayRange, replayableRange, ReplayClock, ReplayFeed } = await import("../api/mod.ts");
  const request = parseReplayRange(options.string("replay")!);
  const [{ loadApiConfig }, engines, store] = await Promise.all([
    import("../config/api_config.ts"),
    featureEngines(),
    openCandleFeed(context),
  ]);
  const config = await loadApiConfig(options.string("config"));
  const series: SeriesId = { ...config.series, interval: "1m" };
  const known = await store.read((reader) => reader.span(series));
  if (known === undefined) {
    throw new DomainError("not-found", `Cannot replay as the feature store has no candles of ${series.symbol}`, {
      hint: "Bring them in with: task ingest",
    });
  }
  const { range, cutFrom } = replayableRange(request, known);
  const lookbackMinutes = Math.max(...engines.map((engine) => engine.lookbackMinutes));
  const feed = new ReplayFeed(store, { series, lookbackMinutes });
  const clock = new ReplayClock(range.startMs, context.clock);
  await feed.reveal(range.startMs);
  const logDirectory = `${config.predictionLog.directory}_replay`;
  return {
    clock,
    feed,
    logDirectory,
    isListening,
    async run(service, registry, url) {
      const { replay } = await import("../api/mod.ts");
      const { output, signal, progress } = context;
      output.note(`Replaying ${toIso(range.startMs)} to ${toIso(range.endMs)}${url === undefined ? "" : ` on ${url}`}`);
      const forecasts: MinuteForecast[] = [];
      const onForecast = (forecast: MinuteForecast) => {
        forecasts.push(forecast);
        if (forecasts.length % 1440 === 0) progress.log(`Replayed to ${toIso(forecast.decisionTimeMs)}`);
      };
      await replay({ service, clock, feed, real: context.clock }, { range, speed, signal, onForecast });
      const { summarizeReplay } = await import("./api_replay_summary.ts");
      const replayed = { forecasts, range, cutFrom, series, store, registry, logDirectory, url };
      const result = await summarizeReplay(replayed, signal);
      if (!isStaying || signal.aborted) return result;
      output.announce(output.json ? JSON.stringify({ ...result.json, warnings: result.warnings }) : result.text);
      for (const { message } of result.warnings ?? []) output.note(message);
      output.note(`Staying at ${toIso(clock.nowMs())} until stopped`);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      return { ...result, isAnnounced: true };
    },
  };
}
