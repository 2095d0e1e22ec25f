import { assert, assertEquals } from "@std/assert";
import type { Run, Tracker } from "../../src/core/mod.ts";
import { commandSets } from "../../src/cli/walls.ts";
import { openTrackerAt } from "../../src/MLOps/open.ts";
import { capture, type Captured } from "./capture.ts";
import { ROOT, startWords } from "./start_words.ts";

/** The bundled candles: 90 days. */
export const SAMPLE: string = `${ROOT}/feature_store/sample`;
/** Entries of a set that lie beside the source; the others lie in the working folder. */
const BESIDE_SOURCE = /^(src|node_modules|\.git|deno\.lock)(\/|$)/;

/** How a command ended. */
export interface Answer extends Captured {
  /** The object on stdout, where there is one. */
  // deno-lint-ignore no-explicit-any -- each test reads the keys of its command
  readonly json: any;
}

/** Options of {@linkcode runIn}. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Further folders that may be read. */
  readonly read?: readonly string[];
  /** Hosts in place of the set's. */
  readonly net?: readonly string[];
}

/** Words of `deno` that run a command in a folder under its own set, whose relative paths then lie in that folder. */
export async function wordsFor(
  command: string,
  folder: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string[]> {
  const set = (await commandSets())[command]!;
  const placed = (paths: readonly string[] = []) =>
    paths.map((path) => BESIDE_SOURCE.test(path) ? `${ROOT}/${path}` : `${folder}/${path}`);
  const net = options.net ?? set.net ?? [];
  const grants = [
    `--allow-read=${[...placed(set.read), ...options.read ?? []].join(",")}`,
    `--allow-write=${placed(set.write).join(",")}`,
    ...(set.ffi === undefined ? [] : [`--allow-ffi=${ROOT}/node_modules`]),
    ...(set.env === undefined ? [] : [`--allow-env=${set.env.join(",")}`]),
    ...(net.length === 0 ? [] : [`--allow-net=${net.join(",")}`]),
  ];
  return startWords(command, grants, args);
}

/** Runs a command in a folder to its end. */
export async function runIn(
  folder: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Answer> {
  const captured = await capture(await wordsFor(command, folder, args, options), folder, options.env);
  const { stdout } = captured;
  return { ...captured, json: stdout.startsWith("{") ? JSON.parse(stdout) : undefined };
}

/** What {@linkcode runUntil} waits for, and does then. */
export interface UntilOptions {
  /** Text on stderr, such as progress. */
  readonly seen: RegExp;
  /** @default none: it goes on to its end */
  readonly signal?: Deno.Signal;
  /** Done before the signal is sent. */
  readonly first?: () => Promise<void>;
}

/** Runs a command until it says something, and sends it a signal then. */
export async function runUntil(
  folder: string,
  command: string,
  args: readonly string[],
  { seen, signal, first }: UntilOptions,
): Promise<{ readonly status: Deno.CommandStatus; readonly stdout: string; readonly stderr: string }> {
  const child = new Deno.Command("deno", {
    args: await wordsFor(command, folder, args),
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Response(child.stdout).text();
  let stderr = "", isSent = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    if (isSent || !seen.test(stderr)) continue;
    isSent = true;
    await first?.();
    if (signal !== undefined) child.kill(signal);
  }
  return { status: await child.status, stdout: await stdout, stderr };
}

/** A folder with the bundled candles in its store, or those of another archive mirror. */
export async function folderWithSample(
  args: readonly string[] = [],
  archive: string = SAMPLE,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  const { code, stderr } = await runIn(path, "ingest", [
    "--archive-dir",
    archive,
    "--no-report",
    "--quiet",
    ...args,
  ], { read: [archive] });
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${stderr}`);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** Files of a logged model in a folder's store, by path. */
export async function modelFiles(folder: string, modelUri: string): Promise<Map<string, Uint8Array>> {
  await using tracker = await openTrackerAt(`sqlite:///${folder}/mlruns/mlflow.db`, { readOnly: true });
  const owner = { modelId: modelUri.replace("models:/", "") };
  const files = new Map<string, Uint8Array>();
  for (const { path } of await tracker.listArtifacts(owner)) files.set(path, await tracker.readArtifact(owner, path));
  return files;
}

/** Stops a `track` by Ctrl-C once its progress shows a pattern, and checks that it says so and ends with 130. */
export async function interruptTrack(folder: string, args: readonly string[], seen: RegExp): Promise<void> {
  const { status, stdout, stderr } = await runUntil(folder, "track", args, { seen, signal: "SIGINT" });
  assertEquals(status.code, 130, stderr.slice(-500));
  assertEquals(JSON.parse(stdout).error.code, "interrupted");
}

/** The one run of a store whose `track` was stopped: KILLED, with an end and without a model. */
export async function killedRun(tracker: Tracker): Promise<Run> {
  const experiment = await tracker.getExperimentByName("bitcoin");
  const { items: [run] } = await tracker.searchRuns({ experimentIds: [experiment!.experimentId] });
  assertEquals([run!.info.status, run!.modelOutputs], ["KILLED", []]);
  assert(run!.info.endTime !== undefined);
  return run!;
}
