import type { IngestConfig } from "../config/ingest_config.ts";
import {
  DomainError,
  type FeatureReader,
  INTERVAL_MS,
  isDomainError,
  type RequestTally,
  type Warning,
} from "../core/mod.ts";
import type { IngestDeps, IngestPlan, IngestRequest, IngestResult, PlanDeps } from "../data_ingestion_service/mod.ts";
import type { ExportResult } from "../feature_store/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { ingestJson, ingestText, planJson, planText } from "./ingest_output.ts";
import { updateFeatures } from "./ingest_features.ts";
import { readExport, readRequests, refuseBesideFollow } from "./ingest_request.ts";
import { openFeatureStore, openIngestSources, reportedFeatureSet } from "./runtime.ts";
import { VERSION } from "./version.ts";

/** `ingest`: candles into the feature store, proven; then features and the report. */
export const command: Command = {
  summary: "Bring candles into the feature store and prove them",
  options: {
    exchange: { type: "string", value: "NAME", description: "Exchange, as ccxt names it (default: config)" },
    symbol: {
      type: "string",
      value: "SYMBOL",
      multiple: true,
      description: "Symbols such as BTC/USDT,ETH/USDT (default: config)",
    },
    interval: {
      type: "string",
      value: "LENGTH",
      multiple: true,
      description: `Candle lengths: ${Object.keys(INTERVAL_MS).join(", ")} (default: config)`,
    },
    since: {
      type: "string",
      value: "DATE",
      description: "Start: 2024-01-31, 2024-01-31T12:00Z or back from now, P90D",
    },
    until: {
      type: "string",
      value: "DATE",
      description: "End, exclusive (default: the exchange's now; with --archive-dir the end of its last file)",
    },
    source: {
      type: "string",
      choices: ["auto", "archive", "rest"],
      description: "Archive for closed days and REST for the rest, or one alone",
    },
    "archive-dir": {
      type: "string",
      value: "DIR",
      isPath: true,
      description: "Local mirror in the archive's layout, in its place",
    },
    verify: { type: "boolean", description: "Read stored candles again from a second source; settle what differs" },
    follow: { type: "boolean", description: "Then keep up with new candles until Ctrl-C; renders no report" },
    "dry-run": { type: "boolean", description: "Show what would be fetched; store nothing" },
    "no-features": { type: "boolean", description: "Leave the materialised features as they are" },
    "no-report": { type: "boolean", description: "Write no report" },
    "export-type": {
      type: "string",
      goesWith: ["export"],
      choices: ["double", "decimal"],
      description: "How --export stores prices and volumes: as in the store, or exact DECIMAL(38,8)",
    },
    export: {
      type: "string",
      value: "parquet:DIR",
      isPath: true,
      description: "Also write the range as Parquet into DIR, a file a month",
    },
  },
  examples: [
    { line: "task ingest", does: "two years of BTC/USDT, or what is missing of them" },
    { line: "task ingest -- --archive-dir feature_store/sample", does: "the bundled sample, offline" },
    { line: "task ingest -- --since P7D --source rest --no-report", does: "the last week over REST" },
    { line: "task ingest -- --symbol BTC/USDT,ETH/USDT --interval 1m,1h", does: "four series in one run" },
    { line: "task ingest -- --follow", does: "catch up, then keep up, until Ctrl-C" },
    { line: "task ingest -- --verify --since P30D", does: "the last month, read again from a second source" },
    { line: "task ingest -- --since 2024-01-01 --dry-run", does: "what that would fetch" },
  ],
  async run(context) {
    const startedMs = context.clock.monotonicMs();
    const { loadIngestConfig } = await import("../config/ingest_config.ts");
    const config = await loadIngestConfig(context.options.string("config"));
    const requests = readRequests(context, config);
    const exportDir = readExport(context.options.string("export"));
    if (context.options.boolean("follow")) refuseBesideFollow(context);
    // Before any work is done for it.
    if (exportDir !== undefined) {
      (await import("../feature_store/export/export_grant.ts")).requireExportGrant(exportDir);
    }
    await using sources = await openIngestSources(context, config, requests[0]!);
    if (context.options.boolean("dry-run")) {
      await using reader = await openForPlan(context, config);
      return await dryRun(context, requests, { ...sources.deps, store: reader }, startedMs);
    }
    const { runs, error: failed } = await fill(context, config, requests, sources.deps);
    if (context.options.boolean("follow") && canFollow(failed)) {
      const { followRuns } = await import("./ingest_follow.ts");
      return await followRuns(context, config, { runs, requests, deps: sources.deps, failed });
    }
    const requestTally = sources.deps.exchange?.tally ?? NO_REQUESTS;
    const exports: ExportResult[] = [];
    let report: string | undefined;
    let error = failed;
    if (!isDomainError(error, "interrupted")) {
      try {
        for (const run of runs) {
          if (exportDir !== undefined) exports.push(await exportRun(context, config, run, exportDir));
        }
        report = await reportRuns(context, config, runs, { requests: requestTally, startedMs });
      } catch (thrown) {
        // The candles are committed: their result is shown with what went wrong after them.
        error ??= asError(thrown);
      }
    }
    const outcome = { runs, exports, requests: requestTally, report, seconds: secondsSince(context, startedMs) };
    const next = report === undefined ? ["task track"] : [`open ${report}`, "task track"];
    return {
      json: ingestJson(outcome),
      text: ingestText(outcome),
      warnings: distinctWarnings(runs),
      ...(error === undefined ? { next } : { error }),
    };
  },
};

const NO_REQUESTS: RequestTally = { count: 0, weight: 0, retries: 0 };

/** Brings candles and features of each series into the store, which is open for writing no longer than that. */
async function fill(
  context: CommandContext,
  config: IngestConfig,
  requests: readonly IngestRequest[],
  sources: Omit<IngestDeps, "store">,
): Promise<{ readonly runs: IngestResult[]; readonly error: Error | undefined }> {
  const { options, signal, progress } = context;
  const { ingest } = await import("../data_ingestion_service/mod.ts");
  await using store = await openFeatureStore(context, { mode: "write", config });
  const runs: IngestResult[] = [];
  const errors: Error[] = [];
  for (const request of requests) {
    try {
      const result = await ingest(request, { ...sources, store }, { signal });
      runs.push(result);
      if (result.error !== undefined) errors.push(result.error);
      if (isDomainError(result.error, "interrupted")) break;
      if (options.boolean("no-features") || !isMinutes(result)) continue;
      await updateFeatures(store, request.series, config, { progress, signal });
    } catch (thrown) {
      errors.push(asError(thrown));
      if (!isOfOneSeries(thrown)) break;
    }
  }
  if (runs.length === 0) throw worst(errors)!;
  return { runs, error: worst(errors) };
}

/** What one series cannot have, such as a symbol that nobody knows, the next one may. */
function isOfOneSeries(error: unknown): boolean {
  return isDomainError(error, "symbol-unknown", "not-found", "usage");
}

/** Warnings of all series, each text once. */
function distinctWarnings(series: readonly { readonly warnings: readonly Warning[] }[]): Warning[] {
  return [...new Map(series.flatMap(({ warnings }) => warnings).map((one) => [one.message, one])).values()];
}

/** A source that gave nothing for now, or rows that are not true, is asked again while following; else it ends. */
function canFollow(failed: Error | undefined): boolean {
  return failed === undefined ||
    (isDomainError(failed) && (failed.traits.exit === 4 || failed.code === "invariant-violated"));
}

/** The store as it is; an empty one in memory where there is none yet, as a plan must not make the file. */
async function openForPlan(context: CommandContext, config: IngestConfig): Promise<FeatureReader> {
  try {
    return await openFeatureStore(context, { mode: "read", config });
  } catch (error) {
    if (!isDomainError(error, "not-found")) throw error;
    const featureStore = { ...config.featureStore, path: ":memory:" };
    return await openFeatureStore(context, { mode: "write", config: { ...config, featureStore } });
  }
}

async function dryRun(
  context: CommandContext,
  requests: readonly IngestRequest[],
  deps: PlanDeps,
  startedMs: number,
): Promise<CommandResult> {
  const { planIngest } = await import("../data_ingestion_service/mod.ts");
  const plans: IngestPlan[] = [];
  const errors: Error[] = [];
  for (const request of requests) {
    try {
      plans.push(await planIngest(request, deps, { signal: context.signal }));
    } catch (thrown) {
      errors.push(asError(thrown));
      if (!isOfOneSeries(thrown)) break;
    }
  }
  if (plans.length === 0) throw worst(errors)!;
  const error = worst(errors);
  const requestTally = deps.exchange?.tally ?? NO_REQUESTS;
  return {
    json: planJson(plans, requestTally, secondsSince(context, startedMs)),
    text: planText(plans),
    warnings: distinctWarnings(plans),
    ...(error === undefined ? {} : { error }),
  };
}

/** The Parquet files of one series, read beside other readers. */
async function exportRun(
  context: CommandContext,
  config: IngestConfig,
  { series, range }: IngestResult,
  folder: string,
): Promise<ExportResult> {
  const { exportParquet } = await import("../feature_store/mod.ts");
  await using reader = await openFeatureStore(context, { mode: "read", config });
  return await exportParquet(reader, { ...series, range }, folder, {
    limits: config.featureStore,
    type: (context.options.string("export-type") ?? "double") as "double" | "decimal",
    program: `bitcoin-ml ${VERSION}`,
    signal: context.signal,
  });
}

/** One report of all series that have candles, read beside other readers; returns its path. */
async function reportRuns(
  context: CommandContext,
  config: IngestConfig,
  results: readonly IngestResult[],
  run: { readonly requests: RequestTally; readonly startedMs: number },
): Promise<string | undefined> {
  const { options, signal, progress, clock } = context;
  const filled = results.filter(({ rows }) => rows.present > 0);
  if (options.boolean("no-report") || filled.length === 0) return undefined;
  await using reader = await openFeatureStore(context, { mode: "read", config });
  const { renderIngestionReport } = await import("../reporting/mod.ts");
  const seconds = secondsSince(context, run.startedMs);
  const { files } = await renderIngestionReport({
    reader,
    series: filled.map((result) => ({
      query: { ...result.series, range: result.range },
      run: { ...result, ...result.run, seconds, requests: run.requests },
    })),
    engine: await reportedFeatureSet(config),
    outDir: config.reports,
    nowMs: clock.nowMs(),
  }, { progress, signal });
  return files.find((file) => file.endsWith(".pdf")) ?? files[0];
}

/** A broken proof first, then what cannot be had, then who did not answer; the others are told in its message. */
function worst(errors: readonly Error[]): Error | undefined {
  const rank = (error: Error) => {
    const at = isDomainError(error) ? [130, 5, 3, 2, 6, 4].indexOf(error.traits.exit) : -1;
    return at;
  };
  const [first, ...others] = errors.toSorted((a, b) => rank(a) - rank(b));
  if (first === undefined || others.length === 0 || !isDomainError(first)) return first;
  const distinct = [...new Set(others.map(({ message }) => message))].filter((message) => message !== first.message);
  if (distinct.length === 0) return first;
  return new DomainError(first.code, `${first.message}; and ${distinct.join("; and ")}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    cause: first,
  });
}

/** Features and the report are about minutes. */
function isMinutes({ series }: IngestResult): boolean {
  return series.interval === "1m";
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function secondsSince({ clock }: CommandContext, startedMs: number): number {
  return Math.round(clock.monotonicMs() - startedMs) / 1000;
}
