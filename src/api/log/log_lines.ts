import { toIso } from "../../core/mod.ts";
import type { MethodName } from "../http/exchange.ts";
import type { RefusalReason } from "../http/problem.ts";

/** How much a line matters, rising. */
export const REQUEST_LOG_LEVELS = ["info", "warning", "error"] as const;

/** One of {@linkcode REQUEST_LOG_LEVELS}. */
export type RequestLogLevel = typeof REQUEST_LOG_LEVELS[number];

/** How a request went; what it asked is not kept. */
export interface AnsweredRequest {
  /** Its id, in the answer too. */
  readonly requestId: string;
  /** HTTP method. */
  readonly method: MethodName;
  /** Path of the route, or `unmatched`. */
  readonly route: string;
  /** Status of the answer. */
  readonly status: number;
  /** Milliseconds from its arrival to its answer. */
  readonly durationMs: number;
  /** Milliseconds of them that it waited for a place. */
  readonly waitedMs: number;
  /** Id of the key shown, where it is known. */
  readonly keyId: string | null;
  /** Why it was turned away by a key or a limit, or that its client went away. */
  readonly refusal: RefusalReason | null;
}

/** Something that happened to the service, with what belongs to it. */
export interface ServiceEvent {
  /** Kind: `model-swap`, `registry`, `keys`, `bug`, … */
  readonly event: string;
  /** What a person reads. */
  readonly message: string;
  /** How much it matters. */
  readonly level: RequestLogLevel;
  /** The same in parts. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What a line tells of, with its time. */
export type LogEntry =
  | { readonly atMs: number; readonly request: AnsweredRequest }
  | { readonly atMs: number; readonly event: ServiceEvent };

/** An answer that a bug spoilt is an error, any other that is not what was asked for a warning. */
export function levelOf({ status }: Pick<AnsweredRequest, "status">): RequestLogLevel {
  return status < 400 ? "info" : status === 500 ? "error" : "warning";
}

/** A line of JSON, with its end. */
export function jsonLine(entry: LogEntry, sampleShare: number): string {
  const time = toIso(entry.atMs);
  if ("event" in entry) {
    const { level, event, message, fields } = entry.event;
    return `${JSON.stringify({ time, level, event, message, ...fields })}\n`;
  }
  const { request } = entry, level = levelOf(request);
  return `${
    JSON.stringify({
      time,
      level,
      event: "request",
      ...request,
      durationMs: rounded(request.durationMs),
      waitedMs: rounded(request.waitedMs),
      // Each such line stands for 1 / sampleShare requests.
      ...(level === "info" && sampleShare < 1 ? { sampleShare } : {}),
    })
  }\n`;
}

/** A line for a person, with its end: no line ends within, whoever chose the words. */
export function textLine(entry: LogEntry): string {
  const time = new Date(entry.atMs).toISOString().slice(11, 23);
  if ("event" in entry) return `${time} ${entry.event.message.replaceAll(/\s*\n\s*/g, " | ")}\n`;
  const { request } = entry;
  const { method, route, status, durationMs, waitedMs, keyId, refusal, requestId } = request;
  const parts = [
    `${time} ${method} ${route} ${status} in ${rounded(durationMs)} ms`,
    ...(waitedMs > 0 ? [`waited ${rounded(waitedMs)} ms`] : []),
    ...(refusal === null ? [] : [refusal]),
    ...(keyId === null ? [] : [`key ${keyId}`]),
    requestId,
  ];
  return `${parts.join(", ")}\n`;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
