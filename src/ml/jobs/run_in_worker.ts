import { type CallOptions, DomainError, type ProgressState } from "../../core/mod.ts";
import { watchSilence } from "../silence_watch.ts";
import { newStopWord, requestStop } from "../stop_word.ts";
import type { EpochReport } from "../training/protocol.ts";
import { trainingWorkerOptions, wasmFilePath } from "../training/train_in_worker.ts";
import { failureOf } from "../worker_failure.ts";
import type { FitJob } from "./fit_job.ts";
import type { JobTask, JobWorkerReply, JobWorkerRequest, TravelledFold, TravelledModel } from "./job_protocol.ts";
import type { FitJobResult } from "./run_fit_job.ts";
import type { SharedDataset } from "./shared_dataset.ts";

/** Options of {@linkcode runInWorker}. */
export interface RunInWorkerOptions extends CallOptions {
  /** Called a few times a second. */
  readonly onProgress?: (state: ProgressState) => void;
  /** Called after the start and after each epoch of each network, counted from 1. */
  readonly onEpoch?: (report: EpochReport, member: number) => void;
  /** A Worker that says nothing for so long is taken for dead; lines and trees are fitted without a word. @default 600000 */
  readonly silentMs?: number;
  /** Whether memory is of no concern. @default false */
  readonly dataAreFew?: boolean;
  /** Module of the Worker, for tests of what goes wrong in one. */
  readonly workerModule?: URL;
}

/**
 * Runs one job in a Worker of its own, which sees the shared dataset and whose only permission is to read the WASM file.
 * An abort ends it at once and rejects with the signal's reason.
 *
 * @throws {DomainError} as `runFitJob`; `worker-lost` where the Worker died.
 */
export async function runInWorker(
  job: FitJob,
  dataset: SharedDataset,
  options: RunInWorkerOptions = {},
): Promise<FitJobResult> {
  using worker = new JobWorker(options);
  return (await worker.run({ kind: "validate", job }, dataset, options))!;
}

/** Options of {@linkcode JobWorker.run}. */
export interface RunTaskOptions extends RunInWorkerOptions {
  /** Takes the model of a `fit`. */
  readonly onFitted?: (model: TravelledModel) => void;
  /** Takes the step of a `score`. */
  readonly onFold?: (outcome: TravelledFold) => void;
}

/** A Worker that runs tasks one after the other, and is quick with those after the first: its code is compiled by then. */
export class JobWorker implements Disposable {
  readonly #wasmFile = wasmFilePath();
  readonly #worker: Worker;
  /** Why it is of no more use. */
  #failure: unknown;
  #fail: (reason: unknown) => void = () => {};

  /** Starts it. */
  constructor({ workerModule = new URL("./worker.ts", import.meta.url) }: Pick<RunTaskOptions, "workerModule"> = {}) {
    this.#worker = new Worker(workerModule, { ...trainingWorkerOptions(this.#wasmFile), name: "job" });
    this.#worker.onerror = (event) => {
      event.preventDefault(); // else it is thrown on this thread too
      this.#end(lost(`failed: ${event.message}`));
    };
  }

  /**
   * Runs a task; gives the result of `validate`. One that fails or is stopped ends the Worker.
   *
   * @throws as {@linkcode runInWorker}.
   */
  async run(task: JobTask, dataset: SharedDataset, options: RunTaskOptions): Promise<FitJobResult | undefined> {
    const { signal, onProgress, onEpoch, onFitted, onFold, silentMs = 600_000, dataAreFew = false } = options,
      stop = newStopWord();
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<FitJobResult | undefined>();
    this.#fail = reject;
    const onAbort = () => reject(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    using watch = watchSilence(1, silentMs, (what) => reject(lost(what)));
    const handle = (reply: JobWorkerReply) => {
      switch (reply.type) {
        case "progress":
          return onProgress?.(reply.state);
        case "epoch":
          return onEpoch?.(reply.report, reply.member);
        case "fitted":
          return onFitted?.(reply.model);
        case "fold":
          return onFold?.(reply.outcome);
        case "done":
          return resolve(reply.result);
        case "failed":
          return reject(failureOf(reply));
      }
    };
    this.#worker.onmessage = ({ data }: MessageEvent<JobWorkerReply>) => {
      watch.heard(0);
      try {
        handle(data);
      } catch (error) {
        reject(error); // of a listener: nobody else would see it
      }
    };
    try {
      this.#worker.postMessage(
        { task, dataset, dataAreFew, wasmFile: this.#wasmFile, stop } satisfies JobWorkerRequest,
      );
      return await promise;
    } catch (error) {
      requestStop(stop);
      this.#end(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Whether it has failed or was ended: each further task fails with the reason. */
  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  [Symbol.dispose](): void {
    this.#end(lost("was ended"));
  }

  #end(reason: unknown): void {
    this.#failure ??= reason;
    this.#fail(reason);
    this.#worker.terminate();
  }
}

function lost(what: string): DomainError {
  return new DomainError("worker-lost", `The worker of the job ${what}`, {
    hint: "Most likely memory ran out: run fewer jobs side by side, or take a shorter range",
  });
}
