import { collectGarbage } from "../collect_garbage.ts";
import type { FamilyFitter } from "../experiment/leak_check_fits.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import type { TravelledModel } from "./job_protocol.ts";
import { JobWorker } from "./run_in_worker.ts";
import { shareDataset } from "./shared_dataset.ts";

/** Options of {@linkcode FitWorkers}. */
export interface FitWorkersOptions {
  /** Workers side by side, each of which holds the training rows of a model; the models are the same. @default 1 */
  readonly workers?: number;
}

/**
 * Fits models in Workers, and leaves the caller's thread free for what else there is to do. They take turns: a model is
 * fitted once the one before it in the same Worker is. One that fails is the last of its Worker. Those that are not there when
 * it is disposed of reject with an `AbortError`.
 */
export class FitWorkers implements FamilyFitter {
  readonly #workers = new Map<number, JobWorker>();
  readonly #ends: Promise<unknown>[];
  readonly #ended = new AbortController();
  #asked = 0;

  /** Starts none before it is needed. */
  constructor({ workers = 1 }: FitWorkersOptions = {}) {
    this.#ends = Array.from({ length: workers }, () => Promise.resolve());
  }

  fit(...[dataset, split, settings, { signal }]: Parameters<FamilyFitter["fit"]>): ReturnType<FamilyFitter["fit"]> {
    const place = this.#asked++ % this.#ends.length, ended = this.#ended.signal;
    const either = signal === undefined ? ended : AbortSignal.any([signal, ended]);
    const fitted = this.#ends[place]!.then(async () => {
      either.throwIfAborted(); // or a Worker would be started that nobody ends
      let model: TravelledModel | undefined;
      const worker = this.#workers.get(place) ?? new JobWorker();
      this.#workers.set(place, worker);
      await worker.run({ kind: "fit", settings, split }, shareDataset(dataset), {
        signal: either,
        onFitted: (own) => model = own,
      });
      collectGarbage(); // datasets of the fits before it: V8 does not count what lies in shared memory
      return { model: new SpecForecastModel(model!.spec, model!.parts) };
    });
    this.#ends[place] = fitted.catch(() => {}); // told to who asked for it
    return fitted;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const worker of this.#workers.values()) worker[Symbol.dispose]();
  }
}
