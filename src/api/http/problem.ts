import { DomainError, type ErrorCode, messageAndHint } from "../../core/mod.ts";

/** A place in a request that is wrong. */
export interface FieldError {
  /** JSON pointer into the body (`/features/3`), or the name of a query parameter or header. */
  readonly pointer: string;
  /** Feature at that place, where there is one. */
  readonly field?: string;
  /** What is wrong with it and what was expected. */
  readonly message: string;
}

/** RFC 9457 problem details, as this service writes them. */
export interface Problem {
  /** Anchor on the service's own page that explains the kind of problem. */
  readonly type: string;
  /** Kind of problem, the same for all of a type. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** What is wrong with this request and what to do. */
  readonly detail: string;
  /** Every wrong field, at most {@linkcode MAX_FIELD_ERRORS}. */
  readonly errors: readonly FieldError[];
  /** Id of the request, as in the header `x-request-id`. */
  readonly requestId: string;
}

/** Most wrong fields that one answer names; readers stop looking there, so that bad input stays cheap. */
export const MAX_FIELD_ERRORS = 100;

/** Kinds of problem that this service answers with, and what each means; the page at /docs lists them. */
export const PROBLEM_TITLES = {
  "request-malformed": "The request cannot be read",
  "input-invalid": "The request has the wrong shape or values",
  "request-too-large": "The request is too large",
  "media-type-unsupported": "The content type or encoding is not supported",
  "not-found": "There is no such thing here",
  "method-not-allowed": "This route does not take this method",
  "unauthenticated": "A key is needed",
  "forbidden": "This request is not allowed",
  "rate-limited": "The key asks too often",
  "request-timeout": "The body came too slowly",
  "client-gone": "The client went away before its body was whole",
  "overloaded": "The service has too much to do",
  "model-not-loaded": "No model is loaded",
  "data-stale": "There are no candles fresh enough",
  "store-busy": "The feature store is held by another process",
  "unavailable": "The service cannot answer for now",
  "bug": "The service failed",
} as const;

/** A key of {@linkcode PROBLEM_TITLES}. */
export type ProblemKind = keyof typeof PROBLEM_TITLES;

/** Options of {@linkcode RequestError}. */
export interface RequestErrorOptions {
  /** The wrong places. @default none */
  readonly errors?: readonly FieldError[];
  /** Headers that belong to the answer, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client can do. */
  readonly hint?: string;
}

/** A request that cannot be answered, with the places that are wrong. */
export class RequestError extends DomainError {
  /** Wrong places of the request, as many as there are. */
  readonly errors: readonly FieldError[];
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** Builds an error of the given code; its HTTP status is that of the error table. */
  constructor(code: ErrorCode, message: string, options: RequestErrorOptions = {}) {
    super(code, message, options.hint === undefined ? {} : { hint: options.hint });
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

/** Why a request was not answered, without regard to what it asks; the label of a metric. */
export type RefusalReason =
  | "key-missing"
  | "key-unknown"
  | "key-revoked"
  | "scope"
  | "rate"
  | "overloaded"
  | "queue-timeout"
  | "body-timeout"
  | "body-too-large"
  | "client-gone";

/** A request turned away by a key or a limit, or that its own client gave up; such are counted by reason. */
export class RefusalError extends RequestError {
  /** Why. */
  readonly reason: RefusalReason;

  /** Builds an error of the given code and reason. */
  constructor(code: ErrorCode, message: string, options: RequestErrorOptions & { readonly reason: RefusalReason }) {
    super(code, message, options);
    this.reason = options.reason;
  }
}

/**
 * The body broke off: no failure of the service, and mostly nobody reads the answer. The status 499 is nginx's, so that
 * it counts neither against the service nor as a bad request.
 */
export class ClientGoneError extends RefusalError {
  /** Builds the error. */
  constructor(cause?: unknown) {
    super("client-gone", "Cannot read the body as the connection broke off", { reason: "client-gone" });
    this.cause = cause;
  }
}

/** The method is known, but not here. Has no code in the error table, as no command line can meet it. */
export class MethodNotAllowedError extends RequestError {
  /** Builds the error; `allowed` are the methods of the route. */
  constructor(method: string, path: string, allowed: readonly string[]) {
    super("request-malformed", `Cannot ${method} ${path}; it takes ${allowed.join(", ")}`, {
      headers: { allow: allowed.join(", ") },
    });
  }
}

/** The problem that `error` is to a client; what is no {@linkcode DomainError} tells nothing of the inside. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (!(error instanceof DomainError)) {
    return problem("bug", 500, "The request hit a bug; the log has it under this request id", [], requestId);
  }
  const errors = error instanceof RequestError ? error.errors : [];
  const detail = messageAndHint(error);
  if (error instanceof MethodNotAllowedError) return problem("method-not-allowed", 405, detail, errors, requestId);
  return problem(kindOf(error.code), error.traits.status, detail, errors, requestId);
}

function kindOf(code: ErrorCode): ProblemKind {
  if (Object.hasOwn(PROBLEM_TITLES, code)) return code as ProblemKind;
  return new DomainError(code, "").traits.status < 500 ? "input-invalid" : "unavailable";
}

function problem(
  kind: ProblemKind,
  status: number,
  detail: string,
  errors: readonly FieldError[],
  requestId: string,
): Problem {
  const shown = errors.slice(0, MAX_FIELD_ERRORS);
  const more = errors.length >= MAX_FIELD_ERRORS ? ` (only the first ${MAX_FIELD_ERRORS} wrong fields are listed)` : "";
  return {
    type: `/docs#problem-${kind}`,
    title: PROBLEM_TITLES[kind],
    status,
    detail: `${detail}${more}`,
    errors: shown,
    requestId,
  };
}
