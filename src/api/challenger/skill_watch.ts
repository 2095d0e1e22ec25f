import { MINUTE_MS } from "../../core/mod.ts";
import type { ScoredMinute } from "../skill/realised_skill.ts";
import { ConfidenceSequence, type MeanBounds } from "./confidence_sequence.ts";

/** Losses by which two versions are compared. */
export const COMPARED_LOSSES = ["logLoss", "qlike"] as const;

/** One of {@linkcode COMPARED_LOSSES}. */
export type ComparedLoss = typeof COMPARED_LOSSES[number];

/** Chance that a challenger as good as the champion is ever stopped, over both losses. */
const ALPHA = 0.05;
const MIN_BLOCK_MINUTES = 60;
const HORIZONS_A_BLOCK = 4;

/**
 * The challenger's loss less the champion's on the same closed minutes. Labels of neighbouring minutes overlap, so their
 * differences are not independent: they are averaged over blocks of four horizons, an hour at least, and the bounds are
 * those of the blocks' means.
 */
export class SkillWatch {
  readonly #champion: string;
  readonly #challenger: string;
  readonly #blockMs: number;
  readonly #minMinutes: number;
  readonly #sequences: Readonly<Record<ComparedLoss, ConfidenceSequence>>;
  /** Minutes of which one of the two is scored, by decision time. */
  readonly #halves = new Map<number, ScoredMinute>();
  #block: { readonly index: number; readonly differences: Record<ComparedLoss, number[]> } | undefined;

  /** Compares two versions, by number, which forecast equally far. */
  constructor(versions: { readonly champion: string; readonly challenger: string }, horizonMinutes: number) {
    this.#champion = versions.champion;
    this.#challenger = versions.challenger;
    const minutes = Math.max(MIN_BLOCK_MINUTES, HORIZONS_A_BLOCK * horizonMinutes);
    this.#blockMs = minutes * MINUTE_MS;
    this.#minMinutes = minutes / 2;
    const sequence = () => new ConfidenceSequence(ALPHA / COMPARED_LOSSES.length);
    this.#sequences = { logLoss: sequence(), qlike: sequence() };
  }

  /** Whether it compares these two. */
  isOf(champion: string, challenger: string): boolean {
    return champion === this.#champion && challenger === this.#challenger;
  }

  /** Takes minutes as they are scored, of any version; those of one version are ascending. */
  add(minutes: readonly ScoredMinute[]): void {
    for (const minute of minutes) {
      const { version } = minute.model;
      if (version !== this.#champion && version !== this.#challenger) continue;
      const other = this.#halves.get(minute.decisionTimeMs);
      if (other === undefined) this.#halves.set(minute.decisionTimeMs, minute);
      else if (other.model.version !== version) {
        this.#halves.delete(minute.decisionTimeMs);
        this.#pair(version === this.#challenger ? minute : other, version === this.#challenger ? other : minute);
      }
    }
    this.#forget();
  }

  /** The mean difference of a loss and its bounds, over blocks that are full; above zero the challenger is worse. */
  bounds(loss: ComparedLoss): MeanBounds {
    return this.#sequences[loss].bounds();
  }

  /** Why the challenger is worse, or undefined where that is not sure. */
  get verdict(): string | undefined {
    const worse = COMPARED_LOSSES.find((loss) => this.bounds(loss).low > 0);
    if (worse === undefined) return undefined;
    const { mean, low, count } = this.bounds(worse);
    const name = worse === "logLoss" ? "log-loss" : "QLIKE";
    return `its ${name} is ${mean.toPrecision(3)} above the champion's (at least ${
      low.toPrecision(3)
    }, ${count} blocks)`;
  }

  #pair(challenger: ScoredMinute, champion: ScoredMinute): void {
    const index = Math.floor(challenger.decisionTimeMs / this.#blockMs);
    if (this.#block !== undefined && index !== this.#block.index) this.#closeBlock();
    this.#block ??= { index, differences: { logLoss: [], qlike: [] } };
    for (const loss of COMPARED_LOSSES) {
      const difference = challenger[loss] - champion[loss];
      if (!Number.isNaN(difference)) this.#block.differences[loss].push(difference);
    }
  }

  /** A block of which little was seen says little, and would count like a full one. */
  #closeBlock(): void {
    for (const loss of COMPARED_LOSSES) {
      const differences = this.#block!.differences[loss];
      if (differences.length < this.#minMinutes) continue;
      this.#sequences[loss].add(differences.reduce((sum, value) => sum + value, 0) / differences.length);
    }
    this.#block = undefined;
  }

  /** Minutes of which the other half never comes. */
  #forget(): void {
    while (this.#halves.size > 2 * this.#blockMs / MINUTE_MS) this.#halves.delete(this.#halves.keys().next().value!);
  }
}
