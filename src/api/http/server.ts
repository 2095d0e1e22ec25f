import { DomainError } from "../../core/mod.ts";
import type { Fetch } from "../router.ts";
import { isLoopbackHost } from "./exchange.ts";

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Address. */
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** How long {@linkcode RunningServer.stop} waits for requests under way. */
  readonly shutdownMs: number;
}

/** A socket that answers. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Takes no new requests, finishes those under way, closes. */
  stop(): Promise<void>;
}

/**
 * Listens and answers with `fetch`.
 *
 * @throws {DomainError} `config-invalid` for an address that is not loopback, `port-in-use`, `permission-denied`.
 */
export function listen(fetch: Fetch, options: ListenOptions): RunningServer {
  const { host, port } = options;
  checkHost(host);
  const controller = new AbortController();
  let inFlight = 0;
  let onIdle: (() => void) | undefined;
  const counted = async (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
    inFlight++;
    try {
      return await fetch(request, info);
    } finally {
      if (--inFlight === 0) onIdle?.();
    }
  };
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname: host, port, signal: controller.signal, onListen() {} }, counted);
  } catch (error) {
    throw listenError(error, options);
  }
  const shown = host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host;
  return {
    url: `http://${shown}:${server.addr.port}`,
    async stop() {
      // Requests that do not end are cut, so that a stop always comes to an end.
      const cut = setTimeout(() => {
        controller.abort();
        onIdle?.();
      }, options.shutdownMs);
      try {
        // Deno's shutdown breaks off bodies that are still being read, so it waits for a moment without requests.
        if (inFlight > 0) await new Promise<void>((resolve) => onIdle = resolve);
        await server.shutdown();
      } finally {
        clearTimeout(cut);
      }
    },
  };
}

/**
 * Takes loopback addresses only, as there are no keys to guard another.
 *
 * @throws {DomainError} `config-invalid` for any other address.
 */
export function checkHost(host: string): void {
  if (isLoopbackHost(host)) return;
  throw new DomainError(
    "config-invalid",
    `Cannot listen on '${host}' as everyone who reaches it could use this service: only loopback addresses are taken`,
    { hint: "Keep --host 127.0.0.1 and put a reverse proxy that checks who asks in front of it" },
  );
}

function listenError(error: unknown, { host, port }: ListenOptions): Error {
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
  return error as Error;
}
