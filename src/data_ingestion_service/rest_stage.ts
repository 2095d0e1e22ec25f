import {
  allocateCandles,
  type CandleColumns,
  type CandlePage,
  type CandleQuery,
  concatCandles,
  DomainError,
  type Exchange,
  INTERVAL_MS,
  isDomainError,
  isEmptyRange,
  lowerBound,
  sliceCandles,
  subtractRanges,
  type TimeRange,
  toIso,
  totalMs,
} from "../core/mod.ts";
import { candleRules } from "./candle_rules.ts";
import { checkCandles, violationText } from "./candle_checks.ts";
import { CommitBuffer } from "./commit_buffer.ts";
import { winsBy } from "./precedence.ts";
import type { AskedSpan } from "./planning/explain_gaps.ts";
import type { IngestDeps, IngestSettings, StageOptions } from "./ingest_types.ts";

/** What the exchange gave over REST. */
export interface RestStageResult {
  readonly asked: readonly AskedSpan[];
  /** The first failure; the spans it concerns are in `asked`. */
  readonly error: DomainError | undefined;
}

/** Asks the exchange for the ranges, oldest first, proves each page and stores it. */
export async function runRestStage(
  query: CandleQuery,
  ranges: readonly TimeRange[],
  exchange: Exchange,
  deps: IngestDeps,
  options: StageOptions,
): Promise<RestStageResult> {
  const { store, clock, progress, settings } = deps;
  const buffer = new CommitBuffer(store, query, { clock, tally: options.tally, wins: winsBy(settings.precedence) });
  const stepMs = INTERVAL_MS[query.interval];
  const total = totalMs(ranges) / stepMs;
  const asked: AskedSpan[] = [];
  let error: DomainError | undefined;
  let done = 0;
  for (const range of ranges) {
    if (isEmptyRange(range)) continue;
    let reachedMs = range.startMs;
    try {
      for await (const page of exchange.candles({ ...query, range }, options)) {
        const { columns, answered, refused, problem } = soundPart(page, query, exchange, settings);
        if (columns.length > 0) await buffer.push({ source: exchange.source, columns });
        asked.push(...answered.map((span) => ({ ...span, by: exchange.id })));
        if (problem !== undefined) {
          error ??= problem;
          asked.push(...refused.map((span) => ({ ...span, by: exchange.id, failure: problem.message })));
        }
        reachedMs = page.range.endMs;
        done += (page.range.endMs - page.range.startMs) / stepMs;
        const { weight } = exchange.tally;
        const note = weight === 0 ? toIso(reachedMs) : `${toIso(reachedMs)}, weight ${weight}`;
        progress.update({ stage: "rest", done, total, unit: "candles", note });
      }
    } catch (thrown) {
      await buffer.flush();
      if (!isDomainError(thrown) || thrown.code === "interrupted" || thrown.code === "symbol-unknown") throw thrown;
      error ??= thrown;
      asked.push({ startMs: reachedMs, endMs: range.endMs, by: exchange.id, failure: thrown.message });
      // A host that cannot be reached now will not be for the next range either.
      for (const later of ranges) {
        if (later.startMs > range.startMs) asked.push({ ...later, by: exchange.id, failure: thrown.message });
      }
      break;
    }
  }
  await buffer.flush();
  return { asked, error };
}

/** What of a page may be stored. */
interface SoundPart {
  readonly columns: CandleColumns;
  /** Spans of which the page tells what the exchange has. */
  readonly answered: readonly TimeRange[];
  /** Spans of which nothing is believed, for the `problem`. */
  readonly refused: readonly TimeRange[];
  readonly problem?: DomainError;
}

/**
 * The rows of a page that are sound. Few rows that cannot be true cost their own minutes: while following, everything
 * after such a minute would else wait for it. Where they are many, or out of their order, the page is not believed.
 */
function soundPart(page: CandlePage, query: CandleQuery, exchange: Exchange, settings: IngestSettings): SoundPart {
  const { range, columns } = page;
  const problem = pageProblem(page, query, exchange, settings);
  if (problem === undefined) return { columns, answered: [range], refused: [] };
  const stepMs = INTERVAL_MS[query.interval];
  const { violations, violationCount } = checkCandles(columns, { ...candleRules(query, settings), range });
  const bad = new Set(violations.map(({ openTimeMs }) => openTimeMs));
  const isApart = page.problem === undefined && violationCount === violations.length &&
    isInOrder(columns, range, stepMs);
  if (!isApart) return { columns: allocateCandles(0), answered: [], refused: [range], problem };
  const refused = [...bad].map((startMs) => ({ startMs, endMs: startMs + stepMs }));
  const runs = subtractRanges([range], refused);
  const sound = concatCandles(
    runs.map(({ startMs, endMs }) =>
      sliceCandles(columns, lowerBound(columns.openTimeMs, startMs), lowerBound(columns.openTimeMs, endMs))
    ),
  );
  return { columns: sound, answered: runs, refused, problem };
}

/** Whether open times are on the grid, in the range and ascending, so that what is wrong is wrong in a row's values. */
function isInOrder({ openTimeMs, length }: CandleColumns, range: TimeRange, stepMs: number): boolean {
  for (let i = 0; i < length; i++) {
    const at = openTimeMs[i]!;
    if (at % stepMs !== 0 || at < range.startMs || at >= range.endMs || (i > 0 && at <= openTimeMs[i - 1]!)) {
      return false;
    }
  }
  return true;
}

/** Why not all of a page may be stored, or undefined where its rows are sound. */
export function pageProblem(
  { range, columns, problem }: CandlePage,
  query: CandleQuery,
  exchange: Exchange,
  settings: IngestSettings,
): DomainError | undefined {
  if (problem !== undefined) return problem;
  const found = checkCandles(columns, { ...candleRules(query, settings), range });
  if (found.violationCount === 0) return undefined;
  const shown = found.violations.map(violationText).join("; ");
  return new DomainError(
    "invariant-violated",
    `Cannot use ${found.violationCount} of the ${columns.length} rows of '${exchange.id}' from ${
      toIso(range.startMs)
    } as they cannot be true: ${shown}`,
    { hint: "They were not stored; run again, and compare with the archive if it stays" },
  );
}
