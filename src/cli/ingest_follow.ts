import type { IngestConfig } from "../config/ingest_config.ts";
import { type SeriesId, SILENT_PROGRESS, type TimeRange, toIso, type Warning } from "../core/mod.ts";
import type {
  BatchOutcome,
  FollowedBatch,
  IngestDeps,
  IngestRequest,
  IngestResult,
} from "../data_ingestion_service/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { updateFeatures } from "./ingest_features.ts";
import { ingestJson } from "./ingest_output.ts";
import { backoffDice, openCandleStream } from "./ingest_sources.ts";
import { openFeatureStore } from "./runtime.ts";

/** What catching up came to, and what following goes on with. */
export interface CaughtUp {
  readonly runs: readonly IngestResult[];
  readonly requests: readonly IngestRequest[];
  readonly deps: Omit<IngestDeps, "store">;
  /** Why some of it could not be had; asked for again by the next ordinary ingest. */
  readonly failed: Error | undefined;
}

/** `ingest --follow` after it has caught up: keeps up until the signal, then says what it did. */
export async function followRuns(
  context: CommandContext,
  config: IngestConfig,
  { runs, requests, deps, failed }: CaughtUp,
): Promise<CommandResult> {
  const { clock, signal, progress, output } = context;
  const startedMs = clock.monotonicMs();
  const { follow } = await import("../data_ingestion_service/mod.ts");
  const { archive: _, ...restDeps } = deps;
  const exchange = deps.exchange!;
  const latest = new Map(runs.map((run) => [keyOf(run.series), run]));
  const stream = openCandleStream(context, config, exchange.id);
  const warnings: Warning[] = [];
  const onWarning = (warning: Warning) => {
    warnings.push(warning);
    progress.log(`warning ${warning.message} [${warning.code}]`);
  };
  if (failed !== undefined) onWarning({ code: "not-whole", message: failed.message });
  if (stream === undefined) {
    onWarning({ code: "no-stream", message: `There is no stream of '${exchange.id}' here: it is asked once a candle` });
  }
  output.note(
    `Following ${runs.map(({ series }) => `${series.symbol} ${series.interval}`).join(", ")}; stop with Ctrl-C`,
  );
  const summary = await follow(
    runs.map(({ series, range }) => ({ series, nextOpenMs: range.endMs })),
    {
      exchange,
      ...(stream === undefined ? {} : { stream }),
      clock,
      random: backoffDice(context),
      timing: { closedMarginMs: config.api.closedMarginMs, graceMs: config.stream.graceMs },
      async ingestBatch(series, range) {
        const request = requests.find((one) => keyOf(one.series) === keyOf(series))!;
        const outcome = await ingestBatch(context, config, { request, range, deps: restDeps, before: latest });
        latest.set(keyOf(series), outcome.result);
        return outcome;
      },
      onBatch: (batch) => progress.log(batchLine(batch)),
      onWarning,
    },
    { signal },
  );
  const seconds = Math.round(clock.monotonicMs() - startedMs) / 1000;
  const final = [...latest.values()];
  return {
    json: {
      ...ingestJson({ runs: final, requests: exchange.tally, report: undefined, seconds }),
      follow: summary,
    },
    text: [
      `Followed for ${
        seconds.toFixed(0)
      } s: ${summary.added} candles in ${summary.batches} batches, ${summary.revised} revised`,
      ...final.map(({ series, range }) => `${series.symbol} ${series.interval} stored to ${toIso(range.endMs)}`),
      ...(summary.disconnections + summary.failures === 0
        ? []
        : [`stream lost ${summary.disconnections} times, ${summary.failures} batches tried again`]),
    ].join("\n"),
    // Each was shown when it came; the object has the kinds once.
    warnings: [...new Map(warnings.map((warning) => [warning.code, warning])).values()],
    next: ["task track", "task api"],
  };
}

/** Candles and features of a range; the store is open no longer than that, so that others get in between. */
async function ingestBatch(
  context: CommandContext,
  config: IngestConfig,
  batch: {
    readonly request: IngestRequest;
    readonly range: TimeRange;
    readonly deps: Omit<IngestDeps, "store">;
    readonly before: ReadonlyMap<string, IngestResult>;
  },
): Promise<BatchOutcome> {
  const { request, range, deps, before } = batch;
  const { signal } = context;
  const { ingest } = await import("../data_ingestion_service/mod.ts");
  await using store = await openFeatureStore(context, { mode: "write", config });
  const refreshMs = config.refreshMinutes * 60_000;
  const result = await ingest(
    {
      series: request.series,
      source: "rest",
      sinceMs: range.startMs - refreshMs,
      untilMs: range.endMs,
      continues: before.get(keyOf(request.series))!.run,
    },
    { ...deps, store, progress: SILENT_PROGRESS },
    { signal },
  );
  const outcome = { result, columns: await store.loadCandles({ ...request.series, range }) };
  if (!context.options.boolean("no-features") && request.series.interval === "1m" && result.error === undefined) {
    try {
      await updateFeatures(store, request.series, config, { progress: SILENT_PROGRESS, signal });
    } catch (error) {
      // The candles are committed, and the next ingest brings features up to date that a Ctrl-C cut short. The store
      // may be closed by now, as it lets readers in between the parts.
      if (!signal.aborted) throw error;
    }
  }
  return outcome;
}

/** `2024-01-10T12:01:00Z  BTC/USDT 1m  close 46,123.40  +1  lag 2.3 s`. */
function batchLine({ result, columns, range, by, lagMs }: FollowedBatch): string {
  const { series, rows, gaps } = result;
  const close = columns.close[columns.length - 1];
  const minutes = gaps.reduce((sum, gap) => sum + gap.minutes, 0);
  return [
    toIso(range.endMs),
    `${series.symbol} ${series.interval}`,
    close === undefined ? "no candle" : `close ${close.toLocaleString("en", { maximumFractionDigits: 8 })}`,
    `+${rows.added}${rows.revised === 0 ? "" : `, ${rows.revised} revised`}`,
    `lag ${(lagMs / 1000).toFixed(1)} s`,
    ...(by === "clock" ? ["by the clock"] : []),
    ...(minutes === 0 ? [] : [`${minutes} minutes missing (${gaps[0]!.cause})`]),
  ].join("  ");
}

function keyOf({ exchange, symbol, interval }: SeriesId): string {
  return `${exchange} ${symbol} ${interval}`;
}
