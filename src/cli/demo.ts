import { fileURLToPath } from "node:url";
import { DomainError, isDomainError } from "../core/mod.ts";
import type { Command, CommandContext, CommandResult, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS, readOptions } from "./options.ts";

const DEFAULT_FOLDER = "demo";
/** Reports and stores of an earlier demo are replaced; this file says that a folder is one. */
const MARKER = ".bitcoin-ml-demo";
const READY_TIMEOUT_MS = 20_000;

/** `demo`: ingest → track → register → api on the bundled sample, in a folder of its own. */
export const command: Command = {
  summary: "Run the whole line on the bundled sample of real candles, offline",
  options: {
    keep: {
      type: "string",
      value: "DIR",
      isPath: true,
      description: "Write into DIR (new or empty) in place of demo/, which each run replaces",
    },
  },
  examples: [
    { line: "./taskw demo", does: "90 days of real candles to a served forecast, in demo/" },
    { line: "./taskw demo -- --json", does: "the same, one JSON object at the end" },
    { line: "./taskw demo WRITE=/tmp/try -- --keep /tmp/try", does: "somewhere else, and keep it" },
  ],
  async run(context) {
    const startedMs = context.clock.monotonicMs();
    const keep = context.options.string("keep");
    const sample = await bundledSample();
    const folder = await prepareFolder(keep);
    await writeSettings(folder);
    // The commands below make their usual files, each at its usual relative path; the process ends here.
    Deno.chdir(folder);
    const line = await runLine(context, sample);
    const seconds = Math.round((context.clock.monotonicMs() - startedMs) / 100) / 10;
    return summary(line, keep ?? DEFAULT_FOLDER, seconds);
  },
};

interface Line {
  readonly ingest: CommandResult;
  readonly track: CommandResult;
  readonly register: CommandResult;
  readonly health: unknown;
  readonly forecast: unknown;
}

/** Folder of the candles that come with the program, which lie in the binary too. */
async function bundledSample(): Promise<string> {
  const folder = fileURLToPath(new URL("../../feature_store/sample", import.meta.url));
  try {
    await Array.fromAsync(Deno.readDir(folder));
    return folder;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DomainError("not-found", `Cannot run the demo as its candles are gone: '${folder}' is not there`, {
      hint: "Get the project again, or restore the folder with: git checkout feature_store/sample",
      cause: error,
    });
  }
}

/** The settings that the program was made with, whatever this checkout's config/ says by now. */
async function writeSettings(folder: string): Promise<void> {
  const [{ INGEST_CONFIG_SCHEMA }, { MODEL_CONFIG_SCHEMA }, { API_CONFIG_SCHEMA }] = await Promise.all([
    import("../config/ingest_config.ts"),
    import("../config/model_config.ts"),
    import("../config/api_config.ts"),
  ]);
  const schemas = { bitcoin_ingest: INGEST_CONFIG_SCHEMA, model: MODEL_CONFIG_SCHEMA, api: API_CONFIG_SCHEMA };
  await Deno.mkdir(`${folder}/config`);
  for (const [name, schema] of Object.entries(schemas)) {
    await Deno.writeTextFile(`${folder}/config/${name}.json`, `${JSON.stringify(schema.parse({}), null, 2)}\n`);
  }
}

async function prepareFolder(keep: string | undefined): Promise<string> {
  const folder = keep ?? DEFAULT_FOLDER;
  const names = await namesIn(folder);
  if (keep !== undefined && names.length > 0) {
    throw new DomainError(
      "input-invalid",
      `Cannot keep the demo in '${folder}' as it is not empty: it holds '${names[0]}'`,
      {
        hint: "Name a new or empty folder",
      },
    );
  }
  if (names.length > 0) {
    // Only what an earlier demo made is removed: a folder that happens to have this name is somebody's.
    if (!names.includes(MARKER)) {
      throw new DomainError(
        "input-invalid",
        `Cannot run the demo in '${folder}' as something else is there: it holds '${names[0]}'`,
        {
          hint: "Move it away, or name another folder with --keep DIR",
        },
      );
    }
    await Deno.remove(folder, { recursive: true });
  }
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/${MARKER}`, "Made by the demo, which replaces this folder at each run.\n");
  return folder;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function runLine(context: CommandContext, sample: string): Promise<Line> {
  const step = async (
    number: number,
    title: string,
    load: () => Promise<{ command: Command }>,
    args: readonly string[],
  ) => {
    context.output.note(`\n[${number}/4] ${title}`);
    const { command } = await load();
    const result = await command.run(childContext(context, command, args));
    if (result.error !== undefined) throw result.error;
    if (!context.output.json && result.text !== "") context.output.note(result.text);
    return result;
  };
  const ingest = await step(
    1,
    "ingest: 90 days of real candles from the bundled archive",
    () => import("./ingest.ts"),
    ["--archive-dir", sample],
  );
  const track = await step(2, "track: train, score beside the baselines, log the run", () => import("./track.ts"), [
    "--quick",
  ]);
  const runId = String(track.json["runId"]);
  const register = await step(3, "register: promote the run to an alias", () => import("./register.ts"), [
    "--run-id",
    runId,
  ]);
  context.output.note("\n[4/4] api: serve it, and ask for a forecast");
  const { health, forecast } = await askService(context);
  return { ingest, track, register, health, forecast };
}

/** Starts the service on a free port, asks it, and stops it as a user would. */
async function askService(context: CommandContext): Promise<{ health: unknown; forecast: unknown }> {
  const { command } = await import("./api.ts");
  const stop = new AbortController();
  const ready = Promise.withResolvers<string>();
  const child = childContext(context, command, ["--port", "0"]);
  const running = command.run({
    ...child,
    signal: AbortSignal.any([context.signal, stop.signal]),
    output: {
      ...child.output,
      announce(line) {
        const url = /https?:\/\/[^\s"]+/.exec(line)?.[0];
        if (url !== undefined) ready.resolve(url.replace(/\/$/, ""));
      },
    },
  });
  // A service that ends before it is ready has failed; its error is the one to show.
  running.then(
    () => ready.reject(new DomainError("bug", "The service ended before it was ready")),
    (error) => ready.reject(error),
  );
  const timer = setTimeout(
    () =>
      ready.reject(new DomainError("check-failed", `The service was not ready within ${READY_TIMEOUT_MS / 1000} s`)),
    READY_TIMEOUT_MS,
  );
  try {
    const url = await ready.promise;
    const health = await getJson(`${url}/health`, context.signal);
    const forecast = await getJson(`${url}/v1/forecast`, context.signal);
    return { health, forecast };
  } finally {
    clearTimeout(timer);
    stop.abort(new DomainError("interrupted", "The demo has its answer"));
    await running.catch((error) => {
      if (!isDomainError(error, "interrupted") && !context.signal.aborted) throw error;
    });
  }
}

async function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) {
    throw new DomainError(
      "check-failed",
      `The service answered ${response.status} to ${new URL(url).pathname}: ${text.slice(0, 300)}`,
    );
  }
  return JSON.parse(text);
}

function childContext(context: CommandContext, command: Command, args: readonly string[]): CommandContext {
  const specs: Readonly<Record<string, OptionSpec>> = { ...COMMON_OPTIONS, ...command.options };
  const { positionals, options } = readOptions("demo", args, specs);
  // The demo's line is its own: settings that point elsewhere would send it there.
  const elsewhere = new Set([
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MODEL_URI",
    "API_KEYS_FILE",
  ]);
  return { ...context, positionals, options, env: (name) => elsewhere.has(name) ? undefined : context.env(name) };
}

function summary(line: Line, folder: string, seconds: number): CommandResult {
  const { ingest, track, register } = line;
  const rows = ingest.json["rows"] as { readonly present: number };
  const gaps = ingest.json["gaps"] as readonly { readonly minutes: number; readonly cause: string }[];
  const missing = gaps.map(({ minutes, cause }) => `${minutes} minutes missing (${cause})`).join(", ") ||
    "none missing";
  const report = ingest.json["report"] === null ? null : `${folder}/${String(ingest.json["report"])}`;
  const warnings = [ingest, track, register].flatMap((result) => result.warnings ?? []);
  return {
    json: {
      directory: folder,
      ingest: { ...ingest.json, report },
      track: track.json,
      register: register.json,
      health: line.health,
      forecast: line.forecast,
      seconds,
    },
    text: [
      `The whole line ran in ${seconds} s. What it made, under ${folder}/:`,
      "",
      `  feature_store/bitcoin.duckdb   ${rows.present.toLocaleString("en")} candles, ${missing}`,
      `  ${String(ingest.json["report"] ?? "reports/")}`,
      `  mlruns/                        run ${track.json["runId"]}`,
      `  model                          ${register.json["name"]} version ${register.json["version"]} at alias '${
        register.json["alias"]
      }'`,
      "",
      "The service's forecast at the end of the sample:",
      JSON.stringify(line.forecast, null, 2).replaceAll(/^/gm, "  "),
    ].join("\n"),
    warnings,
    next: [
      `open ${report ?? `${folder}/reports`}`,
      "task ingest                      two years of candles from the exchange's archive",
      "task track                       train and score on them",
      "task register -- --run-id best   promote the best run",
      "task api                         serve it; task mlflow-ui shows every run",
    ],
  };
}
