import {
  type CandlePage,
  type CandleQuery,
  DomainError,
  type Exchange,
  INTERVAL_MS,
  isDomainError,
  isEmptyRange,
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
        const problem = pageProblem(page, query, exchange, settings);
        if (problem === undefined) {
          if (page.columns.length > 0) await buffer.push({ source: exchange.source, columns: page.columns });
          asked.push({ ...page.range, by: exchange.id });
        } else {
          error ??= problem;
          asked.push({ ...page.range, by: exchange.id, failure: problem.message });
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

/** Why nothing of a page may be stored, or undefined where its rows are sound. */
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
    `Cannot use the page of '${exchange.id}' from ${
      toIso(range.startMs)
    } as ${found.violationCount} of its ${columns.length} rows cannot be true: ${shown}`,
    { hint: "Nothing of the page was stored; run again, and compare with the archive if it stays" },
  );
}
