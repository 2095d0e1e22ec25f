import {
  type ArchiveFileRecord,
  type CallOptions,
  type CandleQuery,
  DomainError,
  type Gap,
  type IngestRunRecord,
  intersectRanges,
  INTERVAL_MS,
  isDomainError,
  isEmptyRange,
  mergeRanges,
  MINUTE_MS,
  subtractRanges,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import { type ArchiveFile, parseArchiveName } from "./archive/archive_layout.ts";
import type { ArchiveFailure } from "./archive/archive_reader.ts";
import { archiveAnswers, type ArchiveStageResult, runArchiveStage } from "./archive_stage.ts";
import type { RowTally } from "./commit_buffer.ts";
import { type AskedSpan, explainGaps, type GapEvidence, toGaps } from "./planning/explain_gaps.ts";
import type { IngestDeps, IngestPlan, IngestRequest, IngestResult, PlanDeps, VerifyResult } from "./ingest_types.ts";
import { estimatePlan } from "./planning/estimate.ts";
import { absentDays, baseName, missingRanges, planFiles, refreshRange } from "./planning/plan.ts";
import { planRereads, rereadsOf } from "./planning/second_source.ts";
import { askNow, type ExchangeNow, resolveRange } from "./planning/resolve_range.ts";
import { type RestStageResult, runRestStage } from "./rest_stage.ts";
import { runVerifyStage } from "./verify_stage.ts";

const NO_FILES = { verified: 0, unverified: 0, refetched: 0, missing: 0, unreached: 0, rejected: 0, cached: 0 };

/**
 * What {@linkcode ingest} would do: asks for the clock and the listing, stores nothing.
 *
 * @throws {DomainError} as {@linkcode ingest}.
 */
export async function planIngest(
  request: IngestRequest,
  deps: PlanDeps,
  options: CallOptions = {},
): Promise<IngestPlan> {
  const { query, now } = await prepare(request, deps, options);
  const open = await openRanges(query, deps);
  const { openTimeMs } = await firstListed(query, open, deps, options);
  const missing = afterListing(open, openTimeMs);
  return {
    ...await plan(query, missing, now, deps, request.verify === true),
    warnings: [...now.warnings, ...(deps.exchange?.warnings ?? [])],
  };
}

/**
 * Brings the candles of a series into the store and proves them: computes what is missing, reads archive files, asks
 * REST for the rest, and gives every minute that is still missing one recorded cause. What is committed stays; a run
 * that was cut short continues where it stopped.
 *
 * A run that could not get all it wanted returns a result with `error`; it throws only where there is nothing to show.
 *
 * @throws {DomainError} `symbol-unknown`, `usage` (an empty range), `exchange-unavailable`, `not-found` (no mirror).
 */
export async function ingest(
  request: IngestRequest,
  deps: IngestDeps,
  options: CallOptions = {},
): Promise<IngestResult> {
  const { query, now } = await prepare(request, deps, options);
  const { store, clock, settings } = deps;
  const { continues } = request;
  const startedAtMs = continues?.startedAtMs ?? clock.nowMs();
  const id = continues?.id ?? crypto.randomUUID();
  const tally: RowTally = { added: 0, revised: 0, kept: 0 };
  const run = (status: IngestRunRecord["status"], datasetDigest?: string): IngestRunRecord => ({
    id,
    startedAtMs,
    ...(status === "running" ? {} : { endedAtMs: clock.nowMs() }),
    status,
    settings: {
      ...request.series,
      source: request.source,
      verify: request.verify === true,
      ...rangeText(query.range),
      ...settings.describe,
      ...(continues === undefined ? {} : { since: continues.settings["since"] }),
    },
    rowsAdded: (continues?.rowsAdded ?? 0) + tally.added,
    rowsRevised: (continues?.rowsRevised ?? 0) + tally.revised,
    ...(datasetDigest === undefined ? {} : { datasetDigest }),
  });
  await closeDeadRuns(deps);
  await store.recordIngestRun(run("running"));
  const work: Work = { query, request, deps, now, tally, options, warnings: [...now.warnings] };
  let error: DomainError | undefined;
  try {
    error = await fill(work);
  } catch (thrown) {
    if (!isDomainError(thrown, "interrupted")) {
      await store.recordIngestRun(run("failed"));
      throw thrown;
    }
    error = thrown;
  }
  const datasetDigest = await store.datasetDigest(query);
  const interrupted = isDomainError(error, "interrupted");
  const record = run(error === undefined ? "finished" : interrupted ? "interrupted" : "failed", datasetDigest);
  await store.recordIngestRun(record);
  const { startMs, endMs } = query.range;
  return {
    run: record,
    series: request.series,
    range: query.range,
    rows: {
      expected: (endMs - startMs) / INTERVAL_MS[query.interval],
      present: await store.countCandles(query),
      added: tally.added,
      revised: tally.revised,
    },
    gaps: await gapsWithin(work),
    files: work.archive?.files ?? NO_FILES,
    ...(work.verify === undefined ? {} : { verify: work.verify }),
    datasetDigest,
    warnings: [...work.warnings, ...(deps.archive?.warnings ?? []), ...(deps.exchange?.warnings ?? [])],
    ...(error === undefined ? {} : { error }),
  };
}

/** The state of one run. */
interface Work {
  readonly query: CandleQuery;
  readonly request: IngestRequest;
  readonly deps: IngestDeps;
  readonly now: ExchangeNow;
  readonly tally: RowTally;
  readonly options: CallOptions;
  readonly warnings: Warning[];
  archive?: ArchiveStageResult;
  verify?: VerifyResult;
}

async function prepare(request: IngestRequest, deps: PlanDeps, options: CallOptions) {
  const now = await askNow(request, deps, options);
  const range = await resolveRange(request, deps, now);
  return { query: { ...request.series, range } satisfies CandleQuery, now };
}

async function plan(
  query: CandleQuery,
  missing: readonly TimeRange[],
  now: ExchangeNow,
  deps: PlanDeps,
  isVerifying = false,
): Promise<Omit<IngestPlan, "warnings">> {
  const { store, archive, exchange, clock } = deps;
  const nowMs = clock.nowMs();
  let files: readonly ArchiveFile[] = [], absent: readonly ArchiveFile[] = [];
  if (archive !== undefined && missing.length > 0) {
    const listed = await archive.list(query);
    files = planFiles({ series: query, missing, listed, known: await unchanged(query, missing, deps), nowMs });
    if (listed !== undefined) absent = absentDays(query, missing, listed, nowMs);
  }
  const refresh = refreshRange(query, query.range, now.closedEndMs, deps.settings.refreshMinutes);
  const rest = exchange === undefined
    ? []
    : mergeRanges([...subtractRanges(missing, files.map(({ range }) => range)), refresh]);
  const { range, ...series } = query;
  const verify = isVerifying
    ? planRereads(series, [
      ...rereadsOf(await store.sourceSpans(query)),
      ...files.map((file) => ({ ...intersectRanges(file.range, range), stored: file.kind })),
      ...(exchange === undefined ? [] : rest.map((span) => ({ ...span, stored: exchange.source }))),
    ], {
      hasArchive: archive !== undefined,
      hasRest: exchange !== undefined,
      listed: await archive?.list(series),
      nowMs,
    })
    : undefined;
  return {
    series,
    range,
    missing,
    files,
    absent,
    rest,
    present: await store.countCandles(query),
    ...(verify === undefined ? {} : { verify }),
    estimate: estimatePlan({
      series,
      files: [...files, ...verify?.files ?? []],
      isRemote: archive?.kind === "http",
      rest: [...rest, ...verify?.rest ?? []],
      paging: exchange?.paging,
      weightPerMinute: now.weightPerMinute,
      roundTripMs: now.roundTripMs,
    }),
  };
}

/** Archive, REST, then the ledger of gaps; returns why the range is not whole, if somebody should act on it. */
async function fill(work: Work): Promise<DomainError | undefined> {
  const { query, request, deps, options, tally, now } = work;
  const { store, archive, exchange, settings } = deps;
  const stage = { ...options, tally };
  const unstored = await openRanges(query, deps);
  const first = await firstListed(query, unstored, deps, options);
  const listedAtMs = first.openTimeMs;
  const planned = await plan(query, afterListing(unstored, listedAtMs), now, deps);
  const files = [...planned.files, ...planned.absent].sort((a, b) => a.range.startMs - b.range.startMs);
  if (archive !== undefined && files.length > 0) {
    work.archive = await runArchiveStage(query, files, archive, deps, stage);
    work.warnings.push(...work.archive.warnings);
  }
  options.signal?.throwIfAborted();
  let rest: RestStageResult = { asked: [], error: undefined };
  let unverified: DomainError | undefined;
  if (exchange !== undefined) {
    const wanted = afterListing(await openRanges(query, deps), listedAtMs);
    const refresh = refreshRange(query, query.range, now.closedEndMs, settings.refreshMinutes);
    const ranges = mergeRanges([...wanted, ...(isEmptyRange(refresh) ? [] : [refresh])]);
    if (first.error !== undefined) {
      const failure = first.error.message;
      rest = { asked: ranges.map((range) => ({ ...range, by: exchange.id, failure })), error: first.error };
    } else rest = await runRestStage(query, ranges, exchange, deps, stage);
  }
  options.signal?.throwIfAborted();
  if (request.verify === true) {
    work.verify = await runVerifyStage(query, deps, stage);
    work.warnings.push(...work.verify.warnings);
    const { compared, unread, warnings } = work.verify;
    const failure = warnings.find(({ code }) => code === "second-source-failed");
    if (compared === 0 && unread.length > 0 && failure !== undefined) {
      unverified = new DomainError("fetch-failed", `Cannot verify anything: ${failure.message}`, {
        hint: "Run again with --verify when the source answers",
      });
    }
  }
  options.signal?.throwIfAborted();
  const missing = subtractRanges([query.range], await store.coverage(query, query.range));
  const settled = settledGaps(await store.gaps(query, query.range), missing);
  const spans = explainGaps(subtractRanges(missing, settled), {
    archive: archiveAnswers(query, await store.archiveFiles(query), work.archive, files),
    rest: rest.asked,
    trades: exchange === undefined ? [] : await tradeEvidence(work, missing, rest.asked),
    outages: settings.outages,
    archivePublishes: archive?.kind === "http",
    ...(listedAtMs === undefined ? {} : { listedAtMs }),
    nowMs: now.nowMs,
  });
  const seenAtMs = deps.clock.nowMs();
  await store.replaceGaps(query, query.range, [...settled, ...toGaps(spans, seenAtMs)], seenAtMs);
  await closeFilledGaps(work, mergeRanges(files.map(({ range }) => range)), seenAtMs);
  const failed = spans.filter(({ cause }) => cause === "fetch_failed");
  return whyNotWhole(work, { failed, missing: spans }, rest.error) ?? unverified;
}

/** A run that the ledger calls running was killed: whoever writes to the store has it alone. */
async function closeDeadRuns({ store }: IngestDeps): Promise<void> {
  for (const run of await store.ingestRuns(20)) {
    if (run.status === "running") await store.recordIngestRun({ ...run, status: "interrupted" });
  }
}

/** Rows of the ledger but those of files that touch what is missing and may be others by now: they are read again. */
async function unchanged(
  query: CandleQuery,
  missing: readonly TimeRange[],
  { store, archive }: PlanDeps,
): Promise<ArchiveFileRecord[]> {
  const kept: ArchiveFileRecord[] = [];
  for (const record of await store.archiveFiles(query)) {
    const file = parseArchiveName(query, record.kind, baseName(record.location));
    const isOpen = file !== undefined && record.bytes > 0 && touches(file.range, missing);
    if (!isOpen || await archive?.mayHaveChanged?.(file, record) === false) kept.push(record);
  }
  return kept;
}

async function openRanges(query: CandleQuery, { store }: PlanDeps): Promise<TimeRange[]> {
  return missingRanges(
    query.range,
    await store.coverage(query, query.range),
    await store.gaps(query, query.range),
  );
}

/** The ranges without what lies before the first candle of the series. */
function afterListing(ranges: readonly TimeRange[], listedAtMs: number | undefined): TimeRange[] {
  return subtractRanges(ranges, listedAtMs === undefined ? [] : [{ startMs: 0, endMs: listedAtMs }]);
}

/** Asks when the series began, where what is missing lies before all that is stored. */
async function firstListed(
  query: CandleQuery,
  open: readonly TimeRange[],
  deps: PlanDeps,
  options: CallOptions,
): Promise<{ readonly openTimeMs?: number; readonly error?: DomainError }> {
  const { store, exchange } = deps;
  const first = open[0];
  if (first === undefined || exchange === undefined) return {};
  const span = await store.span(query);
  if (span !== undefined && span.startMs <= first.startMs) return {};
  try {
    const openTimeMs = await exchange.firstOpenTime(query, options);
    return openTimeMs === undefined ? {} : { openTimeMs };
  } catch (error) {
    if (!isDomainError(error) || error.code === "interrupted" || error.code === "symbol-unknown") throw error;
    return { error };
  }
}

/** Files are stored whole: what they hold outside of the asked range may have filled gaps of earlier runs there. */
async function closeFilledGaps(
  { query, deps: { store } }: Work,
  read: readonly TimeRange[],
  seenAtMs: number,
): Promise<void> {
  for (const outside of subtractRanges(read, [query.range])) {
    const open = await store.gaps(query, outside);
    if (open.length === 0) continue;
    const missing = subtractRanges([outside], await store.coverage(query, outside));
    await store.replaceGaps(query, outside, open.flatMap((gap) => cutGap(gap, missing)), seenAtMs);
  }
}

/** The parts of a gap within the ranges. */
function cutGap(gap: Gap, ranges: readonly TimeRange[]): Gap[] {
  return ranges.map((range) => intersectRanges(gap, range)).filter((part) => !isEmptyRange(part)).map((part) => ({
    ...gap,
    ...part,
    minutes: (part.endMs - part.startMs) / MINUTE_MS,
  }));
}

/** Gaps of earlier runs that still stand and are final, cut to what is still missing. */
function settledGaps(gaps: readonly Gap[], missing: readonly TimeRange[]): Gap[] {
  return gaps.filter(({ cause }) => cause === "outage" || cause === "not_listed")
    .flatMap((gap) => cutGap(gap, missing));
}

/** Asks the trade numbering about minutes for which the exchange answered that it has no candle. */
async function tradeEvidence(
  { query, deps: { exchange }, options }: Work,
  missing: readonly TimeRange[],
  asked: readonly AskedSpan[],
): Promise<GapEvidence["trades"]> {
  const tradesAround = exchange?.tradesAround?.bind(exchange);
  if (tradesAround === undefined) return [];
  const answered = mergeRanges(asked.filter(({ failure }) => failure === undefined));
  const found = [];
  for (const range of missing.flatMap((span) => answered.map((other) => intersectRanges(span, other)))) {
    if (isEmptyRange(range)) continue;
    try {
      const around = await tradesAround({ ...query, range }, options);
      if (around === undefined) continue;
      const { before, after } = around;
      const none = before.timeMs < range.startMs && after.timeMs >= range.endMs && after.id === before.id + 1;
      const evidence = none
        ? `aggTrades: trade ${before.id} at ${toIso(before.timeMs)} is followed by ${after.id} at ${
          toIso(after.timeMs)
        }`
        : `aggTrades: there were trades up to ${toIso(before.timeMs)}, but the exchange has no candles`;
      found.push({ ...range, none, evidence });
    } catch (error) {
      // Evidence is a bonus: without it the gap is explained by what the sources said.
      if (!isDomainError(error) || error.code === "interrupted") throw error;
    }
  }
  return found;
}

async function gapsWithin({ query, deps: { store } }: Work): Promise<Gap[]> {
  return (await store.gaps(query, query.range)).flatMap((gap) => cutGap(gap, [query.range]));
}

/** A failed proof outranks an unreadable file, and that a source that could not be reached. */
function whyNotWhole(
  work: Work,
  { failed, missing }: { readonly failed: readonly TimeRange[]; readonly missing: readonly TimeRange[] },
  restError: DomainError | undefined,
): DomainError | undefined {
  const failures = (work.archive?.failures ?? []).filter((
    failure,
  ): failure is ArchiveFailure & { error: DomainError } => failure.error !== undefined);
  const unfilled = failures.filter(({ file }) => touches(file.range, failed));
  warnOfFiles(work, failures.filter(({ file }) => !touches(file.range, failed)), missing);
  if (restError !== undefined && restError.traits.exit === 4 && failed.length === 0) {
    work.warnings.push({
      code: "rest-failed",
      message: `${restError.message}; nothing that is stored was asked again`,
    });
  }
  const refetched = work.archive?.files.refetched ?? 0;
  if (refetched > 0) {
    work.warnings.push({ code: "file-refetched", message: `${refetched} whole files had to be fetched again` });
  }
  const errors = [...unfilled.map(({ error }) => error), ...(restError === undefined ? [] : [restError])];
  const worst = [5, 3].map((exit) => errors.filter((error) => error.traits.exit === exit)).find((some) =>
    some.length > 0
  );
  if (worst !== undefined) return joined(worst);
  if (failed.length === 0) return undefined;
  const minutes = failed.reduce((sum, { startMs, endMs }) => sum + (endMs - startMs) / MINUTE_MS, 0);
  const why = errors[0];
  const spans = failed.slice(0, 3).map(({ startMs, endMs }) => `${toIso(startMs)} to ${toIso(endMs)}`).join(", ");
  const more = failed.length > 3 ? ` and ${failed.length - 3} more spans` : "";
  return new DomainError(
    why?.traits.exit === 4 ? why.code : "fetch-failed",
    `Cannot get ${minutes} minutes (${spans}${more})${
      why === undefined ? " as no source has them" : `: ${why.message}`
    }`,
    { hint: why?.hint ?? "What came is stored; run again to ask only for what is missing", cause: why },
  );
}

/** Says which files gave nothing, and whether another source gave what they should have; those not reached in one line. */
function warnOfFiles(
  work: Work,
  failures: readonly (ArchiveFailure & { readonly error: DomainError })[],
  missing: readonly TimeRange[],
): void {
  const end = (name: string, file: ArchiveFile) =>
    touches(file.range, missing) ? "" : `; another source filled ${name}'s span`;
  for (const { file, error } of failures.filter(({ unreached }) => !unreached)) {
    work.warnings.push({ code: "file-replaced", message: `${error.message}${end(file.name, file)}` });
  }
  const [first, ...more] = failures.filter(({ unreached }) => unreached);
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` (and ${more.length} more files)`;
  const stopped = work.archive?.lost === undefined ? "" : "; the archive was not asked any more";
  work.warnings.push({
    code: "archive-not-reached",
    message: `${first.error.message}${others}${stopped}${end(first.file.name, first.file)}`,
  });
}

function joined(errors: readonly DomainError[]): DomainError {
  const first = errors[0]!;
  if (errors.length === 1) return first;
  const others = errors.slice(1, 4).map(({ message }) => message.replace(/^Cannot use /, "").split(" as ", 1)[0]);
  const more = errors.length > 4 ? ` and ${errors.length - 4} more` : "";
  return new DomainError(first.code, `${first.message}; the same holds of ${others.join(", ")}${more}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    cause: first,
  });
}

function touches(range: TimeRange, ranges: readonly TimeRange[]): boolean {
  return ranges.some((other) => !isEmptyRange(intersectRanges(range, other)));
}

function rangeText({ startMs, endMs }: TimeRange): Record<string, string> {
  return { since: toIso(startMs), until: toIso(endMs) };
}
