import { setImmediate } from "node:timers";
import { type Clock, MINUTE_MS, type TimeRange } from "../../core/mod.ts";
import type { MinuteForecast } from "../minute_watch.ts";
import type { InferenceService } from "../service.ts";
import type { ReplayClock } from "./replay_clock.ts";
import type { ReplayFeed } from "./replay_feed.ts";

/** What a replay drives. */
export interface ReplayDeps {
  /** The service, built over the two. */
  readonly service: Pick<InferenceService, "forecastMinute">;
  /** Its time. */
  readonly clock: ReplayClock;
  /** Its candles. */
  readonly feed: ReplayFeed;
  /** Real time. */
  readonly real: Pick<Clock, "sleep">;
}

/** Options of {@linkcode replay}. */
export interface ReplayOptions {
  /** Decision times `[startMs, endMs)`, whole minutes. */
  readonly range: TimeRange;
  /** How often faster than real time; undefined as fast as can be. */
  readonly speed?: number | undefined;
  /** Ends the replay early. */
  readonly signal: AbortSignal;
  /** Told of each forecast. */
  readonly onForecast: (forecast: MinuteForecast) => void;
}

/** Others get their turn after so many minutes. */
const MINUTES_A_TURN = 4;

/**
 * Lets the service live through a range of the past, a minute at a time: time goes on, the candle that closed is there,
 * and the service does what it does at each closed minute. Resolves when the range is over or the signal ends it.
 */
export async function replay(deps: ReplayDeps, { range, speed, signal, onForecast }: ReplayOptions): Promise<void> {
  const { service, clock, feed, real } = deps;
  for (let nowMs = range.startMs, minute = 0; nowMs < range.endMs && !signal.aborted; nowMs += MINUTE_MS, minute++) {
    clock.set(nowMs);
    await feed.reveal(nowMs);
    const forecast = await service.forecastMinute();
    if (forecast !== undefined) onForecast(forecast);
    if (speed !== undefined) await real.sleep(MINUTE_MS / speed, { signal }).catch(() => undefined);
    else if (minute % MINUTES_A_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
