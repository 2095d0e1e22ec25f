import { oneAtATime } from "../../core/mod.ts";
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
  readonly #places: readonly { readonly inTurn: ReturnType<typeof oneAtATime>; worker?: JobWorker }[];
  readonly #ended = new AbortController();
  #asked = 0;

  /** Starts none before it is needed. */
  constructor({ workers = 1 }: FitWorkersOptions = {}) {
    this.#places = Array.from({ length: workers }, () => ({ inTurn: oneAtATime() }));
  }

  fit(...[dataset, split, settings, { signal }]: Parameters<FamilyFitter["fit"]>): ReturnType<FamilyFitter["fit"]> {
    const place = this.#places[this.#asked++ % this.#places.length]!, ended = this.#ended.signal;
    const either = signal === undefined ? ended : AbortSignal.any([signal, ended]);
    return place.inTurn(async () => {
      either.throwIfAborted(); // or a Worker would be started that nobody ends
      let model: TravelledModel | undefined;
      place.worker ??= new JobWorker();
      await place.worker.run({ kind: "fit", settings, split }, shareDataset(dataset), {
        signal: either,
        onFitted: (own) => model = own,
      });
      collectGarbage(); // datasets of the fits before it: V8 does not count what lies in shared memory
      return { model: new SpecForecastModel(model!.spec, model!.parts) };
    });
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const { worker } of this.#places) worker?.[Symbol.dispose]();
  }
}
