import type { IngestConfig } from "../config/ingest_config.ts";
import {
  DomainError,
  type Interval,
  INTERVAL_MS,
  isInterval,
  nearestWord,
  parseDuration,
  parseInstantOrDuration,
  type SeriesId,
  toIso,
} from "../core/mod.ts";
import type { IngestRequest, SourceChoice } from "../data_ingestion_service/mod.ts";
import type { CommandContext } from "./command.ts";

/** One request a series, symbol by symbol; the dates are read once, so that all share a range. */
export function readRequests({ options, clock }: CommandContext, config: IngestConfig): IngestRequest[] {
  const exchange = options.string("exchange") ?? config.exchange;
  const mirror = options.string("archive-dir") !== undefined;
  const source = (options.string("source") ?? (mirror ? "archive" : "auto")) as SourceChoice;
  if (mirror && source === "rest") {
    throw new DomainError("usage", "Cannot ingest with '--archive-dir' and '--source rest' together", {
      hint: "Leave one of them out",
    });
  }
  const nowMs = clock.nowMs();
  const since = options.string("since"), until = options.string("until");
  const sinceMs = since === undefined ? undefined : parseInstantOrDuration(since, nowMs, "--since");
  const untilMs = until === undefined ? undefined : parseInstantOrDuration(until, nowMs, "--until");
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new DomainError(
      "usage",
      `Cannot ingest as the range is empty: --since is ${toIso(sinceMs)}, --until is ${toIso(untilMs)}`,
      { hint: "--since must lie before --until" },
    );
  }
  const symbols = listOf(options.strings("symbol"), config.symbols).map(unifiedSymbol);
  const intervals = listOf(options.strings("interval"), [config.interval].flat()).map(knownInterval);
  const series = [...new Set(symbols)].flatMap((symbol) =>
    [...new Set(intervals)].map((interval): SeriesId => ({ exchange, symbol, interval }))
  );
  return series.map((one) => ({
    series: one,
    ...instantOf("since", since, sinceMs),
    ...instantOf("until", until, untilMs),
    source,
    verify: options.boolean("verify"),
  }));
}

/** A duration counts from the exchange's now, which only it knows; a date is one. */
function instantOf(name: "since" | "until", text: string | undefined, ms: number | undefined): Partial<IngestRequest> {
  if (text === undefined || ms === undefined) return {};
  const agoMs = parseDuration(text);
  return agoMs === undefined ? { [`${name}Ms`]: ms } : { [`${name}AgoMs`]: agoMs };
}

/** Words of a repeatable option, each of which may be a list; the usual ones where none is given. */
function listOf(words: readonly string[], usual: readonly string[]): readonly string[] {
  return words.length === 0 ? usual : words.flatMap((word) => word.split(",")).map((word) => word.trim());
}

function knownInterval(text: string): Interval {
  if (isInterval(text)) return text;
  const known = Object.keys(INTERVAL_MS);
  const meant = nearestWord(text, known);
  throw new DomainError("usage", `Option '--interval' must be of ${known.join(", ")}: current value is '${text}'`, {
    ...(meant === undefined ? {} : { hint: `Did you mean '${meant}'?` }),
  });
}

/** `btc/usdt` → `BTC/USDT`. @throws {DomainError} `usage` where there is no slash: where to cut is a guess. */
function unifiedSymbol(text: string): string {
  const symbol = text.toUpperCase();
  if (/^[A-Z0-9]+\/[A-Z0-9]+$/.test(symbol)) return symbol;
  const quote = /^([A-Z0-9]+?)(USDT|USDC|FDUSD|TUSD|BUSD|BTC|ETH|BNB|EUR|TRY)$/.exec(symbol);
  throw new DomainError("usage", `Option '--symbol' must be a pair such as BTC/USDT: current value is '${text}'`, {
    ...(quote === null ? {} : { hint: `Did you mean '${quote[1]}/${quote[2]}'?` }),
  });
}

/** Folder of `--export parquet:DIR`. */
export function readExport(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const folder = /^parquet:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return folder;
  throw new DomainError("usage", `Option '--export' must be parquet:DIR: current value is '${text}'`);
}

/** Options that make no sense for a run without an end. */
export function refuseBesideFollow({ options }: CommandContext): void {
  const besides = ["archive-dir", "until", "export"].filter((name) => options.string(name) !== undefined);
  if (options.boolean("dry-run")) besides.push("dry-run");
  if (options.string("source") === "archive") besides.push("source archive");
  if (besides.length === 0) return;
  throw new DomainError("usage", `Cannot ingest with '--follow' and '--${besides[0]}' together`, {
    hint: "Following is over REST and without an end: leave one of them out",
  });
}
