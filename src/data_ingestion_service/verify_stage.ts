import {
  type CandleBatch,
  type CandleColumns,
  type CandleQuery,
  type CandleRevision,
  type CandleSource,
  DomainError,
  INTERVAL_MS,
  isDomainError,
  lowerBound,
  mergeRanges,
  type Progress,
  sliceCandles,
  subtractRanges,
  type TimeRange,
  toIso,
  totalMs,
  type Warning,
} from "../core/mod.ts";
import type { ArchiveFile } from "./archive/archive_layout.ts";
import { readArchiveFile } from "./archive/archive_reader.ts";
import { candleRules } from "./candle_rules.ts";
import { CommitBuffer, type RowTally } from "./commit_buffer.ts";
import type { IngestDeps, StageOptions, VerifyResult } from "./ingest_types.ts";
import { mapOrdered } from "./ordered_pool.ts";
import {
  filesHolding,
  MOST_ATTEMPTS,
  partsOf,
  remaining,
  type Reread,
  rereadsOf,
  type SecondSource,
  secondSource,
} from "./planning/second_source.ts";
import { winsBy } from "./precedence.ts";
import { pageProblem } from "./rest_stage.ts";

/** Differences that a result lists. */
const MOST_LISTED = 100;

/**
 * Reads stored candles again from a second source and settles what differs: archive days against the month's file, the
 * month's against its days, both against REST, and REST against the archive. Every difference is recorded with both
 * values; the precedence of the configuration says which stays.
 */
export async function runVerifyStage(
  query: CandleQuery,
  deps: IngestDeps,
  options: StageOptions,
): Promise<VerifyResult> {
  const { store, clock, settings } = deps;
  const startedAtMs = clock.nowMs();
  const tally: RowTally = { added: 0, revised: 0, kept: 0 };
  const buffer = new CommitBuffer(store, query, { clock, tally, wins: winsBy(settings.precedence) });
  const reading = new Reading(query, deps, options, buffer);
  try {
    await reading.run(rereadsOf(await store.sourceSpans(query)));
  } finally {
    await buffer.flush();
    options.tally.added += tally.added;
    options.tally.revised += tally.revised;
    options.tally.kept += tally.kept;
  }
  const differences = tally.revised + tally.kept === 0
    ? []
    : (await store.revisions(query)).filter(({ seenAtMs, applied }) => seenAtMs >= startedAtMs || !applied);
  const result = {
    ...tally,
    compared: reading.compared,
    pairs: [...reading.pairs.values()],
    unread: reading.unread,
    differences: differences.slice(0, MOST_LISTED),
  };
  return { ...result, warnings: [...reading.warnings, ...verdictWarnings(result)] };
}

/** The state of one reading: what is still to be read, and what was found. */
class Reading {
  compared = 0;
  readonly pairs = new Map<string, { stored: CandleSource; second: CandleSource; candles: number }>();
  readonly warnings: Warning[] = [];
  unread: readonly Reread[] = [];
  readonly #query: CandleQuery;
  readonly #deps: IngestDeps;
  readonly #options: StageOptions;
  readonly #buffer: CommitBuffer;
  readonly #step: (ms: number, note: string) => void;
  #listed: readonly ArchiveFile[] | undefined;
  #totalMs = 0;

  constructor(query: CandleQuery, deps: IngestDeps, options: StageOptions, buffer: CommitBuffer) {
    this.#query = query;
    this.#deps = deps;
    this.#options = options;
    this.#buffer = buffer;
    this.#step = stepper(deps.progress, INTERVAL_MS[query.interval], () => this.#totalMs);
  }

  async run(rereads: readonly Reread[]): Promise<void> {
    this.#listed = await this.#deps.archive?.list(this.#query);
    this.#totalMs = totalMs(rereads);
    let open = rereads;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const asked = new Map<SecondSource, Reread[]>();
      for (const reread of open) {
        const second = secondSource(reread.stored, attempt);
        if (second !== undefined) asked.set(second, [...asked.get(second) ?? [], reread]);
      }
      for (const [second, ranges] of asked) {
        const done = second === "rest" ? await this.#readRest(ranges) : await this.#readFiles(second, ranges);
        open = remaining(open, done);
      }
    }
    this.unread = open;
  }

  async #readFiles(kind: ArchiveFile["kind"], rereads: readonly Reread[]): Promise<TimeRange[]> {
    const { archive, clock, settings } = this.#deps;
    if (archive === undefined) return [];
    const files = filesHolding(this.#query, kind, mergeRanges(rereads), { listed: this.#listed, nowMs: clock.nowMs() });
    const done: TimeRange[] = [];
    const read = ({ file }: { readonly file: ArchiveFile }) => {
      this.#options.signal?.throwIfAborted();
      return readArchiveFile(archive, file, {
        ...this.#options,
        rules: candleRules(this.#query, settings),
        attempts: settings.archiveAttempts,
        nowMs: clock.nowMs(),
      });
    };
    let at = 0;
    for await (const outcome of mapOrdered(files, settings.archiveParallel, read)) {
      const { file, ranges } = files[at++]!;
      if (!outcome.ok) {
        if (outcome.error !== undefined) this.#warn(outcome.error);
        continue;
      }
      for (const range of ranges) {
        // The ledger calls a file read that is stored whole; of a part of it it would promise the rest.
        const record = subtractRanges([file.range], [range]).length === 0 ? { file: outcome.batch.file! } : {};
        await this.#compare({ source: kind, columns: outcome.batch.columns, covers: range, ...record }, rereads);
        done.push(range);
        this.#step(range.endMs - range.startMs, file.name);
      }
    }
    return done;
  }

  async #readRest(rereads: readonly Reread[]): Promise<TimeRange[]> {
    const { exchange, settings } = this.#deps;
    if (exchange === undefined) return [];
    const done: TimeRange[] = [];
    try {
      for (const range of mergeRanges(rereads)) {
        for await (const page of exchange.candles({ ...this.#query, range }, this.#options)) {
          const problem = pageProblem(page, this.#query, exchange, settings);
          if (problem !== undefined) {
            this.#warn(problem);
            continue;
          }
          for (const covers of partsOf(rereads, page.range)) {
            await this.#compare({ source: exchange.source, columns: page.columns, covers }, rereads);
          }
          done.push(page.range);
          this.#step(page.range.endMs - page.range.startMs, toIso(page.range.endMs));
        }
      }
    } catch (error) {
      if (!isDomainError(error) || error.code === "interrupted") throw error;
      this.#warn(error);
    }
    return done;
  }

  async #compare(batch: CandleBatch & { readonly covers: TimeRange }, rereads: readonly Reread[]): Promise<void> {
    const columns = within(batch.columns, batch.covers);
    await this.#buffer.push({ ...batch, columns });
    this.compared += columns.length;
    const second = batch.source;
    for (const { stored, ...range } of rereads) {
      const [part] = partsOf([range], batch.covers);
      if (part === undefined) continue;
      const key = `${stored}/${second}`;
      const pair = this.pairs.get(key) ?? { stored, second, candles: 0 };
      pair.candles += within(columns, part).length;
      this.pairs.set(key, pair);
    }
  }

  #warn(error: DomainError): void {
    this.warnings.push({ code: "second-source-failed", message: error.message });
  }
}

function within(columns: CandleColumns, { startMs, endMs }: TimeRange): CandleColumns {
  return sliceCandles(columns, lowerBound(columns.openTimeMs, startMs), lowerBound(columns.openTimeMs, endMs));
}

function stepper(progress: Progress, stepMs: number, total: () => number): (ms: number, note: string) => void {
  let doneMs = 0;
  return (ms, note) => {
    doneMs += ms;
    progress.update({
      stage: "verify",
      done: Math.round(doneMs / stepMs),
      total: Math.round(total() / stepMs),
      unit: "candles",
      note,
    });
  };
}

function verdictWarnings(result: Omit<VerifyResult, "warnings">): Warning[] {
  const { revised, kept, differences, unread, pairs } = result;
  const warnings: Warning[] = [];
  if (revised + kept > 0) {
    const shown = differences.slice(0, 3).map(differenceText).join("; ");
    warnings.push({
      code: "sources-differ",
      message: `Sources differ on ${revised + kept} candles: ${revised} revised, ${kept} kept as stored: ${shown}`,
    });
  }
  if (unread.length > 0) {
    const first = unread[0]!;
    warnings.push({
      code: "not-verified",
      message: `No source could be asked again about ${unread.length} spans, first ${toIso(first.startMs)} to ${
        toIso(first.endMs)
      } from ${first.stored}`,
    });
  }
  const same = pairs.filter(({ stored, second }) => stored === second);
  if (same.length > 0) {
    const candles = same.reduce((sum, pair) => sum + pair.candles, 0);
    warnings.push({
      code: "same-source-again",
      message: `${candles} candles were compared with the same source again (${
        same.map(({ stored }) => stored).join(", ")
      }), as no other could be asked`,
    });
  }
  return warnings;
}

/** `2023-03-01T00:04:00Z volume: rest 12.5, daily 12.6 (daily stays)`. */
function differenceText(
  { openTimeMs, column, oldValue, newValue, oldSource, newSource, applied }: CandleRevision,
): string {
  const values = column === "open_time"
    ? `${newSource} lacks the candle that ${oldSource} gave`
    : `${column} ${oldValue ?? "unknown"} (${oldSource}), ${newValue ?? "unknown"} (${newSource})`;
  return `${toIso(openTimeMs)} ${values}, ${applied ? newSource : oldSource} holds`;
}
