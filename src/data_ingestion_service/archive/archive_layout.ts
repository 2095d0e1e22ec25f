import { DAY_MS, type Interval, type SeriesId, type TimeRange, toIsoDay } from "../../core/mod.ts";

/** How much time an archive file holds. */
export type ArchiveKind = "daily" | "monthly";

/** A file of the archive, by name; nothing says that it exists. */
export interface ArchiveFile {
  /** Day or month. */
  readonly kind: ArchiveKind;
  /** `BTCUSDT-1m-2022-01-01.zip`. */
  readonly name: string;
  /** Path below the archive's root: `spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2022-01-01.zip`. */
  readonly path: string;
  /** The day or month, UTC. */
  readonly range: TimeRange;
}

/** The exchange's own id of a unified symbol: `BTC/USDT` → `BTCUSDT`. */
export function symbolId(symbol: string): string {
  return symbol.replace("/", "").toUpperCase();
}

/** Folder of a series below the archive's root. */
export function archiveFolder(series: SeriesId, kind: ArchiveKind): string {
  return `spot/${kind}/klines/${symbolId(series.symbol)}/${series.interval}`;
}

/** The daily file that holds `ms`. */
export function dailyFile(series: SeriesId, ms: number): ArchiveFile {
  const startMs = Math.floor(ms / DAY_MS) * DAY_MS;
  return archiveFile(series, "daily", toIsoDay(startMs), { startMs, endMs: startMs + DAY_MS });
}

/** The monthly file that holds `ms`. */
export function monthlyFile(series: SeriesId, ms: number): ArchiveFile {
  const range = monthOf(ms);
  return archiveFile(series, "monthly", toIsoDay(range.startMs).slice(0, 7), range);
}

/** The UTC month that holds `ms`. */
export function monthOf(ms: number): TimeRange {
  const date = new Date(ms);
  const year = date.getUTCFullYear(), month = date.getUTCMonth();
  return { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
}

/** Reads a file name of the series, or undefined where it is something else (a checksum, another symbol, no date). */
export function parseArchiveName(series: SeriesId, kind: ArchiveKind, name: string): ArchiveFile | undefined {
  const prefix = `${symbolId(series.symbol)}-${series.interval satisfies Interval}-`;
  if (!name.startsWith(prefix) || !name.endsWith(".zip")) return undefined;
  const stamp = name.slice(prefix.length, -".zip".length);
  if (!(kind === "daily" ? /^\d{4}-\d{2}-\d{2}$/ : /^\d{4}-\d{2}$/).test(stamp)) return undefined;
  const startMs = Date.parse(kind === "daily" ? stamp : `${stamp}-01`);
  if (!Number.isFinite(startMs)) return undefined;
  const file = kind === "daily" ? dailyFile(series, startMs) : monthlyFile(series, startMs);
  // Date.parse rolls 2023-02-30 over to March.
  return file.name === name ? file : undefined;
}

function archiveFile(series: SeriesId, kind: ArchiveKind, stamp: string, range: TimeRange): ArchiveFile {
  const name = `${symbolId(series.symbol)}-${series.interval}-${stamp}.zip`;
  return { kind, name, path: `${archiveFolder(series, kind)}/${name}`, range };
}
