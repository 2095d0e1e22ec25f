import { inTurns } from "../../core/mod.ts";
import { collectGarbage } from "../collect_garbage.ts";
import type { FoldScorer } from "../experiment/fit_and_score.ts";
import type { FamilyFitter } from "../experiment/leak_check_fits.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { orAborted } from "../or_aborted.ts";
import { sideBySide } from "../side_by_side.ts";
import type { JobTask, TravelledModel } from "./job_protocol.ts";
import { JobWorker, type RunTaskOptions } from "./run_in_worker.ts";
import { shareDataset, type SharedDataset } from "./shared_dataset.ts";

/** Options of {@linkcode ModelWorkers}. */
export interface ModelWorkersOptions {
  /** Whether memory is of no concern. @default false */
  readonly dataAreFew?: boolean;
  /** Most Workers side by side; what they make is the same. @default {@linkcode modelWorkers}, as each holds a training set of its own */
  readonly workers?: number;
}

const MOST_WORKERS = 4;

/** Workers that the models of a run are shared among: the cores, but no more than memory is asked for. */
export function modelWorkers(): number {
  return Math.min(navigator.hardwareConcurrency, MOST_WORKERS);
}

/**
 * Fits models and scores the steps of a walk-forward in Workers that read one copy of the data, begun in the order in which
 * they are asked for, each in the first Worker that is free. Workers stay for what comes later, as starting one and compiling
 * its code costs about as much as fitting on a month; one whose work fails or is stopped ends, and another takes its place.
 * What is under way or waits when they are disposed of rejects with an `AbortError`.
 */
export class ModelWorkers implements FoldScorer, FamilyFitter {
  readonly #dataAreFew: boolean;
  readonly #inTurns: ReturnType<typeof inTurns>;
  readonly #idle: JobWorker[] = [];
  readonly #ended = new AbortController();

  /** Starts none before it is needed. */
  constructor({ workers = modelWorkers(), dataAreFew = false }: ModelWorkersOptions = {}) {
    this.#dataAreFew = dataAreFew;
    this.#inTurns = inTurns(workers);
  }

  async score(...[dataset, folds, settings, options]: Parameters<FoldScorer["score"]>): Promise<void> {
    const { signal, onEnd, withoutBaselines = false } = options, shared = shareDataset(dataset);
    const parts = folds.map((fold, place) => async (signal: AbortSignal) => {
      await this.#run({ kind: "score", settings, fold, withoutBaselines }, () => shared, {
        signal,
        onFold: ({ fitted: { spec, parts }, ...rest }) =>
          onEnd(place, { ...rest, fitted: new SpecForecastModel(spec, parts) }),
      });
    });
    await sideBySide(parts, signal);
  }

  async fit(
    ...[dataset, split, settings, { signal }]: Parameters<FamilyFitter["fit"]>
  ): ReturnType<FamilyFitter["fit"]> {
    let model: TravelledModel | undefined;
    await this.#run({ kind: "fit", settings, split }, () => shareDataset(dataset), {
      ...(signal === undefined ? {} : { signal }),
      onFitted: (own) => model = own,
    });
    collectGarbage(); // datasets of the fits before it: V8 does not count what lies in shared memory
    return { model: new SpecForecastModel(model!.spec, model!.parts) };
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const worker of this.#idle.splice(0)) worker[Symbol.dispose]();
  }

  /** Runs a task in its turn, when its data are shared; whoever waits for one hears of an abort at once. */
  async #run(task: JobTask, dataset: () => SharedDataset, options: RunTaskOptions): Promise<void> {
    const ended = this.#ended.signal;
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended]);
    await orAborted(
      this.#inTurns(async () => {
        signal.throwIfAborted(); // or a Worker would be started that nobody ends
        const worker = this.#usable() ?? new JobWorker();
        await worker.run(task, dataset(), { ...options, signal, dataAreFew: this.#dataAreFew });
        if (ended.aborted) worker[Symbol.dispose]();
        else this.#idle.push(worker);
      }),
      signal,
    );
  }

  /** An idle Worker that has not died meanwhile. */
  #usable(): JobWorker | undefined {
    let worker = this.#idle.pop();
    while (worker?.isLost) worker = this.#idle.pop();
    return worker;
  }
}
