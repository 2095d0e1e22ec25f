import type { CandleBatch, Clock, FeatureStore, SeriesId } from "../core/mod.ts";

/** About how long work is gathered before it is committed. */
const COMMIT_EVERY_MS = 400;
/**
 * Rows gathered at most: one row group of DuckDB. More would be written into the file before the commit, and what is
 * left over rewritten at the next checkpoint: a third of the file would be holes.
 */
const MAX_ROWS = 122_880;

/** Rows that a run has committed so far. */
export interface RowTally {
  added: number;
  revised: number;
}

/**
 * Gathers whole files and pages into transactions of about half a second: a kill loses no more than that, readers get
 * in between, and the cost of a commit is shared.
 */
export class CommitBuffer {
  readonly #store: FeatureStore;
  readonly #series: SeriesId;
  readonly #clock: Clock;
  readonly #revise: boolean;
  readonly #tally: RowTally;
  #batches: CandleBatch[] = [];
  #rows = 0;
  #committedAt: number;
  /** The commit under way; settles without a rejection nobody hears of. */
  #committing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /** With `revise` rows that differ from stored ones replace them; `tally` is kept up to date. */
  constructor(
    store: FeatureStore,
    series: SeriesId,
    options: { readonly clock: Clock; readonly tally: RowTally; readonly revise: boolean },
  ) {
    this.#store = store;
    this.#series = series;
    this.#clock = options.clock;
    this.#tally = options.tally;
    this.#revise = options.revise;
    this.#committedAt = options.clock.monotonicMs();
  }

  /**
   * Takes a batch; starts a commit where it is time to. The commit goes on while the next files are read: DuckDB works
   * in threads of its own. A failed commit is thrown by the next call.
   */
  async push(batch: CandleBatch): Promise<void> {
    if (this.#rows + batch.columns.length > MAX_ROWS) await this.#start();
    this.#batches.push(batch);
    this.#rows += batch.columns.length;
    if (this.#clock.monotonicMs() - this.#committedAt >= COMMIT_EVERY_MS) await this.#start();
  }

  /** Commits what was gathered, and waits until it is. */
  async flush(): Promise<void> {
    await this.#start();
    await this.#finish();
  }

  /** One commit at a time: what is read meanwhile is at most as much again. */
  async #start(): Promise<void> {
    await this.#finish();
    const batches = this.#batches;
    this.#batches = [];
    this.#rows = 0;
    this.#committedAt = this.#clock.monotonicMs();
    if (batches.length > 0) this.#committing = this.#commit(batches);
  }

  async #finish(): Promise<void> {
    await this.#committing;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  async #commit(batches: readonly CandleBatch[]): Promise<void> {
    try {
      const { added, revised } = await this.#store.writeCandles(this.#series, batches, { revise: this.#revise });
      this.#tally.added += added;
      this.#tally.revised += revised;
    } catch (error) {
      this.#failure = { error };
    }
  }
}
