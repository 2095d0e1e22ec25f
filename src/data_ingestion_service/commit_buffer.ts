import type { CandleBatch, CandleWins, Clock, FeatureStore, SeriesId } from "../core/mod.ts";

/** About how long work is gathered before it is committed. */
const COMMIT_EVERY_MS = 500;
/** Rows of a row group of DuckDB. */
const ROW_GROUP = 122_880;
/** Rows gathered at most. */
const MAX_ROWS = 2 * ROW_GROUP;
/**
 * A transaction between one row group and this many rows is made two: DuckDB writes the full group into the file ahead
 * of the commit and rewrites the small rest at the next checkpoint, which leaves up to half of the file as holes
 * (measured: 35 bytes a row at one group or nearly two, 60 in between).
 */
const NEARLY_TWO_GROUPS = 1.9 * ROW_GROUP;

/** Rows that a run has committed so far. */
export interface RowTally {
  added: number;
  revised: number;
  /** Rows that a source gave otherwise and that stayed. */
  kept: number;
}

/**
 * Gathers whole files and pages into transactions of about half a second: a kill loses no more than that, readers get
 * in between, and the cost of a commit is shared.
 */
export class CommitBuffer {
  readonly #store: FeatureStore;
  readonly #series: SeriesId;
  readonly #clock: Clock;
  readonly #wins: CandleWins;
  readonly #tally: RowTally;
  #batches: CandleBatch[] = [];
  #rows = 0;
  #committedAt: number;
  /** The commit under way; settles without a rejection nobody hears of. */
  #committing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /** Of rows that differ from stored ones `wins` says which replace them; `tally` is kept up to date. */
  constructor(
    store: FeatureStore,
    series: SeriesId,
    options: { readonly clock: Clock; readonly tally: RowTally; readonly wins: CandleWins },
  ) {
    this.#store = store;
    this.#series = series;
    this.#clock = options.clock;
    this.#tally = options.tally;
    this.#wins = options.wins;
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
    const groups = this.#rows > ROW_GROUP && this.#rows < NEARLY_TWO_GROUPS
      ? splitAt(this.#batches, ROW_GROUP)
      : [this.#batches];
    this.#batches = [];
    this.#rows = 0;
    this.#committedAt = this.#clock.monotonicMs();
    this.#committing = this.#commit(groups);
  }

  async #finish(): Promise<void> {
    await this.#committing;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  async #commit(groups: readonly (readonly CandleBatch[])[]): Promise<void> {
    try {
      for (const batches of groups) {
        if (batches.length === 0) continue;
        const { added, revised, kept } = await this.#store.writeCandles(this.#series, batches, { wins: this.#wins });
        this.#tally.added += added;
        this.#tally.revised += revised;
        this.#tally.kept += kept;
      }
    } catch (error) {
      this.#failure = { error };
    }
  }
}

/** The batches in two parts, the first of at most `rows` rows. */
function splitAt(batches: readonly CandleBatch[], rows: number): CandleBatch[][] {
  let sum = 0;
  const at = batches.findIndex(({ columns }) => (sum += columns.length) > rows);
  return at < 0 ? [[...batches]] : [batches.slice(0, at), batches.slice(at)];
}
