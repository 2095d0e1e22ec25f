import { type ArchiveFileRecord, DAY_MS, type TimeRange } from "../../core/mod.ts";

/** Ledger rows of files whose candles may lie in the range; a file that gave none is placed by the date in its name. */
export function filesOfRange(files: readonly ArchiveFileRecord[], range: TimeRange): ArchiveFileRecord[] {
  return files.filter((file) => {
    const span = file.firstOpenTimeMs !== undefined && file.lastOpenTimeMs !== undefined
      ? { startMs: file.firstOpenTimeMs, endMs: file.lastOpenTimeMs + 1 }
      : namedSpan(file.location);
    return span === undefined || (span.startMs < range.endMs && span.endMs > range.startMs);
  });
}

function namedSpan(location: string): TimeRange | undefined {
  const match = /(\d{4})-(\d{2})(?:-(\d{2}))?\.zip$/.exec(location);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number | undefined];
  if (match[3] === undefined) return { startMs: Date.UTC(year, month - 1, 1), endMs: Date.UTC(year, month, 1) };
  const startMs = Date.UTC(year, month - 1, day);
  return { startMs, endMs: startMs + DAY_MS };
}
