import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { DomainError, type SeriesId, type TimeRange, toIso } from "../../core/mod.ts";

/** Beside the months of a series. Readers of folders pass over names that begin like this. */
export const MANIFEST_NAME = "_manifest.json";

const SCHEMA = z.object({
  formatVersion: z.literal(1),
  files: z.array(z.object({ path: z.string(), rows: z.number(), bytes: z.number(), sha256: z.string() })),
});

/** A file of an export. */
export interface ExportedFile {
  /** Path beside the manifest: `month=2023-05/candles.parquet`. */
  readonly path: string;
  /** Candles in it. */
  readonly rows: number;
  /** Size. */
  readonly bytes: number;
  /** sha256 of its bytes, 64 hex digits. */
  readonly sha256: string;
}

/** What an export holds. */
export interface ExportManifest {
  /** Exchange, symbol and interval. */
  readonly series: SeriesId;
  /** Open times that were asked for. */
  readonly range: TimeRange;
  /** How prices and volumes are stored. */
  readonly type: "double" | "decimal";
  /** Dataset digest of the range (design section 5). */
  readonly datasetDigest: string;
  /** One a month, ascending. */
  readonly files: readonly (ExportedFile & { readonly firstOpenMs: number; readonly lastOpenMs: number })[];
}

/** The manifest as text: equal exports give equal bytes. */
export function manifestText(manifest: ExportManifest, program: string): string {
  const { series, range, type, datasetDigest, files } = manifest;
  return `${
    JSON.stringify(
      {
        formatVersion: 1,
        program,
        exchange: series.exchange,
        symbol: series.symbol,
        interval: series.interval,
        range: { start: toIso(range.startMs), end: toIso(range.endMs) },
        type,
        rows: files.reduce((sum, { rows }) => sum + rows, 0),
        datasetDigest,
        files: files.map(({ firstOpenMs, lastOpenMs, ...file }) => ({
          ...file,
          firstOpenTime: toIso(firstOpenMs),
          lastOpenTime: toIso(lastOpenMs),
        })),
      },
      null,
      1,
    )
  }\n`;
}

/**
 * The files that an earlier export left in `folder`, and the manifest's text; undefined where there is none.
 *
 * @throws {DomainError} `input-invalid` where something else stands in its place.
 */
export async function readManifest(
  folder: string,
): Promise<{ readonly text: string; readonly files: readonly ExportedFile[] } | undefined> {
  const path = join(folder, MANIFEST_NAME);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return { text, files: SCHEMA.parse(JSON.parse(text)).files };
  } catch (error) {
    throw new DomainError("input-invalid", `Cannot export over '${path}' as it is no manifest of an export`, {
      hint: "Move it away, or export into another folder",
      cause: error,
    });
  }
}

/** sha256 of a file, 64 hex digits. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}
