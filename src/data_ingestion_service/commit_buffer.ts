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

  /** Takes a batch; commits where it is time to. */
  async push(batch: CandleBatch): Promise<void> {
    if (this.#rows + batch.columns.length > MAX_ROWS) await this.flush();
    this.#batches.push(batch);
    this.#rows += batch.columns.length;
    if (this.#clock.monotonicMs() - this.#committedAt >= COMMIT_EVERY_MS) await this.flush();
  }

  /** Commits what was gathered. */
  async flush(): Promise<void> {
    const batches = this.#batches;
    this.#batches = [];
    this.#rows = 0;
    if (batches.length > 0) {
      const { added, revised } = await this.#store.writeCandles(this.#series, batches, { revise: this.#revise });
      this.#tally.added += added;
      this.#tally.revised += revised;
    }
    this.#committedAt = this.#clock.monotonicMs();
  }
}
