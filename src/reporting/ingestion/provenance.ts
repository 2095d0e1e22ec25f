import type { ArchiveFileRecord } from "../../core/mod.ts";
import type { Block, KeyFigure, Report, TableBlock } from "../model.ts";
import {
  formatAmount,
  formatCoverage,
  formatMinutes,
  formatNumber,
  formatPrice,
  formatRange,
  formatSecond,
  formatSignedPercent,
  plural,
} from "../numbers.ts";
import type { IngestionContext, SectionResult } from "./context.ts";

const SHOWN_FILES = 25;

/** Words for where candles came from. */
const SOURCE_NAMES: Readonly<Record<string, string>> = {
  monthly: "monthly archives",
  daily: "daily archives",
  rest: "REST (Binance's own endpoint)",
  exchange: "REST (through ccxt)",
};

/** The sentence on top of the report: is every minute there, and if not, is it known why. */
export function ingestionVerdict({ run, columns, missing, stepMinutes }: IngestionContext): Report["verdict"] {
  const { expected, present } = run.rows;
  const lacking = (expected - present) * stepMinutes;
  const share = `${formatNumber(present)} of ${formatNumber(expected)} candles (${formatCoverage(present, expected)})`;
  const proof = run.files.verified > 0
    ? `${plural(run.files.verified, "source file")} verified against a published checksum`
    : run.files.unverified > 0
    ? `${
      plural(run.files.unverified, "source file")
    } read, whose checksums were not published; their zip CRCs were checked`
    : columns.length === 0
    ? "no source gave a candle"
    : "candles came from the exchange's REST interface";
  const detail = `${capitalize(proof)}. ${plural(run.rows.added, "row")} added and ${
    formatNumber(run.rows.revised)
  } revised by this run.`;
  if (run.status !== "finished") {
    return { tone: "bad", text: `The ingest did not finish (${run.status}): the store holds ${share}`, detail };
  }
  if (expected === 0) return { tone: "neutral", text: "The asked range holds no closed candle yet", detail };
  if (present === 0) return { tone: "bad", text: `No candle is stored for the asked range: ${share}`, detail };
  if (lacking === 0) return { tone: "good", text: `Complete: ${share} are stored`, detail };
  const minutesOf = (...causes: readonly string[]) =>
    run.gaps.filter(({ cause }) => causes.includes(cause)).reduce((sum, gap) => sum + gap.minutes, 0);
  const failed = minutesOf("fetch_failed"), explained = minutesOf("outage", "not_listed", "not_yet_published");
  const spans = plural(missing.length, "gap");
  if (failed > 0) {
    return {
      tone: "bad",
      text: `Incomplete: ${share} are stored; ${
        formatMinutes(failed)
      } could not be fetched and will be tried again by the next ingest`,
      detail,
    };
  }
  if (explained >= lacking) {
    return {
      tone: "good",
      text: `Complete but for what does not exist: ${share} are stored; the ${
        lacking === 1 ? "1 missing minute" : `${formatNumber(lacking)} missing minutes`
      } (${spans}) ${lacking === 1 ? "has" : "have"} a known cause`,
      detail,
    };
  }
  return {
    tone: "warning",
    text: `Usable with gaps: ${share} are stored; ${formatMinutes(lacking - explained)} of ${spans} lack a known cause`,
    detail,
  };
}

/** The tiles under the verdict. */
export function ingestionFigures(context: IngestionContext): KeyFigure[] {
  const { run, columns, missing, days, quote, stepMinutes } = context;
  const lacking = (run.rows.expected - run.rows.present) * stepMinutes;
  const sum = (values: readonly number[]) =>
    values.reduce((total, value) => Number.isNaN(value) ? total : total + value, 0);
  const quoteVolume = sum(days.quoteVolume), trades = sum(days.trades);
  const first = columns.open[0], last = columns.close[columns.length - 1];
  return [
    {
      label: "Candles stored",
      value: formatNumber(run.rows.present),
      note: `of ${formatNumber(run.rows.expected)} asked for`,
    },
    {
      label: "Coverage",
      value: formatCoverage(run.rows.present, run.rows.expected),
      note: `${plural(days.startMs.length, "day")} with candles`,
    },
    {
      label: "Missing",
      value: lacking === 0 ? "none" : formatMinutes(lacking),
      note: lacking === 0 ? "no gap" : `in ${plural(missing.length, "gap")}`,
      ...(run.gaps.some(({ cause }) => cause === "fetch_failed") ? { tone: "bad" as const } : {}),
    },
    {
      label: "New in this run",
      value: formatNumber(run.rows.added),
      note: `${formatNumber(run.rows.revised)} revised`,
    },
    {
      label: `Last close, ${quote}`,
      value: formatPrice(last),
      note: first === undefined ? "no candle" : `from ${formatPrice(first)}`,
    },
    {
      label: "Change over the range",
      value: formatSignedPercent(first === undefined || last === undefined ? NaN : last / first - 1, 1),
      note: "last close over first open",
    },
    { label: `Traded, ${quote}`, value: formatAmount(columns.length === 0 ? NaN : quoteVolume), note: "quote volume" },
    { label: "Trades", value: formatAmount(columns.length === 0 ? NaN : trades), note: "as the exchange counts them" },
  ];
}

/** Where the rows came from, what was checked, and what identifies them. */
export function provenanceSection(context: IngestionContext): SectionResult {
  const { query, run, files, sourceCounts } = context;
  const sources = Object.entries(sourceCounts).filter(([, rows]) => rows > 0);
  const blocks: Block[] = [{
    kind: "facts",
    items: [
      { label: "Series", value: `${query.symbol} on ${query.exchange}, ${query.interval} candles` },
      { label: "Range", value: `${formatRange(query.range)} (end exclusive)` },
      { label: "Dataset digest", value: run.datasetDigest === "" ? "–" : run.datasetDigest },
      {
        label: "Rows by source",
        value: sources.length === 0
          ? "–"
          : sources.map(([name, rows]) => `${formatNumber(rows)} from ${SOURCE_NAMES[name] ?? name}`).join("; "),
      },
      {
        label: "Rows",
        value: `${formatNumber(run.rows.expected)} expected, ${formatNumber(run.rows.present)} present, ${
          formatNumber(run.rows.added)
        } added, ${formatNumber(run.rows.revised)} revised`,
      },
      {
        label: "Archive files",
        value: [
          `${formatNumber(run.files.verified)} verified`,
          `${formatNumber(run.files.unverified)} unverified`,
          ...(run.files.refetched === undefined ? [] : [`${formatNumber(run.files.refetched)} fetched again`]),
          `${formatNumber(run.files.missing)} missing`,
        ].join(", "),
      },
      {
        label: "Requests",
        value: run.requests === undefined
          ? "not kept in the store"
          : `${formatNumber(run.requests.count)} requests, weight ${formatNumber(run.requests.weight)}, ${
            plural(run.requests.retries, "retry", "retries")
          }`,
      },
      {
        label: "Run",
        value: `${run.id}, started ${formatSecond(run.startedAtMs)}${
          run.seconds === undefined ? "" : `, ${formatNumber(run.seconds, 1)} s`
        }, ${run.status}`,
      },
      ...settingFacts(run.settings),
    ],
  }];
  const ledger = ledgerTable(files);
  if (ledger !== undefined) blocks.push(ledger);
  const trouble = troubleTable(files);
  if (trouble !== undefined) blocks.push(trouble);
  if (run.warnings.length > 0) {
    blocks.push({
      kind: "table",
      caption: "Warnings of the run",
      columns: [{ title: "Code" }, { title: "What happened", wrap: true }],
      rows: run.warnings.map(({ code, message }) => [code, message]),
    });
  }
  blocks.push({
    kind: "paragraph",
    text:
      "The dataset digest is the SHA-256 over the digests of the range's days, each taken over the canonical bytes " +
      "of the day's candles. Two stores with the same digest hold the same candles to the last bit, whatever way they came.",
  });
  return {
    section: {
      id: "provenance",
      title: "Verdict and provenance",
      lead: "Where the candles came from, what they were checked against, and the digest that identifies them.",
      blocks,
    },
    data: { sourceCounts, files: summarizeFiles(files) },
  };
}

function settingFacts(settings: Readonly<Record<string, unknown>>) {
  const shown = Object.entries(settings).filter(([, value]) =>
    (typeof value === "string" && value.length <= 120) || typeof value === "number" || typeof value === "boolean"
  );
  if (shown.length === 0) return [];
  return [{ label: "Settings", value: shown.map(([key, value]) => `${key} ${value}`).join(", ") }];
}

interface FileSummary {
  readonly kind: string;
  readonly verdict: string;
  files: number;
  rows: number;
  bytes: number;
}

function summarizeFiles(files: readonly ArchiveFileRecord[]): FileSummary[] {
  const groups = new Map<string, FileSummary>();
  for (const { kind, verdict, rows, bytes } of files) {
    const key = `${kind} ${verdict}`;
    const group = groups.get(key) ?? { kind, verdict, files: 0, rows: 0, bytes: 0 };
    group.files++;
    group.rows += rows;
    group.bytes += bytes;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.files - a.files || a.verdict.localeCompare(b.verdict));
}

const VERDICT_MEANINGS: Readonly<Record<string, string>> = {
  verified: "SHA-256 equals the published one",
  unverified: "no checksum published; zip CRC checked",
  mismatch: "SHA-256 differs from the published one; not used",
  corrupt: "zip or CSV could not be read; not used",
  missing: "not published",
};

function ledgerTable(files: readonly ArchiveFileRecord[]): TableBlock | undefined {
  if (files.length === 0) return undefined;
  return {
    kind: "table",
    caption: "Ledger of archive files that touch the range",
    columns: [
      { title: "Kind" },
      { title: "Verdict" },
      { title: "Files", align: "right" },
      { title: "Rows", align: "right" },
      { title: "MB", align: "right" },
      { title: "Meaning", wrap: true },
    ],
    rows: summarizeFiles(files).map(({ kind, verdict, files, rows, bytes }) => [
      kind,
      verdict,
      formatNumber(files),
      formatNumber(rows),
      formatNumber(bytes / 1e6, 1),
      VERDICT_MEANINGS[verdict] ?? "",
    ]),
  };
}

function troubleTable(files: readonly ArchiveFileRecord[]): TableBlock | undefined {
  const trouble = files.filter(({ verdict }) => verdict !== "verified" && verdict !== "unverified");
  if (trouble.length === 0) return undefined;
  return {
    kind: "table",
    caption: "Files that gave no rows",
    columns: [{ title: "File", wrap: true }, { title: "Verdict" }, { title: "Seen", align: "right" }],
    rows: trouble.slice(0, SHOWN_FILES).map(({ location, verdict, fetchedAtMs }) => [
      location.split("/").at(-1) ?? location,
      verdict,
      formatSecond(fetchedAtMs),
    ]),
    ...(trouble.length > SHOWN_FILES
      ? { note: `${formatNumber(trouble.length - SHOWN_FILES)} more are in the ledger.` }
      : {}),
  };
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
