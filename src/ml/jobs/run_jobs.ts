import { isDomainError } from "../../core/mod.ts";

/** How a job ended. */
export type JobOutcome<R> =
  | { readonly state: "done"; readonly result: R }
  | { readonly state: "failed"; readonly error: unknown }
  /** It never began, as all of them were stopped before. */
  | { readonly state: "stopped" };

/** Options of {@linkcode runJobs}. */
export interface RunJobsOptions<R> {
  /** Jobs that run side by side. */
  readonly concurrency: number;
  /** Stops all of them. */
  readonly signal?: AbortSignal | undefined;
  /** Told as each ends, in the order in which they end. */
  readonly onEnd?: (job: number, outcome: JobOutcome<R>) => void;
}

/**
 * Runs jobs side by side, begun in their order. One that fails does not end the rest; the outcomes are in the jobs' order
 * however they ended. Once the signal is aborted no job begins, and those under way are told by their signal.
 *
 * @throws the signal's reason where it was aborted, after every job under way has ended.
 */
export async function runJobs<J, R>(
  jobs: readonly J[],
  run: (job: J, context: { readonly index: number; readonly slot: number; readonly signal: AbortSignal }) => Promise<R>,
  { concurrency, signal, onEnd }: RunJobsOptions<R>,
): Promise<JobOutcome<R>[]> {
  if (!(concurrency >= 1)) throw new RangeError(`concurrency must be 1 or more: current value is ${concurrency}`);
  const outcomes: JobOutcome<R>[] = jobs.map(() => ({ state: "stopped" }));
  const own = signal ?? new AbortController().signal;
  let next = 0;
  const worker = async (slot: number) => {
    while (next < jobs.length && !own.aborted) {
      const index = next++;
      let outcome: JobOutcome<R>;
      try {
        outcome = { state: "done", result: await run(jobs[index]!, { index, slot, signal: own }) };
      } catch (error) {
        outcome = own.aborted || isDomainError(error, "interrupted")
          ? { state: "stopped" }
          : { state: "failed", error };
      }
      outcomes[index] = outcome;
      onEnd?.(index, outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, (_, slot) => worker(slot)));
  own.throwIfAborted();
  return outcomes;
}
