import type { MiddlewareHandler } from "@hono/hono";
import { errorResponse } from "./error_response.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Asked by load balancers, under whatever name they know the machine by and without a key; they tell nothing. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/health", "/version"]);

/** What {@linkcode guard} lets through beyond the machine itself and private networks. */
export interface GuardOptions {
  /** Further host names that clients may use, without a port. */
  readonly allowedHosts?: readonly string[];
  /** Told of a host that was refused by name. @default nothing */
  readonly onForeignHost?: (host: string) => void;
}

/**
 * Refuses requests whose `Host` is neither this machine nor on a private network (a foreign name that resolves here is
 * how DNS rebinding gets in), and changes asked for by pages of another origin (403 each, with MLflow's texts).
 */
export function guard(options: GuardOptions = {}): MiddlewareHandler {
  const allowed = new Set((options.allowedHosts ?? []).map((host) => host.toLowerCase()));
  const isAllowed = (host: string) => allowed.has(host) || isLoopback(host) || isPrivateAddress(host);
  return async (context, next) => {
    // An odd Host header makes an address that is none: whoever sends it gets no further than this.
    const url = URL.canParse(context.req.url) ? new URL(context.req.url) : undefined;
    if (!OPEN_PATHS.has(url?.pathname ?? context.req.path)) {
      const host = url === undefined ? undefined : hostName(context.req.header("host") ?? url.host);
      if (url === undefined || host === undefined || !isAllowed(host)) {
        if (host !== undefined) options.onForeignHost?.(host);
        return errorResponse({
          status: 403,
          errorCode: "PERMISSION_DENIED",
          message: "Invalid Host header - possible DNS rebinding attack detected",
        });
      }
      const origin = context.req.header("origin");
      const isChange = !SAFE_METHODS.has(context.req.method);
      if (isChange && origin !== undefined && !isSameSite(origin, context.req.header("host") ?? url.host)) {
        return errorResponse({ status: 403, errorCode: "PERMISSION_DENIED", message: "Cross-origin request blocked" });
      }
    }
    await next();
  };
}

/** The name in a `Host` header, without port and brackets; undefined where it is no host. */
export function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header.trim());
  return match === null ? undefined : (match[1] ?? match[2])!.toLowerCase();
}

/** Whether a host name means this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether a host is an address of a private network; names never are, as their owner chooses where they point. */
export function isPrivateAddress(host: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (parts === null) return /^f[cd][0-9a-f]{2}:/.test(host) || /^fe[89ab][0-9a-f]:/.test(host);
  const [first, second] = [Number(parts[1]), Number(parts[2])];
  return first === 10 || (first === 192 && second === 168) || (first === 172 && second >= 16 && second <= 31) ||
    (first === 169 && second === 254);
}

/** The page's own origin, or another service of this machine when we are asked as this machine. */
function isSameSite(origin: string, host: string): boolean {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  if (match === null) return false;
  if (match[1]!.toLowerCase() === host.toLowerCase()) return true;
  const [from, to] = [hostName(match[1]!), hostName(host)];
  return from !== undefined && to !== undefined && isLoopback(from) && isLoopback(to);
}
