import { engineStart } from "../../src/cli/engine_flags.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import type { CandleColumns, ModelRegistry, SeriesId, Tracker } from "../../src/core/mod.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { openRegistryAt, openTrackerAt } from "../../src/MLOps/open.ts";
import { capture, type Captured } from "./capture.ts";
import { ROOT, startWords } from "./start_words.ts";

/** The series that the service serves by default. */
export const SERIES: SeriesId = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" };

/** Puts candles into the feature store of a working folder. */
export async function putCandles(folder: string, columns: CandleColumns): Promise<void> {
  await using store = await DuckDbFeatureStore.open(`${folder}/feature_store/bitcoin.duckdb`, {
    mode: "write",
    clock: SYSTEM_CLOCK,
    waitMs: 20_000,
  });
  await store.writeCandles(SERIES, [{ source: "rest", columns }]);
}

/** Opens the MLflow stores of a working folder. */
export async function openStores(
  folder: string,
): Promise<{ readonly tracker: Tracker; readonly registry: ModelRegistry } & AsyncDisposable> {
  await Deno.mkdir(`${folder}/mlruns`, { recursive: true });
  const uri = `sqlite:///${folder}/mlruns/mlflow.db`;
  const tracker = await openTrackerAt(uri);
  const registry = await openRegistryAt(uri);
  return {
    tracker,
    registry,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await tracker[Symbol.asyncDispose]();
    },
  };
}

/** Words of `deno` that run a command in a working folder, under its own set but for the folder and the loopback. */
export function commandWords(command: string, folder: string, args: readonly string[]): string[] {
  const grants = [
    `-P=${command}`,
    `--allow-read=${ROOT}/src,${ROOT}/node_modules,${ROOT}/config,${folder}`,
    `--allow-write=${folder}`,
    ...(command === "api" ? ["--allow-net=127.0.0.1"] : []),
  ];
  return startWords(command, grants, args);
}

/** Runs a command to its end. */
export function runCommand(
  command: string,
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Captured> {
  return capture(commandWords(command, folder, args), folder, env);
}

/** A running `api`. */
export interface ApiProcess extends AsyncDisposable {
  /** First line of stdout. */
  readonly line: string;
  /** Where it listens. */
  readonly url: string;
  /** Milliseconds from the start of the process to that line. */
  readonly readyMs: number;
  /** The process. */
  readonly child: Deno.ChildProcess;
  /** All that stood on stderr, once it ended. */
  readonly stderr: Promise<string>;
  /** The rest of stdout, once it ended. */
  readonly rest: Promise<string>;
}

/** Starts `api` on a free port and waits until it is ready. */
export async function startApi(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  /** Words of a program that becomes the service, such as one that sets limits first. */
  through: readonly string[] = [],
): Promise<ApiProcess> {
  const startedAt = performance.now();
  const [program, ...words] = [...through, "deno", ...commandWords("api", folder, ["--port", "0", ...args])];
  const child = new Deno.Command(program!, {
    args: words,
    cwd: folder,
    env: { ...engineStart("api").env, ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) {
      const { code } = await child.status;
      throw new Error(`api ended with ${code} before it was ready: ${await stderr}`);
    }
    text += value;
  }
  const readyMs = performance.now() - startedAt;
  const [line, ...more] = text.split("\n");
  const rest = (async () => {
    let remaining = more.join("\n");
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return remaining;
      remaining += value;
    }
  })();
  return {
    line: line!,
    url: /https?:\/\/[^\s"]+/.exec(line!)![0],
    readyMs,
    child,
    stderr,
    rest,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It ended already.
      }
      await child.status;
      await Promise.all([stderr, rest]);
    },
  };
}
