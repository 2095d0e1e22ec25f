import type { FoldScorer } from "../experiment/fit_and_score.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { sideBySide } from "../side_by_side.ts";
import { JobWorker } from "./run_in_worker.ts";
import { shareDataset } from "./shared_dataset.ts";

/** Options of {@linkcode FoldWorkers}. */
export interface ScoreFoldsOptions {
  /** Workers side by side; the outcomes are the same. @default {@linkcode foldWorkers}, as each holds a training set of its own */
  readonly workers?: number;
}

const MOST_WORKERS = 4;

/** Workers that a walk-forward is shared among: the cores, but no more than memory is asked for. */
export function foldWorkers(): number {
  return Math.min(navigator.hardwareConcurrency, MOST_WORKERS);
}

/**
 * Fits and scores the steps of a walk-forward in Workers that read one copy of the data. Each takes every n-th step of a
 * group: they cost the same. Workers stay from group to group, as starting one and compiling its code costs about as much
 * as fitting on a month. The first failure ends all.
 */
export class FoldWorkers implements FoldScorer {
  readonly #most: number;
  readonly #workers: JobWorker[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Starts none before it is needed. */
  constructor({ workers = foldWorkers() }: ScoreFoldsOptions = {}) {
    this.#most = workers;
  }

  async score(...[dataset, folds, settings, options]: Parameters<FoldScorer["score"]>): Promise<void> {
    const { signal, onEnd, withoutBaselines = false } = options;
    if (this.#failure !== undefined) throw this.#failure.error;
    const shared = shareDataset(dataset), count = Math.min(this.#most, folds.length);
    const placed = folds.map((fold, place) => ({ place, fold }));
    const parts = Array.from({ length: count }, (_, worker) => async (signal: AbortSignal) => {
      const own = placed.filter(({ place }) => place % count === worker);
      const task = { kind: "score", settings, folds: own, withoutBaselines } as const;
      await (this.#workers[worker] ??= new JobWorker()).run(task, shared, {
        signal,
        onFold: (place, { fitted: { spec, parts }, ...rest }) =>
          onEnd(place, { ...rest, fitted: new SpecForecastModel(spec, parts) }),
      });
    });
    try {
      await sideBySide(parts, signal);
    } catch (error) {
      this.#failure = { error }; // its Workers have ended
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers.splice(0)) worker[Symbol.dispose]();
  }
}
