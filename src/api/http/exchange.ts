import { DomainError } from "../../core/mod.ts";
import { ClientGoneError, RequestError } from "./problem.ts";

/** Whom a request came from, as `Deno.serve` says it. */
export interface ConnectionInfo {
  /** Address of the client. */
  readonly remoteAddr: Deno.Addr;
  /** The socket that took it; undefined where there is none. */
  readonly listener?: Listener;
}

/** A socket that takes requests. */
export interface Listener {
  /** Whether it ends, by which bodies that are still coming break off. */
  readonly isClosing: boolean;
}

/** A request with what the service knows of it. */
export interface Exchange {
  /** The request. */
  readonly request: Request;
  /** Its id, in every answer. */
  readonly requestId: string;
  /** Whom it came from; undefined counts as another machine. */
  readonly info: ConnectionInfo | undefined;
}

/** Answers a request; errors become problem details. */
export type Handler = (exchange: Exchange) => Response | Promise<Response>;

/**
 * The request's whole URL, which the header `Host` is part of.
 *
 * @throws {RequestError} 400 where that header is no host.
 */
export function urlOf(request: Request): URL {
  const url = URL.parse(request.url);
  if (url !== null) return url;
  throw new RequestError("request-malformed", "Cannot read the header Host as it is no host", {
    errors: [{ pointer: "host", message: "must be a host, with a port where it is not 80" }],
  });
}

/** The error that a request ended with: what the end of its socket broke off is not the client's doing. */
export function blame(error: unknown, info: ConnectionInfo | undefined): unknown {
  if (!(error instanceof ClientGoneError) || info?.listener?.isClosing !== true) return error;
  return new DomainError("interrupted", "Cannot read the body as the service ends this connection", { cause: error });
}

/** Whether an address is this machine's own: `127.0.0.0/8`, `::1`, also mapped into IPv6, or `localhost`. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Whether the connection comes from this machine. */
export function isFromLoopback(info: ConnectionInfo | undefined): boolean {
  const address = info?.remoteAddr;
  return address !== undefined && "hostname" in address && isLoopbackHost(address.hostname);
}

/** Those of RFC 9110 and `PATCH` (RFC 5789). */
export const KNOWN_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] as const;

/** A known method, or `other`. */
export type MethodName = typeof KNOWN_METHODS[number] | "other";

/** How a request's method is called in metrics and the log: a client may make up as many as it likes. */
export function methodName(method: string): MethodName {
  return KNOWN_METHODS.find((known) => known === method) ?? "other";
}
