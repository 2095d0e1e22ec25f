import type { Clock, KeyValue, ModelRegistry } from "../../core/mod.ts";
import type { PredictionLog } from "./prediction_log.ts";

/** Notes a tag of a model version in the registry. */
export type WriteAnchor = (name: string, version: string, tag: KeyValue) => Promise<void>;

const PREFIX = "prediction_log.";

/** A link of an instance's chain that is noted outside the log. */
export interface Anchor {
  /** Number of the record. */
  readonly n: number;
  /** Its link. */
  readonly link: string;
}

/** Notes the log's head in the registry now and then, so that what was written before can no longer be cut off unseen. */
export class AnchorKeeper {
  readonly #log: PredictionLog;
  readonly #write: WriteAnchor;
  readonly #onState: ((problem: string | undefined) => void) | undefined;
  #anchored = 0;
  #problem: string | undefined;

  /** Nothing is noted before {@linkcode anchor}; `onState` is told of problems as they come and go. */
  constructor(log: PredictionLog, write: WriteAnchor, onState?: (problem: string | undefined) => void) {
    this.#log = log;
    this.#write = write;
    this.#onState = onState;
  }

  /** Notes the head at the next time, moved or not: the registry is another one now, which need not have it. */
  forget(): void {
    this.#anchored = 0;
  }

  /** Why the head could not be noted the last time, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Notes the head at the given version, where it moved since the last time. A registry that refuses is asked again. */
  async anchor(model: { readonly name: string; readonly version: string } | undefined): Promise<void> {
    // A head whose records were taken away meanwhile is to be told of before it is noted.
    await this.#log.check();
    const { n, link } = this.#log.head;
    if (model === undefined || n === this.#anchored) return;
    try {
      await this.#write(model.name, model.version, { key: `${PREFIX}${this.#log.instance}`, value: `${n} ${link}` });
      this.#anchored = n;
      this.#setProblem(undefined);
    } catch (error) {
      this.#setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onState?.(problem);
  }

  /** Notes the head every `everyMs` until the signal ends it. */
  async watch(
    current: () => { readonly name: string; readonly version: string } | undefined,
    options: { readonly everyMs: number; readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<void> {
    const { everyMs, clock, signal } = options;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, { signal });
      } catch {
        return;
      }
      await this.anchor(current());
    }
  }
}

/** Every anchor in the registry by instance, ascending. */
export async function readAnchors(
  registry: Pick<ModelRegistry, "searchModelVersions">,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  const anchors = new Map<string, Anchor[]>();
  let pageToken: string | undefined;
  do {
    const page = await registry.searchModelVersions({
      maxResults: 1000,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    for (const { key, value } of page.items.flatMap(({ tags }) => tags)) {
      const match = key.startsWith(PREFIX) ? /^(\d+) ([0-9a-f]{64})$/.exec(value) : null;
      if (match === null) continue;
      const instance = key.slice(PREFIX.length);
      anchors.set(instance, [...anchors.get(instance) ?? [], { n: Number(match[1]), link: match[2]! }]);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  for (const list of anchors.values()) list.sort((a, b) => a.n - b.n);
  return anchors;
}
