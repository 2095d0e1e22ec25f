import { DomainError, isDomainError } from "../../core/mod.ts";
import type { Fetch } from "../router.ts";
import { isLoopbackHost, type Listener } from "./exchange.ts";
import { originOf } from "./origin.ts";
import { checkPair, type TlsPair } from "./tls.ts";

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Address. */
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Whether a key is asked for, without which only loopback addresses are taken. */
  readonly hasKeys: boolean;
  /** Certificate and key; undefined speaks plain HTTP. */
  readonly tls?: TlsPair | undefined;
  /** How long {@linkcode RunningServer.stop} waits for requests under way. */
  readonly shutdownMs: number;
}

/** A socket that answers. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8000`. */
  readonly url: string;
  /**
   * Goes on with another certificate: requests under way end on the old one, and for some milliseconds new connections are
   * refused, as a port has one listener.
   *
   * @throws {DomainError} `config-invalid` where the pair cannot be used; the old one then goes on.
   */
  renew(tls: TlsPair): Promise<void>;
  /** Takes no new requests, finishes those under way, closes. */
  stop(): Promise<void>;
}

/** A year: browsers then ask by https alone. */
const STRICT_TRANSPORT = "max-age=31536000";

/**
 * Listens and answers with `fetch`.
 *
 * @throws {DomainError} `config-invalid` for an address that is not loopback, `port-in-use`, `permission-denied`.
 */
export function listen(fetch: Fetch, options: ListenOptions): RunningServer {
  const { host, port, tls } = options;
  checkHost(host, options.hasKeys);
  const controller = new AbortController();
  let inFlight = 0;
  let onIdle: (() => void) | undefined;
  const answer = async (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>, listener: Listener) => {
    inFlight++;
    try {
      // Added rather than copied: its address is worked out only where it is asked for.
      const response = await fetch(request, Object.assign(info, { listener }));
      if (tls !== undefined) response.headers.set("strict-transport-security", STRICT_TRANSPORT);
      return response;
    } finally {
      if (--inFlight === 0) onIdle?.();
    }
  };
  const serve = (at: number, pair: TlsPair | undefined) => {
    const listener = { isClosing: false }, { signal } = controller;
    try {
      const http = Deno.serve(
        { hostname: host, port: at, ...pair, signal, onListen() {} },
        (request, info) => answer(request, info, listener),
      );
      signal.addEventListener("abort", () => listener.isClosing = true);
      return {
        port: http.addr.port,
        shutdown() {
          listener.isClosing = true;
          return http.shutdown();
        },
      };
    } catch (error) {
      throw listenError(error, options);
    }
  };
  let server = serve(port, tls), pair = tls;
  return {
    url: originOf(host, server.port, tls !== undefined),
    async renew(next) {
      checkPair(next);
      const at = server.port, closing = server.shutdown();
      server = await serveAgain(() => serve(at, next), () => serve(at, pair));
      pair = next;
      // Its connections end in their own time, or with the signal of a stop.
      void closing.catch(() => undefined);
    },
    async stop() {
      // Requests that do not end are cut, so that a stop always comes to an end.
      const late = Promise.withResolvers<void>();
      let isClosing = false;
      const cut = setTimeout(() => {
        // Once Deno's shutdown is under way, an abort would throw from within.
        if (!isClosing) controller.abort();
        late.resolve();
      }, options.shutdownMs);
      try {
        // Deno's shutdown breaks off bodies that are still being read, so it waits for a moment without requests.
        const idle = inFlight > 0 ? new Promise<void>((resolve) => onIdle = resolve) : undefined;
        await Promise.race([idle, late.promise]);
        isClosing = true;
        // It waits for connections whose client was answered 408 and never ends its body.
        await Promise.race([server.shutdown(), late.promise]);
      } finally {
        clearTimeout(cut);
      }
    },
  };
}

/** How long a port may take to come free. */
const REBIND_MS = 2_000;

/** Listens as soon as the port is free; where that cannot be, as before. */
async function serveAgain<T>(next: () => T, before: () => T): Promise<T> {
  const endMs = performance.now() + REBIND_MS;
  for (;;) {
    try {
      return next();
    } catch (error) {
      if (!isDomainError(error, "port-in-use")) return before();
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/**
 * Takes loopback addresses, and with keys any.
 *
 * @throws {DomainError} `config-invalid` for any other address.
 */
export function checkHost(host: string, hasKeys: boolean): void {
  if (hasKeys || isLoopbackHost(host)) return;
  throw new DomainError(
    "config-invalid",
    `Cannot listen on '${host}' as everyone who reaches it could use this service: without keys only loopback addresses are taken`,
    { hint: "Make a key first: task api-keys -- create" },
  );
}

function listenError(error: unknown, { host, port, tls }: ListenOptions): Error {
  if (error instanceof Deno.errors.AddrInUse) {
    return new DomainError("port-in-use", `Cannot listen on ${host}:${port} as another program listens there`, {
      hint: "Stop it, or choose another port: task api PORT=8001",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new DomainError(
      "permission-denied",
      `Cannot listen on ${host}:${port} as this command may not: ${error.message}`,
      {
        hint: `Grant the port: task api PORT=${port}, or deno run … --allow-net=${host}:${port}`,
        cause: error,
      },
    );
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.AddrNotAvailable) {
    return new DomainError("config-invalid", `Cannot listen on ${host}:${port}: ${error.message}`, {
      hint: "Choose a port above 1023 and an address of this machine",
      cause: error,
    });
  }
  if (tls !== undefined) {
    return new DomainError("config-invalid", `Cannot speak TLS on ${host}:${port}: ${(error as Error).message}`, {
      hint: "The key must be that of the certificate, both as PEM",
      cause: error,
    });
  }
  return error as Error;
}
