import type { ChallengerModel } from "../api/mod.ts";
import { DomainError, type ForecastColumns, type ForecastModelInfo, type ModelFiles } from "../core/mod.ts";
import type { ChallengerReply, ChallengerRequest } from "./challenger_protocol.ts";

/** Options of {@linkcode loadChallengerModel}. */
export interface LoadChallengerOptions {
  /** How long proving and building may take. @default 30000 */
  readonly loadMs?: number;
  /** Module of the Worker, for tests of what goes wrong in one. */
  readonly workerModule?: URL;
}

/**
 * Proves and builds a model in a Worker of its own: whatever it does there, endless work included, takes nothing of the
 * thread that answers but messages.
 *
 * @throws {DomainError} `model-invalid` as the loader, or where it does not come to an end; `worker-lost`.
 */
export async function loadChallengerModel(
  files: ModelFiles,
  options: LoadChallengerOptions = {},
): Promise<ChallengerModel> {
  const worker = new WorkerModel(options.workerModule ?? new URL("./challenger_worker.ts", import.meta.url), {
    ...await workerOptions(),
  });
  try {
    await worker.load(files, options.loadMs ?? 30_000);
    return worker;
  } catch (error) {
    worker[Symbol.dispose]();
    throw error;
  }
}

/** A Worker of the binary resolves its packages at run time, which counts as reading them. */
async function workerOptions(): Promise<WorkerOptions & { readonly type: "module" }> {
  if (Deno.build.standalone) {
    const { trainingWorkerOptions, wasmFilePath } = await import("../ml/training/train_in_worker.ts");
    return { ...trainingWorkerOptions(wasmFilePath()), name: "challenger" };
  }
  return { type: "module", name: "challenger", deno: { permissions: "none" } };
}

interface Waiting {
  readonly resolve: (reply: ChallengerReply) => void;
  readonly reject: (error: Error) => void;
}

class WorkerModel implements ChallengerModel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #info: ForecastModelInfo | undefined;
  #lost: Error | undefined;
  #id = 0;

  constructor(module: URL, options: WorkerOptions & { readonly type: "module" }) {
    this.#worker = new Worker(module, options);
    this.#worker.onmessage = ({ data }: MessageEvent<ChallengerReply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("failure" in data) waiting?.reject(failureOf(data.failure));
      else waiting?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // else it is thrown on this thread too
      this.#end(`failed: ${event.message}`);
    };
  }

  get info(): ForecastModelInfo {
    return this.#info!;
  }

  async load(files: ModelFiles, loadMs: number): Promise<void> {
    const late = new DomainError("model-invalid", `Cannot load the challenger as it took longer than ${loadMs} ms`);
    const timer = setTimeout(() => this.#end("was ended", late), loadMs);
    try {
      const reply = await this.#ask((id) => ({ id, kind: "load", files }));
      if ("info" in reply) this.#info = reply.info;
    } finally {
      clearTimeout(timer);
    }
  }

  async predict(rows: Float32Array, count: number): Promise<ForecastColumns> {
    const reply = await this.#ask((id) => ({ id, kind: "predict", rows, count }));
    if ("outputs" in reply) return reply.outputs;
    throw new TypeError("The challenger's Worker answered something else than a forecast");
  }

  [Symbol.dispose](): void {
    this.#end("was ended");
  }

  #ask(request: (id: number) => ChallengerRequest): Promise<ChallengerReply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
    });
  }

  #end(what: string, error: Error = new DomainError("worker-lost", `The worker of the challenger ${what}`)): void {
    this.#lost ??= error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }
}

function failureOf({ message, isInvalid }: { readonly message: string; readonly isInvalid: boolean }): Error {
  return isInvalid ? new DomainError("model-invalid", message) : new Error(message);
}
