import {
  type ArtifactOwner,
  DomainError,
  type KeyValue,
  type Metric,
  type Run,
  type RunStatus,
  type Tracker,
  TrackingError,
} from "../../core/mod.ts";

/** Tag of what a run failed with; `failure.code` is its code. */
export const FAILURE_TAG = "failure";

/** How a run is started. */
export interface StartRunOptions {
  readonly experimentName: string;
  readonly runName: string;
  readonly userId?: string;
  readonly tags: readonly KeyValue[];
  readonly nowMs: () => number;
  /** Tells a stopped run (`KILLED`) from a failed one. */
  readonly signal?: AbortSignal;
}

/** What is logged at once. */
export interface LogBatch {
  readonly metrics?: readonly Metric[];
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
}

/**
 * A run at work. Disposed before {@linkcode finish}, it is recorded as FAILED, or as KILLED where the signal was
 * aborted, so that no run stays RUNNING behind an error.
 */
export class TrackedRun implements AsyncDisposable {
  readonly runId: string;
  readonly experimentId: string;
  readonly #tracker: Tracker;
  readonly #options: StartRunOptions;
  #queue: Promise<void> = Promise.resolve();
  #ended = false;

  private constructor(tracker: Tracker, options: StartRunOptions, ids: { runId: string; experimentId: string }) {
    this.#tracker = tracker;
    this.#options = options;
    this.runId = ids.runId;
    this.experimentId = ids.experimentId;
  }

  /**
   * Starts a run in the experiment of this name, which is made where there is none.
   *
   * @throws {DomainError} `input-invalid` where the experiment is deleted; tracking errors.
   */
  static async start(tracker: Tracker, options: StartRunOptions): Promise<TrackedRun> {
    const experimentId = await experimentIdOf(tracker, options.experimentName);
    const { info } = await tracker.createRun({
      experimentId,
      runName: options.runName,
      startTime: options.nowMs(),
      tags: options.tags,
      ...(options.userId === undefined ? {} : { userId: options.userId }),
    });
    return new TrackedRun(tracker, options, { runId: info.runId, experimentId });
  }

  /** Goes on with a run that a kill left behind: it is RUNNING again, and says no more what it failed with. */
  static async reopen(tracker: Tracker, options: StartRunOptions, { info, tags }: Run): Promise<TrackedRun> {
    await tracker.updateRun(info.runId, { status: "RUNNING" });
    for (const { key } of tags.filter(({ key }) => key.startsWith(FAILURE_TAG))) {
      await tracker.deleteTag(info.runId, key);
    }
    return new TrackedRun(tracker, options, info);
  }

  /** Logs and waits, after all that was queued before. */
  async log(batch: LogBatch): Promise<void> {
    this.queue(batch);
    await this.flush();
  }

  /** Logs without waiting; an error comes out of the next {@linkcode flush}. */
  queue(batch: LogBatch): void {
    this.#queue = this.#queue.then(() => this.#tracker.logBatch(this.runId, batch));
    // Handled by flush(); without this a failure between two flushes counts as an unhandled rejection.
    this.#queue.catch(() => {});
  }

  /** Waits for what was queued. */
  async flush(): Promise<void> {
    await this.#queue;
  }

  /**
   * Writes files below the run, or below a logged model.
   *
   * @param equalTo who may have the very same file, by path. @default nobody
   */
  async writeFiles(
    files: ReadonlyMap<string, Uint8Array>,
    owner: ArtifactOwner = { runId: this.runId },
    equalTo: ReadonlyMap<string, ArtifactOwner> = new Map(),
  ): Promise<void> {
    for (const [path, content] of files) {
      this.#options.signal?.throwIfAborted();
      const other = equalTo.get(path);
      await this.#tracker.writeArtifact(owner, path, content, other === undefined ? {} : { equalTo: other });
    }
  }

  /** Does the run's work; where it fails, the tag `failure` says with what, unless it was stopped. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#options.signal?.aborted) this.#tell(error);
      throw error;
    }
  }

  /** Records that the run failed with this, beside all that was logged. */
  async fail(error: Error): Promise<void> {
    this.#tell(error);
    await this.finish("FAILED");
  }

  /** Records how the run ended. */
  async finish(status: RunStatus = "FINISHED"): Promise<void> {
    await this.flush();
    await this.#end(status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    await this.#queue.catch(() => {}); // its error is on its way to the caller already
    try {
      await this.#end(this.#options.signal?.aborted ? "KILLED" : "FAILED");
    } catch (error) {
      // The store that fails here is most likely what failed before; that error says more.
      if (!(error instanceof DomainError)) throw error;
    }
  }

  #tell(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.queue({ tags: [{ key: FAILURE_TAG, value: reason }] });
  }

  async #end(status: RunStatus): Promise<void> {
    this.#ended = true;
    await this.#tracker.updateRun(this.runId, { status, endTime: this.#options.nowMs() });
  }
}

async function experimentIdOf(tracker: Tracker, name: string): Promise<string> {
  const found = await tracker.getExperimentByName(name);
  if (found?.lifecycleStage === "deleted") {
    throw new DomainError("input-invalid", `Cannot log to experiment '${name}' as it is deleted`, {
      hint: "Restore it in mlflow-ui, or name another with --experiment",
    });
  }
  if (found !== undefined) return found.experimentId;
  try {
    return await tracker.createExperiment(name);
  } catch (error) {
    // Another process made it meanwhile.
    const isThere = error instanceof TrackingError && error.errorCode === "RESOURCE_ALREADY_EXISTS";
    const made = isThere ? await tracker.getExperimentByName(name) : undefined;
    if (made === undefined) throw error;
    return made.experimentId;
  }
}
