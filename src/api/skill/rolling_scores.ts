import type { ScoredMinute } from "./realised_skill.ts";

/** Mean scores of the minutes in a window. */
export interface SkillSummary {
  /** Minutes that are scored. */
  readonly minutes: number;
  /** Mean log-loss of the minutes whose return was not zero; NaN without any. */
  readonly logLoss: number;
  /** Mean QLIKE; NaN without minutes. */
  readonly qlike: number;
  /** Share of returns between the 5 % and the 95 % quantile; NaN without minutes. */
  readonly coverage90: number;
}

/** Scores of the newest minutes of one version. */
export class RollingScores {
  readonly #windowMinutes: number;
  #minutes: ScoredMinute[] = [];

  /** Keeps `windowMinutes` minutes. */
  constructor(windowMinutes: number) {
    this.#windowMinutes = windowMinutes;
  }

  /** Takes a minute, which drives out the oldest one of a full window. */
  add(minute: ScoredMinute): void {
    this.#minutes.push(minute);
    // Cut now and then, as to move all of them at each minute would be work for nothing.
    if (this.#minutes.length >= 2 * this.#windowMinutes) this.#minutes = this.#minutes.slice(-this.#windowMinutes);
  }

  /** Their means. */
  summary(): SkillSummary {
    const minutes = this.#minutes.slice(-this.#windowMinutes);
    const moved = minutes.filter(({ logLoss }) => !Number.isNaN(logLoss));
    return {
      minutes: minutes.length,
      logLoss: meanOf(moved, ({ logLoss }) => logLoss),
      qlike: meanOf(minutes, ({ qlike }) => qlike),
      coverage90: meanOf(minutes, ({ isCovered }) => Number(isCovered)),
    };
  }
}

function meanOf(minutes: readonly ScoredMinute[], valueOf: (minute: ScoredMinute) => number): number {
  return minutes.reduce((sum, minute) => sum + valueOf(minute), 0) / minutes.length;
}
