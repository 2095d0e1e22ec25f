import type { PredictionLogReporter, RequestLog, RequestLogLevel, ServiceReporter } from "../api/mod.ts";
import type { ApiConfig } from "../config/api_config.ts";
import type { CommandContext } from "./command.ts";

/** The log of requests, and whether its lines are on stderr, which a person may read. */
export interface OpenedLog {
  /** The log; undefined where it is off. */
  readonly log: RequestLog | undefined;
  /** Whether it writes JSON to stderr: then nothing else is to stand between. */
  readonly isJsonOnStderr: boolean;
  /** Whether it writes to a file. */
  readonly isFile: boolean;
}

/** Opens the log of requests as configured. @throws {DomainError} where its file cannot be written. */
export async function openRequestLog(
  { clock }: Pick<CommandContext, "clock">,
  { level, destination, format, sampleShare, maxFileBytes }: ApiConfig["requestLog"],
): Promise<OpenedLog> {
  if (level === "off") return { log: undefined, isJsonOnStderr: false, isFile: false };
  const { fileSink, RequestLog, stderrSink } = await import("../api/mod.ts");
  const isStderr = destination === "stderr";
  const resolved = format !== "auto" ? format : isStderr && Deno.stderr.isTerminal() ? "text" : "json";
  const sink = isStderr ? stderrSink() : await fileSink(destination, { maxBytes: maxFileBytes });
  const log = new RequestLog({ sink, format: resolved, level, sampleShare, clock });
  return { log, isJsonOnStderr: isStderr && resolved === "json", isFile: !isStderr };
}

/** Who is told of certificates. */
export interface CertificateReporter {
  /** Another certificate serves, or why it does not. */
  certificate(problem: Error | undefined): void;
}

/** What happens inside the service: as lines for a person, but as events where stderr is JSON, and both with a file. */
export function reporterOf(
  { progress }: Pick<CommandContext, "progress">,
  { log, isJsonOnStderr, isFile }: OpenedLog,
): ServiceReporter & CertificateReporter & PredictionLogReporter {
  const tell = (
    event: string,
    level: RequestLogLevel,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ) => {
    if (!isJsonOnStderr) progress.log(message);
    if (isJsonOnStderr || isFile) log?.event({ event, level, message, fields });
  };
  return {
    swapped({ version, outcome, reason, warning }) {
      const fields = { version, outcome, reason, warning };
      if (warning !== null) tell("model-swap", "warning", `Version ${version} is loaded. ${warning}`, fields);
      else if (outcome === "loaded") tell("model-swap", "info", `Version ${version} is loaded`, fields);
      else if (version === null) tell("model-swap", "warning", `The model's alias is gone: ${reason}`, fields);
      else tell("model-swap", "warning", `Version ${version} is refused: ${reason}`, fields);
    },
    registry(error) {
      if (error === undefined) tell("registry", "info", "The registry answers again");
      else tell("registry", "warning", `The registry cannot be asked: ${error.message}`);
    },
    logState(problem) {
      if (problem === undefined) tell("prediction-log", "info", "The prediction log is written again");
      else tell("prediction-log", "error", `${problem}; answers go on, and records wait in memory`);
    },
    recordsGone(records, reason) {
      const message = `Up to ${records} records of the prediction log are lost: ${reason}. Put them back if you can`;
      tell("prediction-log-gone", "error", message, { records, reason });
    },
    candles(reason) {
      if (reason === undefined) tell("feature-store", "info", "The feature store gives candles again");
      else tell("feature-store", "warning", `The feature store gives no candles: ${reason}`, { reason });
    },
    registryReplaced() {
      const message = "The registry's database was replaced by another file, which is read from now on; " +
        "the head of the prediction log is noted there too";
      tell("registry-replaced", "warning", message);
    },
    anchors(problem) {
      if (problem === undefined) {
        tell("anchors", "info", "The head of the prediction log is noted in the registry again");
      } else tell("anchors", "warning", `The head of the prediction log cannot be noted in the registry: ${problem}`);
    },
    keys({ active, problem }) {
      const taken = `${active} key${active === 1 ? " is" : "s are"} taken`;
      const message = problem === undefined ? `The keys changed: ${taken}` : `The keys changed, ${problem}: ${taken}`;
      tell("keys", problem === undefined ? "info" : "warning", message, { active });
    },
    certificate(problem) {
      if (problem === undefined) tell("certificate", "info", "Another certificate serves from now on");
      else tell("certificate", "warning", `The certificate before goes on: ${problem.message}`);
    },
    challengerSwapped({ version, outcome, reason }) {
      const fields = { version, outcome, reason };
      if (outcome === "loaded") tell("challenger-swap", "info", `Challenger version ${version} is loaded`, fields);
      else if (version === null) tell("challenger-swap", "warning", `There is no challenger: ${reason}`, fields);
      else tell("challenger-swap", "warning", `Challenger version ${version} is refused: ${reason}`, fields);
    },
    challengerStopped({ version, reason, detail }) {
      const message = `Challenger version ${version} is stopped: ${detail}`;
      tell("challenger-stopped", "warning", message, { version, reason, detail });
    },
    failed(requestId, error) {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      tell("bug", "error", `Request ${requestId} hit a bug: ${detail}`, { requestId });
    },
  };
}
