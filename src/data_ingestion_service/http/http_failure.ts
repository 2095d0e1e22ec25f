/** How a request failed: by a status, or (status 0) without an answer. Retry looks at this, never at a text. */
export class HttpFailure extends Error {
  /** Always the class name. */
  override readonly name: string = "HttpFailure";
  /** HTTP status; 0 where the connection failed, was cut, timed out, or the answer was not what the protocol says. */
  readonly status: number;
  /** What `Retry-After` asks for. */
  readonly retryAfterMs: number | undefined;
  /** Start of the body. */
  readonly body: string;

  /** Builds the failure; `what` is the request in words. */
  constructor(
    what: string,
    options: {
      readonly status: number;
      readonly retryAfterMs?: number | undefined;
      readonly body?: string;
      readonly cause?: unknown;
    },
  ) {
    const { status, cause } = options;
    const how = status === 0 ? `got no answer (${reasonOf(cause)})` : `was answered ${status}`;
    super(`${what} ${how}`, cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfterMs = options.retryAfterMs;
    this.body = (options.body ?? "").slice(0, 500);
  }

  /**
   * Whether the same request may succeed a moment later: no answer, a redirection (the sign-in page of a network), a
   * fault of the server, or too many requests.
   */
  get isTransient(): boolean {
    const { status } = this;
    return status < 400 || status === 408 || status === 418 || status === 429 || status >= 500;
  }

  /** Whether the server asks for less: 429, or 418 (banned for going on after 429). */
  get isRateLimit(): boolean {
    return this.status === 429 || this.status === 418;
  }

  /** Whether this host refuses whoever asks from here: another host may not. */
  get isRefusal(): boolean {
    return this.status === 451 || this.status === 403;
  }
}

/** An answer read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Fetches and reads the whole body, so that a connection cut in the middle is a failure of this request. Redirects are
 * not followed: they would lead past the list of hosts.
 *
 * @throws {HttpFailure} on any status but 2xx; the signal's reason where it was aborted; `NotCapable` as it is.
 */
export async function fetchWhole(
  url: string,
  options: {
    readonly timeoutMs: number;
    readonly maxBytes: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
    /** Told of each answer's headers, failed or not. */
    readonly onHeaders?: (headers: Headers) => void;
  },
): Promise<HttpAnswer> {
  const what = `GET ${url.split("?", 1)[0]}`;
  // An own timer rather than AbortSignal.timeout: that one keeps the process alive until it fires.
  const timer = new AbortController();
  const timeout = setTimeout(
    () => timer.abort(new Error(`no answer within ${options.timeoutMs} ms`)),
    options.timeoutMs,
  );
  const signal = options.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, options.signal]);
  try {
    const response = await fetch(url, { redirect: "manual", signal, headers: { ...options.headers } });
    options.onHeaders?.(response.headers);
    if (!response.ok) {
      const body = await response.text();
      const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
      throw new HttpFailure(what, { status: response.status, retryAfterMs, body });
    }
    if (Number(response.headers.get("content-length") ?? 0) > options.maxBytes) {
      await response.body?.cancel();
      throw new HttpFailure(what, { status: 0, cause: new Error(`more than ${options.maxBytes} bytes`) });
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    if (error instanceof HttpFailure || error instanceof Deno.errors.NotCapable) throw error;
    if (options.signal?.aborted) throw options.signal.reason;
    throw new HttpFailure(what, { status: 0, cause: error });
  } finally {
    clearTimeout(timeout);
  }
}

/** Milliseconds of a `Retry-After` in seconds, or undefined where it is absent or a date. */
export function parseRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : undefined;
}

/** Waiting time before try `attempt` (from 1): doubling from a quarter second to eight, half of it by chance. */
export function backoffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(8_000, 250 * 2 ** (attempt - 1));
  return ceiling / 2 + ceiling / 2 * chance;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "no reason given";
  const inner = cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  return `${cause.message}${inner}`.replace(/\s+/g, " ").slice(0, 200);
}
