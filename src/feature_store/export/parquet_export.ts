import { join, resolve } from "node:path";
import {
  type CallOptions,
  type CandleQuery,
  type FeatureReader,
  intersectRanges,
  isEmptyRange,
  type TimeRange,
  toIsoDay,
} from "../../core/mod.ts";
import { type DuckDbLimits, DuckDbSession } from "../duckdb_session.ts";
import { appendCandles, CANDLE_COLUMNS, createCandleAppender } from "../tables/columns.ts";
import { requireExportGrant } from "./export_grant.ts";
import { type ExportManifest, fileSha256, MANIFEST_NAME, manifestText, readManifest } from "./manifest.ts";

/** Options of {@linkcode exportParquet}. */
export interface ExportOptions extends CallOptions {
  /** Limits of the instance that writes. */
  readonly limits: DuckDbLimits;
  /** How prices and volumes are stored: as in the store, or DECIMAL(38,8), exact as published. @default "double" */
  readonly type?: "double" | "decimal";
  /** Name and version of the program, for the manifest. */
  readonly program: string;
}

/** What an export did. */
export interface ExportResult {
  /** Path of the manifest. */
  readonly manifest: string;
  /** Candles in the export. */
  readonly rows: number;
  /** Bytes of its files. */
  readonly bytes: number;
  /** Files of the export. */
  readonly files: number;
  /** Files that were written; the others were there already. */
  readonly written: number;
  /** Files of an earlier export that the range no longer has. */
  readonly removed: number;
}

const DECIMALS = new Set([
  ...["open", "high", "low", "close", "volume", "quote_volume"],
  ...["taker_buy_base_volume", "taker_buy_quote_volume"],
]);
const FILE_NAME = "candles.parquet";
/** Suffix of files that are being written. */
const DRAFT = ".tmp";

/**
 * Writes the candles of a query to `<folder>/exchange=…/symbol=…/interval=…/month=YYYY-MM/candles.parquet` (zstd), with
 * a manifest of digests beside the months, through an in-memory DuckDB of its own that may touch this folder alone. A
 * file that has not changed stays. The manifest is there only while every file that it lists is whole: it goes before
 * the first change and is written last.
 *
 * @throws {DomainError} `permission-denied` where the folder may not be written, `disk-full`, `input-invalid`.
 */
export async function exportParquet(
  reader: FeatureReader,
  query: CandleQuery,
  folder: string,
  options: ExportOptions,
): Promise<ExportResult> {
  requireExportGrant(folder);
  const root = resolve(folder);
  const { exchange, symbol, interval, range } = query;
  const below = `exchange=${exchange}/symbol=${symbol.replace("/", "")}/interval=${interval}`;
  const target = join(root, below);
  await Deno.mkdir(target, { recursive: true });
  const before = await readManifest(target);
  const changes = new ExportChanges(await Deno.realPath(target), before?.files.map(({ path }) => path) ?? []);
  const files: ExportManifest["files"][number][] = [];
  using session = await DuckDbSession.openForFolder(changes.folder, options.limits);
  for (const month of monthsOf(range)) {
    options.signal?.throwIfAborted();
    const file = await writeMonth(session, reader, { ...query, range: month }, { ...options, changes });
    if (file !== undefined) files.push(file);
  }
  const { type = "double", program } = options;
  const series = { exchange, symbol, interval }, datasetDigest = await reader.datasetDigest(query);
  const text = manifestText({ series, range, type, datasetDigest, files }, program);
  const removed = await changes.removeOthers(new Set(files.map(({ path }) => path)));
  if (text !== before?.text || changes.written + removed > 0) await changes.publish(text);
  const sum = (key: "rows" | "bytes") => files.reduce((total, file) => total + file[key], 0);
  return {
    manifest: join(folder, below, MANIFEST_NAME),
    rows: sum("rows"),
    bytes: sum("bytes"),
    files: files.length,
    written: changes.written,
    removed,
  };
}

/** Changes of an export's folder, each in an order that a kill leaves without a manifest that lies. */
class ExportChanges {
  written = 0;
  readonly folder: string;
  readonly #listed: readonly string[];
  #hasManifest = true;

  /** Files that the manifest lists are the export's own. */
  constructor(folder: string, listed: readonly string[]) {
    this.folder = folder;
    this.#listed = listed;
  }

  /** Puts a draft into its place, unless what stands there is the same. */
  async place(draft: string, path: string, sha256: string): Promise<void> {
    const target = join(this.folder, path);
    if (await exists(target) && await fileSha256(target) === sha256) return await Deno.remove(draft);
    await this.#withdrawManifest();
    await Deno.rename(draft, target);
    this.written++;
  }

  /** Removes files of the earlier export that are not kept, with their month; nothing that it did not list. */
  async removeOthers(kept: ReadonlySet<string>): Promise<number> {
    let removed = 0;
    for (const path of this.#listed) {
      if (kept.has(path) || !/^month=\d{4}-\d{2}\/candles\.parquet$/.test(path)) continue;
      await this.#withdrawManifest();
      await Deno.remove(join(this.folder, path)).catch(ignoreMissing);
      await Deno.remove(join(this.folder, path, "..")).catch(() => undefined); // somebody else's files stay
      removed++;
    }
    return removed;
  }

  /** Writes the manifest in one step. */
  async publish(text: string): Promise<void> {
    const path = join(this.folder, MANIFEST_NAME), draft = `${path}.${crypto.randomUUID()}${DRAFT}`;
    try {
      await Deno.writeTextFile(draft, text);
      await Deno.rename(draft, path);
    } catch (error) {
      await Deno.remove(draft).catch(() => undefined);
      throw error;
    }
  }

  async #withdrawManifest(): Promise<void> {
    if (!this.#hasManifest) return;
    await Deno.remove(join(this.folder, MANIFEST_NAME)).catch(ignoreMissing);
    this.#hasManifest = false;
  }
}

async function writeMonth(
  session: DuckDbSession,
  reader: FeatureReader,
  query: CandleQuery,
  { type = "double", changes }: ExportOptions & { readonly changes: ExportChanges },
): Promise<ExportManifest["files"][number] | undefined> {
  await session.run(
    `CREATE OR REPLACE TABLE candles (exchange VARCHAR, symbol VARCHAR, "interval" VARCHAR, open_time TIMESTAMP,
       open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, close_time TIMESTAMP, quote_volume DOUBLE,
       trade_count INTEGER, taker_buy_base_volume DOUBLE, taker_buy_quote_volume DOUBLE, source VARCHAR)`,
  );
  let rows = 0, firstOpenMs = NaN, lastOpenMs = NaN;
  {
    using appender = await createCandleAppender(session, "candles", query, "exchange");
    for await (const batch of reader.scan(query)) {
      if (rows === 0) firstOpenMs = batch.openTimeMs[0]!;
      lastOpenMs = batch.openTimeMs[batch.length - 1]!;
      rows += batch.length;
      appendCandles(appender, batch);
    }
  }
  if (rows === 0) return undefined;
  const month = `month=${toIsoDay(query.range.startMs).slice(0, 7)}`, path = `${month}/${FILE_NAME}`;
  const draft = join(changes.folder, `${path}.${crypto.randomUUID()}${DRAFT}`);
  // By way of the shortest text: DuckDB's own cast multiplies first, which is off in the last digit of large volumes.
  const columns = Object.values(CANDLE_COLUMNS).map((name) =>
    type === "decimal" && DECIMALS.has(name) ? `${name}::VARCHAR::DECIMAL(38,8) AS ${name}` : name
  );
  await Deno.mkdir(join(changes.folder, month), { recursive: true });
  await removeDrafts(join(changes.folder, month));
  try {
    await session.run(
      `COPY (SELECT ${columns.join(", ")} FROM candles ORDER BY open_time)
       TO '${draft.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    const sha256 = await fileSha256(draft), { size: bytes } = await Deno.stat(draft);
    await changes.place(draft, path, sha256);
    return { path, rows, bytes, sha256, firstOpenMs, lastOpenMs };
  } catch (error) {
    await Deno.remove(draft).catch(() => undefined);
    throw error;
  }
}

/** The UTC months of a range, cut to it. */
function monthsOf(range: TimeRange): TimeRange[] {
  const months: TimeRange[] = [];
  const date = new Date(range.startMs);
  for (let year = date.getUTCFullYear(), month = date.getUTCMonth();; month++) {
    const whole = { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
    if (whole.startMs >= range.endMs) return months;
    const part = intersectRanges(whole, range);
    if (!isEmptyRange(part)) months.push(part);
  }
}

/** What an export that was killed was writing. */
async function removeDrafts(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(`${FILE_NAME}.`) && name.endsWith(DRAFT)) await Deno.remove(join(folder, name));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
