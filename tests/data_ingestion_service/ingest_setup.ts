import { type CandleColumns, DAY_MS, SILENT_PROGRESS } from "../../src/core/mod.ts";
import { type ArchiveFile, dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import type { ArchiveAnswer, ArchiveSource } from "../../src/data_ingestion_service/archive/archive_source.ts";
import type { IngestDeps, IngestSettings } from "../../src/data_ingestion_service/ingest_types.ts";
import { archiveZip, BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { MemoryExchange } from "../fakes/memory_exchange.ts";
import { MemoryFeatureStore } from "../fakes/memory_feature_store.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";
import { MINUTE_MS } from "../../src/core/mod.ts";

/** First minute of the candles. */
export const START = Date.UTC(2024, 0, 10);
/** The exchange's now, in the sixth day. */
export const NOW = START + 5 * DAY_MS + 600 * MINUTE_MS + 31_000;
/** Minutes of the second day without candles. */
export const HOLE = { startMs: START + DAY_MS + 760 * MINUTE_MS, endMs: START + DAY_MS + 840 * MINUTE_MS };
/** Everything there is: five whole days, and some of the sixth with its forming candle. */
export const CANDLES = walkCandles({ startMs: START, endMs: START + 5 * DAY_MS + 601 * MINUTE_MS }, [HOLE]);

/** A mirror or an archive in memory; without `kind` a mirror of the five days. */
export class MemoryArchive implements ArchiveSource {
  readonly kind: "mirror" | "http";
  readonly name = "memory";
  readonly warnings = [];
  readonly fetched: string[] = [];
  readonly files = new Map<string, { readonly file: ArchiveFile; bytes: Uint8Array }>();
  onFetch: ((file: ArchiveFile) => void) | undefined;

  constructor(kind: "mirror" | "http" = "mirror", days = [0, 1, 2, 3, 4]) {
    this.kind = kind;
    for (const day of days) this.put(dailyFile(BTC, START + day * DAY_MS));
  }

  put(file: ArchiveFile, bytes = archiveZip(file, CANDLES)): void {
    this.files.set(file.name, { file, bytes });
  }

  list(): Promise<readonly ArchiveFile[] | undefined> {
    return Promise.resolve(this.kind === "http" ? undefined : [...this.files.values()].map(({ file }) => file));
  }

  fetch(file: ArchiveFile): Promise<ArchiveAnswer> {
    this.fetched.push(file.name);
    this.onFetch?.(file);
    const found = this.files.get(file.name);
    return Promise.resolve(
      found === undefined ? { found: false } : { found: true, bytes: found.bytes, expectedSha256: undefined },
    );
  }

  location(file: ArchiveFile): string {
    return file.path;
  }
}

const SETTINGS: IngestSettings = {
  defaultSinceMs: (nowMs) => nowMs - 4 * DAY_MS,
  refreshMinutes: 10,
  precedence: ["daily", "monthly", "rest", "exchange"],
  closedMarginMs: 2_000,
  clockWarnMs: 2_000,
  archiveParallel: 3,
  archiveAttempts: 2,
  priceTolerance: 1e-6,
  closeTimeExceptions: new Map(),
  admitted: new Map(),
  outages: [{ ...HOLE, evidence: "trading halted" }],
  describe: { note: "test" },
};

/** A store, a clock and the sources of a run. */
export function setup(
  options: { archive?: ArchiveSource; candles?: CandleColumns; nowMs?: number; settings?: Partial<IngestSettings> },
) {
  const clock = new SimulatedClock(options.nowMs ?? NOW);
  const store = new MemoryFeatureStore();
  const exchange = options.candles === undefined ? undefined : new MemoryExchange({ BTCUSDT: options.candles }, clock);
  const deps: IngestDeps = {
    store,
    clock,
    progress: SILENT_PROGRESS,
    settings: { ...SETTINGS, ...options.settings },
    ...(options.archive === undefined ? {} : { archive: options.archive }),
    ...(exchange === undefined ? {} : { exchange }),
  };
  return { store, clock, exchange: exchange!, deps };
}
