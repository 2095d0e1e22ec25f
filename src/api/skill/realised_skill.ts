import {
  allocateForecasts,
  type CandleColumns,
  type ForecastColumns,
  lowerBound,
  MINUTE_MS,
  QUANTILE_LEVELS,
  type ServedModel,
  sliceCandles,
} from "../../core/mod.ts";
import type { MinuteScoring } from "./ports.ts";
import { RollingScores, type SkillSummary } from "./rolling_scores.ts";

/** A closed minute's forecast with what happened after it. */
export interface ScoredMinute {
  /** Who made it. */
  readonly model: ServedModel;
  /** Decision time, epoch milliseconds. */
  readonly decisionTimeMs: number;
  /** Log-loss of the direction; NaN at a tie. */
  readonly logLoss: number;
  /** QLIKE of the variance. */
  readonly qlike: number;
  /** Whether the return lay between the 5 % and the 95 % quantile. */
  readonly isCovered: boolean;
}

/** Settings of {@linkcode RealisedSkill}. */
export interface RealisedSkillOptions {
  /** Newest scored minutes that the means are of. */
  readonly windowMinutes: number;
}

interface VersionState {
  readonly model: ServedModel;
  /** Forecasts whose label is still open, by decision time in order. */
  readonly open: Map<number, ForecastColumns>;
  readonly scores: RollingScores;
  unscorable: number;
}

const LEVELS = QUANTILE_LEVELS.length;

/**
 * Skill that a served version shows: its forecasts of closed minutes wait until their labels close and are scored from
 * the candles that the service has in memory. It begins anew with each start; `monitor` has the whole past.
 */
export class RealisedSkill {
  readonly #scoring: MinuteScoring;
  readonly #options: RealisedSkillOptions;
  readonly #versions = new Map<string, VersionState>();

  /** Nothing is known at first. */
  constructor(scoring: MinuteScoring, options: RealisedSkillOptions) {
    this.#scoring = scoring;
    this.#options = options;
  }

  /** Notes the forecast of a closed minute, of one row; the first of a version and a minute counts. */
  forecast(model: ServedModel, decisionTimeMs: number, outputs: ForecastColumns): void {
    const { version } = model;
    let state = this.#versions.get(version);
    if (state === undefined) {
      state = { model, open: new Map(), scores: new RollingScores(this.#options.windowMinutes), unscorable: 0 };
      this.#versions.set(version, state);
    }
    if (!state.open.has(decisionTimeMs)) state.open.set(decisionTimeMs, outputs);
  }

  /** Scores the forecasts whose labels these candles close; gives those minutes, version by version, oldest first. */
  close(candles: CandleColumns): ScoredMinute[] {
    return [...this.#versions.values()].flatMap((state) => this.#closeVersion(state, candles));
  }

  /** Forgets versions that no longer serve. */
  keep(versions: readonly string[]): void {
    for (const version of this.#versions.keys()) if (!versions.includes(version)) this.#versions.delete(version);
  }

  /** Mean scores of a version's window; undefined where it forecast nothing yet. */
  summary(version: string): (SkillSummary & { readonly open: number; readonly unscorable: number }) | undefined {
    const state = this.#versions.get(version);
    if (state === undefined) return undefined;
    return { ...state.scores.summary(), open: state.open.size, unscorable: state.unscorable };
  }

  #closeVersion(state: VersionState, candles: CandleColumns): ScoredMinute[] {
    const { horizonMinutes } = state.model;
    const endMs = (candles.openTimeMs[candles.length - 1] ?? -Infinity) + MINUTE_MS;
    const times = [...state.open.keys()].filter((timeMs) => timeMs + horizonMinutes * MINUTE_MS <= endMs)
      .sort((a, b) => a - b);
    if (times.length === 0) return [];
    // The close before the decision is the label's start.
    const around = sliceCandles(
      candles,
      lowerBound(candles.openTimeMs, times[0]! - MINUTE_MS),
      lowerBound(candles.openTimeMs, times.at(-1)! + horizonMinutes * MINUTE_MS),
    );
    const closed = times.map((timeMs) => state.open.get(timeMs)!);
    for (const timeMs of times) state.open.delete(timeMs);
    if (around.length === 0) {
      state.unscorable += times.length;
      return [];
    }
    const outcomes = this.#scoring.outcomes(around, Float64Array.from(times), horizonMinutes);
    const minutes = this.#score(state.model, closed, outcomes);
    state.unscorable += times.length - minutes.length;
    for (const minute of minutes) state.scores.add(minute);
    return minutes;
  }

  /** Minutes after which candles are missing have no outcome and are left out. */
  #score(
    model: ServedModel,
    forecasts: readonly ForecastColumns[],
    outcomes: ReturnType<MinuteScoring["outcomes"]>,
  ): ScoredMinute[] {
    const known = [...forecasts.keys()].filter((i) => !Number.isNaN(outcomes.returnBps[i]!));
    const rows = allocateForecasts(known.length);
    known.forEach((i, row) => {
      rows.probabilityUp[row] = forecasts[i]!.probabilityUp[0]!;
      rows.volatilityBps[row] = forecasts[i]!.volatilityBps[0]!;
      rows.quantilesBps.set(forecasts[i]!.quantilesBps.subarray(0, LEVELS), row * LEVELS);
    });
    const ofKnown = {
      horizonMinutes: outcomes.horizonMinutes,
      decisionTimeMs: Float64Array.from(known, (i) => outcomes.decisionTimeMs[i]!),
      returnBps: Float32Array.from(known, (i) => outcomes.returnBps[i]!),
      realizedVarianceBps2: Float32Array.from(known, (i) => outcomes.realizedVarianceBps2[i]!),
    };
    const { logLoss, qlike, covered90 } = this.#scoring.losses(ofKnown, rows);
    return known.map((_, row) => ({
      model,
      decisionTimeMs: ofKnown.decisionTimeMs[row]!,
      logLoss: logLoss[row]!,
      qlike: qlike[row]!,
      isCovered: covered90[row] === 1,
    }));
  }
}
