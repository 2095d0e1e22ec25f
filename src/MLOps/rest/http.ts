import { TrackingError, type TrackingErrorCode } from "../../core/mod.ts";
import { Fields } from "./fields.ts";

/** How a client proves who it is. */
export type Credentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Options of {@linkcode MlflowHttp}. */
export interface MlflowHttpOptions {
  /** How the client proves who it is. @default not at all */
  readonly credentials?: Credentials | undefined;
  /** Ends every call early. */
  readonly signal?: AbortSignal | undefined;
  /** Attempts in all for a call that may be repeated. @default 5 */
  readonly attempts?: number;
  /** Wait before the second attempt, doubled for each one after, with jitter, in milliseconds. @default 250 */
  readonly backoffMs?: number;
  /** Time for one attempt, in milliseconds. @default 120000 */
  readonly timeoutMs?: number;
}

/** One request. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  readonly url: URL;
  readonly body?: Uint8Array | string;
  /**
   * Whether doing it twice is as good as once. Creating is not: it is repeated only where the server said that it did
   * nothing (429, 503). @default true
   */
  readonly repeatable?: boolean;
}

/** Longest wait that a server's Retry-After is obeyed for. */
const MAX_WAIT_MS = 30_000;
/** Statuses after which another attempt may go well. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Of those, the ones that say nothing was done. */
const NOT_DONE: ReadonlySet<number> = new Set([429, 503]);

/** HTTP to an MLflow server: credentials, retries, errors in MLflow's words. */
export class MlflowHttp {
  /** Address without credentials and without a final slash. */
  readonly base: string;
  readonly #origin: string;
  readonly #authorization: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #attempts: number;
  readonly #backoffMs: number;
  readonly #timeoutMs: number;

  /** A client of the server at `uri`; nothing is sent yet. @throws {TrackingError} `config-invalid` */
  constructor(uri: string, options: MlflowHttpOptions = {}) {
    if (!URL.canParse(uri)) {
      throw new TrackingError("INVALID_PARAMETER_VALUE", `Cannot read the server's address '${uri}'`, {
        code: "config-invalid",
        hint: "Write http://host:port or https://host",
      });
    }
    const url = new URL(uri);
    let credentials = options.credentials;
    if (url.username !== "") {
      credentials ??= {
        kind: "basic",
        username: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
      };
      url.username = url.password = "";
    }
    this.base = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
    this.#origin = url.origin;
    this.#authorization = authorizationOf(credentials);
    this.#signal = options.signal;
    this.#attempts = options.attempts ?? 5;
    this.#backoffMs = options.backoffMs ?? 250;
    this.#timeoutMs = options.timeoutMs ?? 120_000;
  }

  /** A GET of MLflow's API; undefined parameters are left out, lists are repeated. */
  async get(path: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Fields> {
    const url = new URL(`${this.base}/api/2.0/mlflow/${path}`);
    for (const [name, value] of Object.entries(parameters)) {
      for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(name, String(one));
    }
    return await this.#json({ method: "GET", url });
  }

  /** A request with a JSON body to MLflow's API. */
  async send(
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    body: Readonly<Record<string, unknown>>,
    options: { readonly repeatable?: boolean } = {},
  ): Promise<Fields> {
    const url = new URL(`${this.base}/api/2.0/mlflow/${path}`);
    return await this.#json({ method, url, body: JSON.stringify(body), ...options });
  }

  async #json(call: Call): Promise<Fields> {
    const response = await this.request(call);
    const text = await response.text();
    try {
      return new Fields(JSON.parse(text));
    } catch (error) {
      if (error instanceof TrackingError) throw error;
      throw new TrackingError(
        "INTERNAL_ERROR",
        `Cannot read the answer of '${call.url.origin}' as it is no JSON: ${text.slice(0, 80)}`,
        { hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server", cause: error },
      );
    }
  }

  /**
   * Sends a request and returns the successful response. Credentials go to the server's own origin only.
   *
   * @throws {TrackingError} the server's error, or TEMPORARILY_UNAVAILABLE where it cannot be reached.
   */
  async request(call: Call): Promise<Response> {
    const { repeatable = true } = call;
    for (let attempt = 1;; attempt++) {
      this.#signal?.throwIfAborted();
      const last = attempt >= this.#attempts;
      let response: Response;
      try {
        response = await this.#fetch(call);
      } catch (error) {
        if (this.#signal?.aborted) throw this.#signal.reason;
        if (error instanceof Deno.errors.NotCapable) throw error;
        if (last || !repeatable) throw unreachable(this.base, error);
        await this.#wait(attempt, undefined);
        continue;
      }
      if (response.ok) return response;
      const again = !last && RETRYABLE.has(response.status) && (repeatable || NOT_DONE.has(response.status));
      if (!again) throw await toError(response);
      await response.body?.cancel();
      await this.#wait(attempt, response.headers.get("Retry-After"));
    }
  }

  async #fetch(call: Call): Promise<Response> {
    const headers = new Headers();
    if (this.#authorization !== undefined && call.url.origin === this.#origin) {
      headers.set("Authorization", this.#authorization);
    }
    if (typeof call.body === "string") headers.set("Content-Type", "application/json");
    else if (call.body !== undefined) headers.set("Content-Type", "application/octet-stream");
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    return await fetch(call.url, {
      method: call.method,
      headers,
      ...(call.body === undefined ? {} : { body: call.body as BodyInit }),
      signal: this.#signal === undefined ? timeout : AbortSignal.any([timeout, this.#signal]),
      redirect: "follow",
    });
  }

  async #wait(attempt: number, retryAfter: string | null | undefined): Promise<void> {
    const asked = Number(retryAfter ?? NaN) * 1000;
    const ownMs = this.#backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random());
    const ms = Math.min(MAX_WAIT_MS, Number.isFinite(asked) ? Math.max(asked, 0) : ownMs);
    const signal = this.#signal;
    await new Promise<void>((done, fail) => {
      const onAbort = () => {
        clearTimeout(timer);
        fail(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        done();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function authorizationOf(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined) return undefined;
  if (credentials.kind === "bearer") return `Bearer ${credentials.token}`;
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function unreachable(base: string, cause: unknown): TrackingError {
  const why = cause instanceof DOMException && cause.name === "TimeoutError"
    ? "it did not answer in time"
    : innermost(cause);
  return new TrackingError("TEMPORARILY_UNAVAILABLE", `Cannot reach the MLflow server at '${base}': ${why}`, {
    hint: "Start the server (task mlflow-ui, or mlflow server) or correct MLFLOW_TRACKING_URI",
    cause,
  });
}

/** What lies under "fetch failed": connection refused, name not known. */
function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}

/** MLflow's codes as ours have them; others of its long list fall to what the HTTP status says. */
const KNOWN_CODES: ReadonlySet<string> = new Set(
  [
    "INVALID_PARAMETER_VALUE",
    "BAD_REQUEST",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
    "ENDPOINT_NOT_FOUND",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "INVALID_STATE",
    "INTERNAL_ERROR",
    "NOT_IMPLEMENTED",
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_CONFLICT",
  ] satisfies TrackingErrorCode[],
);

const CODE_OF_STATUS: Readonly<Record<number, TrackingErrorCode>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "ENDPOINT_NOT_FOUND",
  409: "RESOURCE_CONFLICT",
  429: "REQUEST_LIMIT_EXCEEDED",
  501: "NOT_IMPLEMENTED",
  502: "TEMPORARILY_UNAVAILABLE",
  503: "TEMPORARILY_UNAVAILABLE",
  504: "TEMPORARILY_UNAVAILABLE",
};

async function toError(response: Response): Promise<TrackingError> {
  const text = await response.text().catch(() => "");
  let json: { error_code?: unknown; message?: unknown } = {};
  try {
    json = JSON.parse(text) ?? {};
  } catch {
    // An error page of a proxy or of the server itself: the status says what it is.
  }
  const given = String(json.error_code ?? "");
  const code = KNOWN_CODES.has(given)
    ? given as TrackingErrorCode
    : given === "NOT_FOUND"
    ? "RESOURCE_DOES_NOT_EXIST"
    : CODE_OF_STATUS[response.status] ?? "INTERNAL_ERROR";
  const plain = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim().slice(0, 200);
  const message = typeof json.message === "string" && json.message !== ""
    ? json.message
    : `The server answered ${response.status} to ${new URL(response.url).pathname}: ${plain}`;
  const isAccess = code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED";
  return new TrackingError(
    code,
    message,
    isAccess ? { hint: "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN" } : {},
  );
}
