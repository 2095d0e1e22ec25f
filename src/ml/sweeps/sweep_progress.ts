import type { Progress, ProgressState } from "../../core/mod.ts";
import type { SweepListener } from "./run_sweep.ts";

/** Progress of a sweep: fits done in all, and beside it each fit under way and the best so far. */
export class SweepProgress {
  readonly #progress: Progress;
  readonly #total: number;
  readonly #running = new Map<number, ProgressState | undefined>();
  #done = 0;
  #best: { readonly trial: number; readonly loss: number } | undefined;

  /** Reports to `progress` of `total` fits. */
  constructor(progress: Progress, total: number) {
    this.#progress = progress;
    this.#total = total;
  }

  /** A fit of a trial began, or says how far it is. */
  update(trial: number, state?: ProgressState): void {
    this.#running.set(trial, state);
    this.#tell();
  }

  /** A fit ended, with the objective where it has one. */
  ended(trial: number, loss?: number): void {
    this.#running.delete(trial);
    this.#done++;
    if (loss !== undefined && !(this.#best !== undefined && this.#best.loss <= loss)) this.#best = { trial, loss };
    this.#tell();
  }

  /** Fits that were known before. */
  skip(fits: number): void {
    this.#done += fits;
    this.#tell();
  }

  /** The listener, telling also here. */
  around(listener: SweepListener): SweepListener {
    return {
      began: (trial, rung) => listener.began(trial, rung),
      fitted: async (trial, fit) => {
        this.ended(trial.number, fit.loss);
        await listener.fitted(trial, fit);
      },
      failed: async (trial, rung, failure, job) => {
        this.ended(trial.number);
        await listener.failed(trial, rung, failure, job);
      },
      pruned: (trial, rung) => listener.pruned(trial, rung),
      finished: (trial) => listener.finished(trial),
    };
  }

  #tell(): void {
    const parts = [...this.#running].map(([trial, state]) =>
      `trial ${trial}${state === undefined ? "" : `: ${far(state)}`}`
    );
    if (this.#best !== undefined) parts.unshift(`best ${this.#best.loss.toFixed(5)} (trial ${this.#best.trial})`);
    const shares = [...this.#running.values()].reduce((sum, state) => sum + shareOf(state), 0);
    this.#progress.update({
      stage: "sweep",
      done: Math.round(100 * (this.#done + shares)) / 100,
      total: this.#total,
      unit: "fits",
      note: parts.join("; "),
    });
  }
}

function far({ done, total, unit }: ProgressState): string {
  return `${done}${total === undefined ? "" : `/${total}`}${unit === undefined ? "" : ` ${unit}`}`;
}

/** Never all of it: a fit has ended when it says so. */
function shareOf(state: ProgressState | undefined): number {
  return state?.total === undefined || state.total <= 0 ? 0 : Math.min(0.99, state.done / state.total);
}
