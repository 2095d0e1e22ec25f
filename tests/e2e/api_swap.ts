import type { ModelRegistry, Tracker } from "../../src/core/mod.ts";
import { openRegistryAt, openTrackerAt } from "../../src/MLOps/open.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { readAnswer } from "../bench/http_load.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { connect, ONE_ROW, send } from "./api_faults_setup.ts";
import { startMlflowUi } from "./mlflow_ui_server.ts";
import { openStores, startApi } from "./service_folder.ts";

/** Where the registry is. */
export type RegistryPlace = "local" | "remote";

/** What was seen of swaps under load. */
export interface SwapFigures {
  /** Requests answered. */
  readonly requests: number;
  /** Requests that were not answered with 200. */
  readonly failed: number;
  /** Answers by a version that was neither the one before nor the one after the move under way. */
  readonly strange: number;
  /** Requests a second. */
  readonly perSecond: number;
  /** Longest time of a request, in milliseconds. */
  readonly slowestMs: number;
  /** Milliseconds from each move of the alias to the first answer of the other version. */
  readonly forwardMs: readonly number[];
  /** The same where the move went back to the version before. */
  readonly rollbackMs: readonly number[];
  /** Milliseconds of a rollback from the moment that the service looks: `POST /v1/models/reload`, answer included. */
  readonly rollbackOnceNoticedMs: readonly number[];
}

const CONNECTIONS = 8;
const DECODER = new TextDecoder();

/** Moves the alias back and forth under a steady load: to a new version, back, to the next one. */
export async function measureSwaps(
  place: RegistryPlace,
  { swaps, perSecond }: { readonly swaps: number; readonly perSecond: number },
): Promise<SwapFigures> {
  await using tmp = await tmpDir();
  await using stores = await openStoresAt(place, tmp.path);
  const versions = 1 + Math.ceil(swaps / 2);
  // The alias is on the first when the service starts.
  for (let i = versions; i >= 1; i--) await registerModel(stores, modelFiles(harSpec({ logit: i / 10 })));
  await stores.registry.setAlias("bitcoin-model", "production", "1");
  await using api = await startApi(tmp.path, [], stores.env);
  const load = new SteadyLoad(api.url, perSecond);
  const forwardMs: number[] = [], rollbackMs: number[] = [], rollbackOnceNoticedMs: number[] = [];
  await pause(500);
  for (let swap = 0; swap < swaps; swap++) {
    const isBack = swap % 2 === 1;
    const version = String(isBack ? (swap + 1) / 2 : 2 + swap / 2);
    // Between two looks of the service, not always right behind one.
    await pause(137 * (swap % 7));
    const movedMs = performance.now();
    load.expect(version);
    await stores.registry.setAlias("bitcoin-model", "production", version);
    if (isBack && swap % 4 === 1) {
      const askedMs = performance.now();
      const answer = await fetch(`${api.url}/v1/models/reload`, { method: "POST" });
      const { serving } = await answer.json();
      if (serving.version !== version) throw new Error(`reload serves ${serving.version} instead of ${version}`);
      rollbackOnceNoticedMs.push(performance.now() - askedMs);
      await load.until(version);
    } else (isBack ? rollbackMs : forwardMs).push(await load.until(version) - movedMs);
    // A version forward is the one before for the next rollback; back again it stays at the older one.
    if (isBack && swap + 1 < swaps) await pause(50);
  }
  const { requests, failed, strange, seconds, slowestMs } = await load.stop();
  return {
    requests,
    failed,
    strange,
    perSecond: requests / seconds,
    slowestMs,
    forwardMs,
    rollbackMs,
    rollbackOnceNoticedMs,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** So many requests a second, whatever the answers do; each connection sends one at a time. */
class SteadyLoad {
  readonly #startMs = performance.now();
  readonly #clients: readonly Promise<void>[];
  readonly #firstSeenMs = new Map<string, number>();
  #allowed: readonly string[] = ["1"];
  #stopped = false;
  #requests = 0;
  #failed = 0;
  #strange = 0;
  #slowestMs = 0;

  constructor(url: string, perSecond: number) {
    const everyMs = 1000 * CONNECTIONS / perSecond;
    this.#clients = Array.from(
      { length: CONNECTIONS },
      (_, i) => this.#client(url, i * everyMs / CONNECTIONS, everyMs),
    );
  }

  /** From now on this version may answer beside the one before. */
  expect(version: string): void {
    this.#allowed = [this.#allowed.at(-1)!, version];
    this.#firstSeenMs.delete(version);
  }

  /** When this version answered first after it was expected. */
  async until(version: string): Promise<number> {
    const fromMs = performance.now();
    while (performance.now() - fromMs < 20_000) {
      const seenMs = this.#firstSeenMs.get(version);
      if (seenMs !== undefined) return seenMs;
      await pause(5);
    }
    throw new Error(`version ${version} never answered`);
  }

  async stop() {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return {
      requests: this.#requests,
      failed: this.#failed,
      strange: this.#strange,
      slowestMs: this.#slowestMs,
      seconds: (performance.now() - this.#startMs) / 1000,
    };
  }

  async #client(url: string, offsetMs: number, everyMs: number): Promise<void> {
    using socket = await connect(url);
    const buffer = new Uint8Array(16_384);
    for (let i = 0; !this.#stopped; i++) {
      const waitMs = this.#startMs + offsetMs + i * everyMs - performance.now();
      if (waitMs > 1) await pause(waitMs);
      const sentMs = performance.now();
      await send(socket, ONE_ROW);
      const status = await readAnswer(socket, buffer);
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - sentMs);
      this.#requests++;
      if (status !== 200) this.#failed++;
      else this.#note(/"version":"(\d+)"/.exec(DECODER.decode(buffer.subarray(0, 2048)))![1]!);
    }
  }

  #note(version: string): void {
    if (!this.#allowed.includes(version)) this.#strange++;
    if (!this.#firstSeenMs.has(version)) this.#firstSeenMs.set(version, performance.now());
  }
}

interface Stores extends AsyncDisposable {
  readonly tracker: Tracker;
  readonly registry: ModelRegistry;
  /** What tells the service of them. */
  readonly env: Readonly<Record<string, string>>;
}

async function openStoresAt(place: RegistryPlace, folder: string): Promise<Stores> {
  if (place === "local") {
    const { tracker, registry, ...rest } = await openStores(folder);
    return { tracker, registry, env: {}, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() };
  }
  const store = `${folder}/server`;
  await Deno.mkdir(store);
  const server = await startMlflowUi({ folder: store });
  const tracker = await openTrackerAt(server.url), registry = await openRegistryAt(server.url);
  return {
    tracker,
    registry,
    env: { MLFLOW_TRACKING_URI: server.url },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await tracker[Symbol.asyncDispose]();
      await server.stop("SIGTERM");
    },
  };
}
