import { type Gap, INTERVAL_MS, type RequestTally, toIso } from "../core/mod.ts";
import type { ExportResult } from "../feature_store/mod.ts";
import type { FileCounts, IngestPlan, IngestResult, VerifyResult } from "../data_ingestion_service/mod.ts";

/** What an ingest did, over all its series. */
export interface IngestOutcome {
  readonly runs: readonly IngestResult[];
  /** Parquet files of each series, where they were asked for. */
  readonly exports?: readonly ExportResult[];
  readonly requests: RequestTally;
  /** Path of the (last) report. */
  readonly report: string | undefined;
  readonly seconds: number;
}

/** The object of `ingest --json` (design section 4). */
export function ingestJson({ runs, exports = [], requests, report, seconds }: IngestOutcome): Record<string, unknown> {
  const series = runs.map(seriesJson);
  return {
    ...(series.length === 1 ? series[0] : {}),
    series,
    files: sumFiles(runs),
    requests,
    ...(exports.length === 0 ? {} : { exports }),
    report: report ?? null,
    seconds,
  };
}

/** The object of `ingest --dry-run --json`. */
export function planJson(
  plans: readonly IngestPlan[],
  requests: RequestTally,
  seconds: number,
): Record<string, unknown> {
  const series = plans.map(({ series, range, missing, files, rest, present, verify, estimate }) => ({
    ...series,
    range: rangeJson(range),
    rows: { expected: (range.endMs - range.startMs) / INTERVAL_MS[series.interval], present },
    plan: {
      missing: missing.map(rangeJson),
      files: files.map(({ path }) => path),
      rest: rest.map(rangeJson),
      ...(verify === undefined
        ? {}
        : { verify: { files: verify.files.map(({ path }) => path), rest: verify.rest.map(rangeJson) } }),
      estimate,
    },
  }));
  return { dryRun: true, ...(series.length === 1 ? series[0] : {}), series, requests, seconds };
}

/** What a person reads of a run. */
export function ingestText({ runs, exports = [], requests, report, seconds }: IngestOutcome): string {
  const files = sumFiles(runs);
  const lines = runs.flatMap(({ series, range, rows, gaps, verify, datasetDigest }) => [
    [`${series.exchange} ${series.symbol} ${series.interval}`, `${toIso(range.startMs)} to ${toIso(range.endMs)}`],
    [
      "candles",
      `${count(rows.present)} of ${count(rows.expected)}, ${count(rows.added)} new, ${count(rows.revised)} revised`,
    ],
    ["missing", gapsText(gaps, rows.expected - rows.present)],
    ...(verify === undefined ? [] : [["verified", verifyText(verify)]]),
    ["dataset", datasetDigest],
  ]);
  const read = files.verified + files.unverified;
  if (read + files.missing + files.unreached + files.refetched + files.rejected > 0) {
    lines.push([
      "files",
      `${count(read)} read (${count(files.verified)} verified, ${
        count(files.unverified)
      } without a published checksum), ${count(files.missing)} not there, ${
        files.unreached === 0 ? "" : `${count(files.unreached)} not reached, `
      }${count(files.refetched)} fetched again, ${count(files.rejected)} rejected${
        files.cached === 0 ? "" : `, ${count(files.cached)} downloaded before`
      }`,
    ]);
  }
  if (requests.count > 0) {
    lines.push([
      "requests",
      `${count(requests.count)}, weight ${count(requests.weight)}, ${count(requests.retries)} retries`,
    ]);
  }
  for (const { manifest, rows, bytes, files, written, removed } of exports) {
    lines.push([
      "exported",
      `${counted(rows, "candle")} in ${counted(files, "file")}, ${(bytes / 1e6).toFixed(1)} MB, ${
        count(written)
      } written${removed === 0 ? "" : `, ${count(removed)} removed`}: ${manifest}`,
    ]);
  }
  if (report !== undefined) lines.push(["report", report]);
  lines.push(["took", `${seconds.toFixed(1)} s`]);
  return aligned(lines);
}

/** What a person reads of a plan. */
export function planText(plans: readonly IngestPlan[]): string {
  return aligned(plans.flatMap(({ series, range, missing, files, rest, present, verify, estimate }) => [
    [`${series.exchange} ${series.symbol} ${series.interval}`, `${toIso(range.startMs)} to ${toIso(range.endMs)}`],
    ["there", `${count(present)} of ${count((range.endMs - range.startMs) / INTERVAL_MS[series.interval])} candles`],
    [
      "missing",
      `${count(missing.reduce((sum, span) => sum + minutesOf(span), 0))} minutes in ${counted(missing.length, "span")}`,
    ],
    ["archive", filesText(files)],
    ["REST", restText(rest)],
    ...(verify === undefined ? [] : [["again", `${filesText(verify.files)}; REST ${restText(verify.rest)}`]]),
    ["costs", costText(estimate)],
  ]));
}

function filesText(files: IngestPlan["files"]): string {
  const first = files[0], last = files.at(-1);
  if (first === undefined || last === undefined) return "nothing";
  const months = files.filter(({ kind }) => kind === "monthly").length;
  const kinds = [[months, "monthly"], [files.length - months, "daily"]] as const;
  const counts = kinds.filter(([n]) => n > 0).map(([n, kind]) => `${count(n)} ${kind}`).join(" and ");
  return `${counts}: ${first.name}${first === last ? "" : ` to ${last.name}`}`;
}

function restText(rest: IngestPlan["rest"]): string {
  if (rest.length === 0) return "nothing";
  const shown = rest.slice(0, 3).map(({ startMs, endMs }) => `${toIso(startMs)} to ${toIso(endMs)}`).join(", ");
  return `${shown}${rest.length > 3 ? ` and ${count(rest.length - 3)} more` : ""}`;
}

function costText({ files, bytes, requests, weight, seconds }: IngestPlan["estimate"]): string {
  const size = bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
  return [
    `${counted(files, "file")} of about ${size}`,
    `${counted(requests, "request")} of weight ${count(weight)}`,
    `about ${durationText(seconds)}`,
  ].join(", ");
}

function durationText(seconds: number): string {
  if (seconds < 1) return "a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** One line on what was read again. */
function verifyText({ compared, pairs, added, revised, kept }: VerifyResult): string {
  if (pairs.length === 0) return "nothing could be read again";
  const by = pairs.map(({ stored, second, candles }) => `${stored} against ${second} ${count(candles)}`).join(", ");
  const differ = revised + kept === 0 ? "none differ" : `${count(revised)} revised, ${count(kept)} kept as stored`;
  return `${count(compared)} candles (${by}): ${differ}${added === 0 ? "" : `, ${count(added)} were missing`}`;
}

/** Neighbouring gaps of one cause as one, for people; the ledger keeps each with its evidence. */
function mergeGaps(gaps: readonly Gap[]): Gap[] {
  const merged: Gap[] = [];
  for (const gap of gaps) {
    const last = merged.at(-1);
    if (last?.endMs === gap.startMs && last.cause === gap.cause) {
      merged[merged.length - 1] = { ...last, endMs: gap.endMs, minutes: last.minutes + gap.minutes };
    } else merged.push(gap);
  }
  return merged;
}

/** One line on what is missing and why. */
function gapsText(all: readonly Gap[], missing: number): string {
  const gaps = mergeGaps(all);
  if (gaps.length === 0) return missing === 0 ? "nothing" : `${count(missing)} minutes`;
  const minutes = gaps.reduce((sum, gap) => sum + gap.minutes, 0);
  const shown = gaps.slice(0, 3).map(({ startMs, endMs, cause }) => `${toIso(startMs)} to ${toIso(endMs)} (${cause})`);
  const more = gaps.length > shown.length ? ` and ${gaps.length - shown.length} more` : "";
  return `${count(minutes)} minutes: ${shown.join(", ")}${more}`;
}

function seriesJson({ series, range, rows, gaps, verify, datasetDigest }: IngestResult): Record<string, unknown> {
  return {
    ...series,
    range: rangeJson(range),
    rows,
    gaps: mergeGaps(gaps).map((gap) => ({ ...rangeJson(gap), minutes: gap.minutes, cause: gap.cause })),
    ...(verify === undefined ? {} : { verify: verifyJson(verify) }),
    datasetDigest,
  };
}

function verifyJson({ warnings: _, unread, differences, ...counts }: VerifyResult): Record<string, unknown> {
  return {
    ...counts,
    unread: unread.map(({ stored, ...range }) => ({ ...rangeJson(range), stored })),
    differences: differences.map(({ openTimeMs, seenAtMs, ...rest }) => ({
      openTime: toIso(openTimeMs),
      ...rest,
      seenAt: toIso(seenAtMs),
    })),
  };
}

function sumFiles(runs: readonly IngestResult[]): FileCounts {
  const sum = (key: keyof FileCounts) => runs.reduce((total, { files }) => total + files[key], 0);
  return {
    verified: sum("verified"),
    unverified: sum("unverified"),
    refetched: sum("refetched"),
    missing: sum("missing"),
    unreached: sum("unreached"),
    rejected: sum("rejected"),
    cached: sum("cached"),
  };
}

function rangeJson({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }) {
  return { start: toIso(startMs), end: toIso(endMs) };
}

function minutesOf({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return (endMs - startMs) / 60_000;
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function counted(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

function aligned(lines: readonly (readonly string[])[]): string {
  const width = Math.max(...lines.map(([label]) => label!.length));
  return lines.map(([label, value]) => `${label!.padEnd(width)}  ${value}`).join("\n");
}
