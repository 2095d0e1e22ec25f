import { type ApiConfig, defaultApiConfig } from "../../src/config/api_config.ts";
import { type CandleColumns, lowerBound, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import {
  type CandleFeed,
  type ChallengerStop,
  InferenceService,
  type KeyRing,
  type LoadChallenger,
  type PredictionLog,
  type RequestLog,
  type SwapReport,
  type WriteAnchor,
} from "../../src/api/mod.ts";
import { defaultFeatureEngine, featureEngines, loadForecastModel } from "../../src/ml/mod.ts";
import { minuteScoring } from "../../src/cli/minute_scoring.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import type { MemoryRegistry, MemoryTracker } from "../fakes/memory_tracker.ts";
import { randomCandles } from "../ml/candles.ts";
import { harSpec, type HarSpecOptions, memoryStores, modelFiles, registerModel } from "./model_fixture.ts";

/** A feed over candles in memory, which a test replaces, shortens or breaks. */
export class MemoryFeed implements CandleFeed {
  candles: CandleColumns | undefined;
  error: Error | undefined;
  /** What the file's stamp is, where that is not of the candles. */
  stamp: string | undefined;
  reads = 0;
  /** Length of the range of each load, in minutes. */
  readonly loadedMinutes: number[] = [];
  #version = 0;

  constructor(candles?: CandleColumns) {
    this.candles = candles;
  }

  put(candles: CandleColumns | undefined): void {
    this.candles = candles;
    this.#version++;
  }

  version(): Promise<string> {
    return Promise.resolve(this.stamp ?? String(this.#version));
  }

  async read<T>(use: Parameters<CandleFeed["read"]>[0]): Promise<T> {
    this.reads++;
    if (this.error !== undefined) throw this.error;
    const candles = this.candles;
    const empty = candles === undefined || candles.length === 0;
    return await use({
      span: () =>
        Promise.resolve(
          empty ? undefined : {
            startMs: candles.openTimeMs[0]!,
            endMs: candles.openTimeMs[candles.length - 1]! + MINUTE_MS,
          },
        ),
      countCandles: ({ range }) =>
        Promise.resolve(
          lowerBound(candles!.openTimeMs, range.endMs) - lowerBound(candles!.openTimeMs, range.startMs),
        ),
      loadCandles: ({ range }) => {
        this.loadedMinutes.push((range.endMs - range.startMs) / MINUTE_MS);
        return Promise.resolve(
          sliceCandles(
            candles!,
            lowerBound(candles!.openTimeMs, range.startMs),
            lowerBound(candles!.openTimeMs, range.endMs),
          ),
        );
      },
    }) as T;
  }
}

/** Options of {@linkcode startService}. */
export interface FixtureOptions extends HarSpecOptions {
  /** Whether a model is registered before the start. @default true */
  readonly model?: boolean;
  /** Files of that model, damaged by the test. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  /** @default two days of a random walk */
  readonly candles?: CandleColumns;
  readonly config?: Partial<ApiConfig>;
  readonly modelUri?: string;
  readonly log?: PredictionLog;
  readonly requestLog?: RequestLog;
  readonly loadChallenger?: LoadChallenger;
  readonly anchor?: WriteAnchor;
  readonly keys?: KeyRing;
  /** One that a test made before, set to now. @default a new one */
  readonly clock?: ManualClock;
  /** Seconds between the last candle's end and now. @default 30 */
  readonly ageSeconds?: number;
}

/** A started service with the parts that a test moves. */
export interface Fixture {
  readonly service: InferenceService;
  readonly registry: MemoryRegistry;
  readonly tracker: MemoryTracker;
  readonly clock: ManualClock;
  readonly feed: MemoryFeed;
  readonly swaps: SwapReport[];
  readonly challengerSwaps: SwapReport[];
  readonly stops: ChallengerStop[];
  readonly failures: unknown[];
  /** Why the store gave no candles, as the operator was told. */
  readonly storeReasons: (string | undefined)[];
  /** Asks the service as a client on this machine. */
  ask(path: string, init?: RequestInit & { readonly remote?: string }): Promise<Response>;
  /** Posts JSON, or text as it stands. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

const WALK = randomCandles(2 * 1440);

/** Limits of a test, whose requests follow each other in one turn of the event loop: that would soon count as overload. */
export const PATIENT_LIMITS = { ...defaultApiConfig().limits, queueMilliseconds: 60_000 };

/** Builds a service over stores in memory and starts it. */
export async function startService(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await buildService(options);
  await fixture.service.start();
  return fixture;
}

/** The same, not started. */
export async function buildService(options: FixtureOptions = {}): Promise<Fixture> {
  const stores = memoryStores();
  if (options.model !== false) await registerModel(stores, options.files ?? modelFiles(harSpec(options)));
  const feed = new MemoryFeed(options.candles ?? WALK);
  const { candles } = feed;
  const endMs = candles === undefined || candles.length === 0 ? 0 : candles.openTimeMs[candles.length - 1]! + MINUTE_MS;
  const clock = options.clock ?? new ManualClock(0);
  clock.jump(endMs + (options.ageSeconds ?? 30) * 1000 - clock.nowMs());
  const swaps: SwapReport[] = [],
    challengerSwaps: SwapReport[] = [],
    stops: ChallengerStop[] = [],
    failures: unknown[] = [],
    storeReasons: (string | undefined)[] = [];
  const service = new InferenceService({
    source: stores.registry,
    load: loadForecastModel,
    ...(options.loadChallenger === undefined ? {} : { loadChallenger: options.loadChallenger }),
    engines: featureEngines(),
    feed,
    scoring: await minuteScoring(),
    log: options.log,
    requestLog: options.requestLog,
    ...(options.anchor === undefined ? {} : { anchor: options.anchor }),
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    clock,
    reporter: {
      swapped: (report) => swaps.push(report),
      registry() {},
      registryReplaced() {},
      anchors() {},
      candles: (reason) => storeReasons.push(reason),
      keys() {},
      challengerSwapped: (report) => challengerSwaps.push(report),
      challengerStopped: (stop) => stops.push(stop),
      failed: (_, error) => failures.push(error),
    },
  }, {
    config: { ...defaultApiConfig(), limits: PATIENT_LIMITS, ...options.config },
    modelUri: options.modelUri ?? "models:/bitcoin-model@production",
    programVersion: "1.2.3",
  });
  const ask = async (path: string, init: RequestInit & { readonly remote?: string } = {}) => {
    const { remote = "127.0.0.1", ...rest } = init;
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: remote, port: 50_000 };
    return await service.fetch(new Request(`http://127.0.0.1:8000${path}`, rest), { remoteAddr });
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  return { ...stores, service, clock, feed, swaps, challengerSwaps, stops, failures, storeReasons, ask, post };
}

/** A row of plain values in the model's order. */
export function plainRow(value = 1): number[] {
  return defaultFeatureEngine().names.map((_, j) => value + j / 10);
}
