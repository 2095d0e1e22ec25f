import { DomainError, minutesAhead, type Warning } from "../core/mod.ts";
import type { KeyRing } from "../api/mod.ts";
import { openRequestLog, reporterOf } from "./api_log.ts";
import type { Past } from "./api_replay.ts";
import { readPort, tlsFiles, withChallenger } from "./api_settings.ts";
import { loadChallengerModel } from "./challenger_model.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { featureEngines, loadForecastModel, openCandleFeed, openRegistry } from "./runtime.ts";
import { minuteScoring } from "./minute_scoring.ts";
import { VERSION } from "./version.ts";

/** `api`: the model at an alias, over HTTP. */
export const command: Command = {
  summary: "Serve the model at an alias over HTTP",
  positionals: "[verify-log]",
  words: {
    "verify-log": {
      summary: "Prove that nobody changed the prediction log",
      options: [],
      examples: [{ line: "task api -- verify-log", does: "every instance, up to what the registry notes of it" }],
    },
  },
  options: {
    host: {
      type: "string",
      value: "ADDRESS",
      description: "Address to listen on; others than loopback ones need keys (default: config, 127.0.0.1)",
    },
    port: {
      type: "number",
      value: "PORT",
      description: "Port to listen on; 0 takes a free one (default: config, 8000)",
    },
    "tls-cert": {
      type: "string",
      value: "FILE",
      isPath: true,
      description: "PEM file of a certificate, to speak HTTPS (default: config, none)",
    },
    "tls-key": { type: "string", value: "FILE", isPath: true, description: "PEM file of its private key" },
    "model-uri": {
      type: "string",
      value: "URI",
      description: "models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest (default: MODEL_URI, config)",
    },
    replay: {
      type: "string",
      value: "RANGE",
      description: "Let stored candles of the past drive the service: START/END, or P7D for the newest seven days",
    },
    speed: {
      type: "number",
      goesWith: ["replay"],
      value: "FACTOR",
      description:
        "With --replay: so many times faster than real time, answering meanwhile (default: as fast as it can)",
    },
    stay: {
      type: "boolean",
      goesWith: ["replay"],
      description: "With --replay: answer as of the end of the range until stopped",
    },
    challenger: {
      type: "string",
      excludes: ["replay"],
      value: "ALIAS",
      description: "Try the version at this alias beside the one that answers (default: config, none)",
    },
    "canary-share": {
      type: "number",
      excludes: ["replay"],
      value: "SHARE",
      description: "Share of the requests that the challenger answers, 0 to 1 (default: config, 0)",
    },
  },
  examples: [
    { line: "task api", does: "serve models:/bitcoin-model@production on http://127.0.0.1:8000" },
    { line: "task api PORT=9000 -- --model-uri models:/bitcoin-model/3", does: "one version, on another port" },
    {
      line: "task api -- --challenger challenger",
      does: "score another version on the same inputs, answering nothing",
    },
    {
      line: "task api -- --challenger challenger --canary-share 0.1",
      does: "and let it answer a tenth of the requests",
    },
    { line: "curl 'http://127.0.0.1:8000/v1/forecast'", does: "ask it for a forecast" },
    {
      line: "task api HOST=0.0.0.0 PORT=8443 -- --tls-cert config/tls.crt --tls-key config/tls.key",
      does: "for others, once there is a key (task api-keys -- create)",
    },
    { line: "task api-keys -- create", does: "the key; see task api-keys -- --help" },
    { line: "task api -- --replay P7D", does: "what the model would have forecast last week, and how well" },
    { line: "task api -- verify-log", does: "prove that nobody changed the prediction log" },
  ],
  run(context) {
    const [word, ...rest] = context.positionals;
    if (word === undefined) {
      return context.options.string("replay") === undefined ? serve(context) : replayPast(context);
    }
    if (word === "verify-log" && rest.length === 0) return verify(context);
    throw new DomainError("usage", `Unknown word '${[word, ...rest].join(" ")}' after 'api'`, {
      hint: "Only 'verify-log' can stand there; see: task api -- --help",
    });
  },
};

/** `api --replay`: the service in the past. */
async function replayPast(context: CommandContext): Promise<CommandResult> {
  const { readPast } = await import("./api_replay.ts");
  return await serve(context, await readPast(context));
}

async function verify(context: CommandContext): Promise<CommandResult> {
  return await (await import("./api_verify_log.ts")).verifyPredictionLog(context);
}

async function serve(context: CommandContext, past?: Past): Promise<CommandResult> {
  const {
    checkHost,
    InferenceService,
    isLoopbackHost,
    listen,
    loadChainKey,
    PredictionLog,
    readTls,
    watchTls,
    writtenInstances,
  } = await import("../api/mod.ts");
  const { loadApiConfig } = await import("../config/api_config.ts");
  const { options, signal, output } = context, clock = past?.clock ?? context.clock;
  const config = await withChallenger(await loadApiConfig(options.string("config")), options);
  const host = options.string("host") ?? config.host;
  const port = readPort(options.number("port") ?? config.port);
  const modelUri = options.string("model-uri") ?? context.env("MODEL_URI") ?? config.modelUri;
  const keys = await openKeys(context);
  checkHost(host, keys.active > 0);
  const files = tlsFiles(context, config.tls);
  const tls = files === undefined ? undefined : await readTls(files);
  signal.throwIfAborted();

  const [engines, load, feed, scoring] = await Promise.all([
    featureEngines(),
    loadForecastModel(),
    past?.feed ?? openCandleFeed(context),
    minuteScoring(),
  ]);
  await using registry = await openRegistry(context, { onReplaced: () => service.registryReplaced() });
  const opened = await openRequestLog(context, config.requestLog);
  await using requestLog = opened.log;
  const reporter = reporterOf(context, opened);
  const { enabled, directory, keyFile, flushMilliseconds, maxFileBytes } = config.predictionLog;
  await using log = !enabled ? undefined : await PredictionLog.open({
    ...(past === undefined ? { directory } : { directory: past.logDirectory, forecastKind: "replay" }),
    key: await loadChainKey(keyFile, { chained: () => writtenInstances(directory) }),
    clock,
    flushMs: flushMilliseconds,
    maxFileBytes,
    reporter,
  });
  const service = new InferenceService({
    source: registry,
    load,
    loadChallenger: loadChallengerModel,
    engines,
    feed,
    scoring,
    log,
    keys,
    // A log of the past proves nothing about what was served.
    ...(past === undefined ? { anchor: (name, version, tag) => registry.setModelVersionTag(name, version, tag) } : {}),
    clock,
    requestLog,
    reporter,
  }, { config, modelUri, programVersion: VERSION });
  await service.start();
  signal.throwIfAborted();
  if (past?.isListening === false) {
    try {
      return await past.run(service, registry, undefined);
    } finally {
      await service.close();
    }
  }
  const server = listen(service.fetch, {
    host,
    port,
    tls,
    hasKeys: keys.active > 0,
    shutdownMs: config.limits.shutdownSeconds * 1000,
  });
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const watching = past !== undefined ? undefined : Promise.all([
    service.watch(signal),
    files === undefined ? undefined : watchTls(files, tls!, {
      renew: (pair) => server.renew(pair),
      onChange: (problem) => reporter.certificate(problem),
      clock,
      signal,
    }),
  ]);
  try {
    if (past === undefined) announce(context, server.url, service);
    tellAccess(context, { keys, isLoopback: isLoopbackHost(host), isTls: tls !== undefined });
    if (past !== undefined) return await past.run(service, registry, server.url);
    await stopped;
  } finally {
    output.note("Stopping: requests under way are finished");
    await server.stop();
    await watching;
    await service.close();
  }
  return { json: { url: server.url }, text: "", isAnnounced: true };
}

/** The keys in `API_KEYS_FILE` or the usual file. @throws {DomainError} where a file that is named is absent. */
async function openKeys({ env, clock }: CommandContext): Promise<KeyRing> {
  const { API_KEYS_PATH, KeyRing } = await import("../api/mod.ts");
  const named = env("API_KEYS_FILE");
  const keys = await KeyRing.open(named ?? API_KEYS_PATH, clock);
  if (named === undefined || keys.isOn) return keys;
  throw new DomainError("config-invalid", `Cannot read the keys as '${named}', which API_KEYS_FILE names, is absent`, {
    hint: "Make a key first: task api-keys -- create",
  });
}

function tellAccess(
  { output }: CommandContext,
  { keys, isLoopback, isTls }: { readonly keys: KeyRing; readonly isLoopback: boolean; readonly isTls: boolean },
): void {
  if (keys.isOn) output.note(`A key is asked for; ${keys.active} are taken`);
  if (!isLoopback && !isTls) {
    output.note("Keys cross the network as they are: give --tls-cert and --tls-key, or put TLS in front");
  }
}

function announce(context: CommandContext, url: string, service: InstanceType<ServiceClass>): void {
  const served = service.host.current?.served;
  const warnings: Warning[] = service.host.reasons.map((message) => ({ code: "model-not-loaded", message }));
  if (context.output.json) {
    context.output.announce(JSON.stringify({ url, model: served ?? null, data: service.dataAge, warnings }));
    return;
  }
  context.output.announce(url);
  const { note } = context.output;
  if (served !== undefined) {
    note(`Serving ${served.name} version ${served.version}, ${minutesAhead(served.horizonMinutes)}; see ${url}/docs`);
  }
  for (const { message } of warnings) note(`Every answer is 503 until this is repaired: ${message}`);
  const { asOf, stale } = service.dataAge;
  if (asOf === null) {
    note(
      `/v1/forecast answers 503 until there are candles: ${service.dataReason ?? "bring them in with: task ingest"}`,
    );
  } else if (stale) note(`The newest candle is of ${asOf}; bring newer ones in with: task ingest`);
}

type ServiceClass = typeof import("../api/mod.ts").InferenceService;
