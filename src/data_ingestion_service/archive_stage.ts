import {
  type ArchiveFileRecord,
  type CandleQuery,
  type DomainError,
  type SeriesId,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import { type ArchiveFile, parseArchiveName } from "./archive/archive_layout.ts";
import { type ArchiveFailure, readArchiveFile } from "./archive/archive_reader.ts";
import type { ArchiveSource } from "./archive/archive_source.ts";
import { candleRules } from "./candle_rules.ts";
import { CommitBuffer } from "./commit_buffer.ts";
import { type AskedSpan, NOT_THERE } from "./planning/explain_gaps.ts";
import type { FileCounts, IngestDeps, StageOptions } from "./ingest_types.ts";
import { mapOrdered } from "./ordered_pool.ts";
import { winsBy } from "./precedence.ts";
import { baseName, daysOf, planFiles } from "./planning/plan.ts";

/** What the archive gave. */
export interface ArchiveStageResult {
  readonly files: FileCounts;
  /** Files of which nothing could be stored, with the reason. */
  readonly failures: readonly ArchiveFailure[];
  /** Why the files after the last failure were not asked for any more. */
  readonly lost?: DomainError;
  readonly warnings: readonly Warning[];
}

/** Files in a row that could not be reached, after which the archive is not asked any more. */
const GIVE_UP_AFTER = 3;

/** Reads the planned files in order, proves each, and stores those that hold; then the days of months that failed. */
export async function runArchiveStage(
  query: CandleQuery,
  files: readonly ArchiveFile[],
  source: ArchiveSource,
  deps: IngestDeps,
  options: StageOptions,
): Promise<ArchiveStageResult> {
  const { store, clock, progress, settings } = deps;
  const buffer = new CommitBuffer(store, query, { clock, tally: options.tally, wins: winsBy(settings.precedence) });
  const counts = { verified: 0, unverified: 0, refetched: 0, missing: 0, unreached: 0, rejected: 0, cached: 0 };
  const failures: ArchiveFailure[] = [];
  const oddCloseTimes: number[] = [];
  const rules = candleRules(query, settings);
  let lost: DomainError | undefined;
  const readAll = async (wanted: readonly ArchiveFile[]) => {
    const failed: ArchiveFailure[] = [];
    let done = 0, unreachedInRow = 0;
    const work = (file: ArchiveFile) => {
      options.signal?.throwIfAborted();
      const nowMs = clock.nowMs();
      return readArchiveFile(source, file, { ...options, rules, attempts: settings.archiveAttempts, nowMs });
    };
    try {
      for await (const outcome of mapOrdered(wanted, settings.archiveParallel, work)) {
        counts.refetched += outcome.refetched;
        if (outcome.ok) {
          counts[outcome.batch.file!.verdict as "verified" | "unverified"]++;
          if (outcome.cached) counts.cached++;
          oddCloseTimes.push(...outcome.oddCloseTimes);
          await buffer.push(outcome.batch);
        } else {
          counts[outcome.unreached ? "unreached" : outcome.record.verdict === "missing" ? "missing" : "rejected"]++;
          failed.push(outcome);
        }
        unreachedInRow = !outcome.ok && outcome.unreached ? unreachedInRow + 1 : 0;
        progress.update({
          stage: "archive",
          done: ++done,
          total: wanted.length,
          unit: "files",
          note: outcome.file.name,
        });
        // A host that hangs would cost its whole time-out for each of hundreds of files.
        if (unreachedInRow >= GIVE_UP_AFTER && outcome.ok === false) {
          lost = outcome.error;
          break;
        }
      }
    } finally {
      // What was read and proven is kept, also when the run is stopped here.
      await buffer.flush();
      const known = failed.filter(({ unreached }) => !unreached).map(({ record }) => record);
      if (known.length > 0) await store.recordFiles(query, known);
    }
    failures.push(...failed);
    return failed;
  };
  const failed = await readAll(files);
  const months = source.kind === "http" && lost === undefined
    ? failed.filter(({ file }) => file.kind === "monthly")
    : [];
  if (months.length > 0) {
    const listed = months.flatMap(({ file }) => daysOf(query, file));
    const missing = months.map(({ file }) => clip(file.range, query.range));
    await readAll(planFiles({ series: query, missing, listed, known: [], nowMs: clock.nowMs() }));
  }
  return {
    files: counts,
    failures,
    ...(lost === undefined ? {} : { lost }),
    warnings: oddCloseTimes.length === 0 ? [] : [{
      code: "odd-close-time",
      message: `${oddCloseTimes.length} candles close before the end of their interval, first that of ${
        toIso(oddCloseTimes[0]!)
      }; they are stored as they are`,
    }],
  };
}

/** What the archive answered: the ledger of all runs, and what this one could not reach. */
export function archiveAnswers(
  series: SeriesId,
  records: readonly ArchiveFileRecord[],
  stage: Pick<ArchiveStageResult, "failures" | "lost"> | undefined,
  planned: readonly ArchiveFile[],
): AskedSpan[] {
  const unreached = (stage?.failures ?? []).filter((failure) => failure.unreached)
    .map(({ file, error }) => ({ ...file.range, by: file.name, failure: error!.message }));
  const lost = stage?.lost;
  const unasked = lost === undefined
    ? []
    : planned.map((file) => ({ ...file.range, by: file.name, failure: lost.message }));
  return [...unasked, ...ledgerAnswers(series, records), ...unreached];
}

function ledgerAnswers(series: SeriesId, records: readonly ArchiveFileRecord[]): AskedSpan[] {
  return records.flatMap((record) => {
    const name = baseName(record.location);
    const file = parseArchiveName(series, record.kind, name);
    if (file === undefined) return [];
    const answered = record.verdict === "verified" || record.verdict === "unverified";
    const failure = record.verdict === "missing" ? NOT_THERE : `it is ${record.verdict}`;
    return [{ ...file.range, by: name, ...(answered ? {} : { failure }) }];
  });
}

function clip(range: TimeRange, within: TimeRange): TimeRange {
  return { startMs: Math.max(range.startMs, within.startMs), endMs: Math.min(range.endMs, within.endMs) };
}
