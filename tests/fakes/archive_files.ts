import { createHash } from "node:crypto";
import { zipSync } from "fflate";
import {
  type CandleColumns,
  DAY_MS,
  lowerBound,
  type SeriesId,
  sliceCandles,
  type TimeRange,
} from "../../src/core/mod.ts";
import { type ArchiveFile, dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { klineCsv } from "./candles.ts";

/** The series that most tests are about. */
export const BTC: SeriesId = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" };

/** A zip of one member, as Binance makes them. */
export function zipOf(memberName: string, text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return zipSync({ [memberName]: [bytes, { level: 6, mtime: "2024-01-02T00:00:00Z" }] });
}

/** The zip of an archive file that holds the candles of its range. */
export function archiveZip(file: ArchiveFile, candles: CandleColumns): Uint8Array {
  const part = within(candles, file.range);
  return zipOf(file.name.replace(".zip", ".csv"), klineCsv(part));
}

/** The text of a `.CHECKSUM`. */
export function checksumText(name: string, bytes: Uint8Array): string {
  return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
}

/** Candles that open in the range, as views. */
export function within(candles: CandleColumns, range: TimeRange): CandleColumns {
  return sliceCandles(
    candles,
    lowerBound(candles.openTimeMs, range.startMs),
    lowerBound(candles.openTimeMs, range.endMs),
  );
}

/** Writes a mirror of daily zips for whole days of candles; with checksums where asked. */
export async function writeMirror(
  root: string,
  candles: CandleColumns,
  options: { readonly checksums?: boolean; readonly series?: SeriesId } = {},
): Promise<ArchiveFile[]> {
  const { series = BTC, checksums = false } = options;
  const files: ArchiveFile[] = [];
  const first = Math.floor(candles.openTimeMs[0]! / DAY_MS) * DAY_MS;
  for (let ms = first; ms <= candles.openTimeMs[candles.length - 1]!; ms += DAY_MS) {
    const file = dailyFile(series, ms);
    const bytes = archiveZip(file, candles);
    const path = `${root}/${file.path}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, bytes);
    if (checksums) await Deno.writeTextFile(`${path}.CHECKSUM`, checksumText(file.name, bytes));
    files.push(file);
  }
  return files;
}
