import { DomainError, type ErrorCode, messageAndHint, TrackingError, type TrackingErrorCode } from "../../core/mod.ts";

/**
 * HTTP status of each code, as MLflow's server answers. INVALID_STATE is 500 there, which its Python client repeats for
 * minutes although the fault is the caller's; here it is 400.
 */
const STATUS: Readonly<Record<TrackingErrorCode, number>> = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INVALID_STATE: 400,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
};

/** MLflow's code for failures that a store raises in our words. */
const THEIRS: Partial<Record<ErrorCode, TrackingErrorCode>> = {
  "input-invalid": "INVALID_PARAMETER_VALUE",
  "usage": "INVALID_PARAMETER_VALUE",
  "request-malformed": "BAD_REQUEST",
  "not-found": "RESOURCE_DOES_NOT_EXIST",
  "permission-denied": "PERMISSION_DENIED",
  "forbidden": "PERMISSION_DENIED",
  "tracking-refused": "PERMISSION_DENIED",
  "unauthenticated": "UNAUTHENTICATED",
  "gate-refused": "RESOURCE_CONFLICT",
  "store-busy": "TEMPORARILY_UNAVAILABLE",
  "store-damaged": "INTERNAL_ERROR",
  "tracking-unavailable": "TEMPORARILY_UNAVAILABLE",
  "rate-limited": "REQUEST_LIMIT_EXCEEDED",
};

/** A failure as an HTTP client sees it. */
export interface HttpFailure {
  /** HTTP status. */
  readonly status: number;
  /** MLflow's `error_code`. */
  readonly errorCode: TrackingErrorCode;
  /** What failed and why; safe to show. */
  readonly message: string;
  /** What to do, where it is known. */
  readonly hint?: string;
}

/** A request whose body is larger than the route takes: 413, which no client of MLflow retries. */
export class BodyTooLargeError extends TrackingError {
  /** Builds the error; the message says the limit. */
  constructor(message: string) {
    super("BAD_REQUEST", message);
  }
}

/**
 * What a failure means over HTTP. Bugs and failures of the machine are `INTERNAL_ERROR` without their text, which may
 * hold paths; the caller logs them.
 */
export function toHttpFailure(error: unknown): HttpFailure {
  if (error instanceof BodyTooLargeError) {
    return { status: 413, errorCode: error.errorCode, message: error.message };
  }
  if (error instanceof TrackingError) {
    return {
      status: STATUS[error.errorCode],
      errorCode: error.errorCode,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  if (error instanceof DomainError) {
    const errorCode = THEIRS[error.code] ?? "INTERNAL_ERROR";
    return {
      status: STATUS[errorCode],
      errorCode,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return {
      status: 403,
      errorCode: "PERMISSION_DENIED",
      message: "The server may not open this file or folder",
      hint: "Start it with the folder granted: task mlflow-ui READ=DIR WRITE=DIR",
    };
  }
  return { status: 500, errorCode: "INTERNAL_ERROR", message: "Internal error, see the log of the server" };
}

/** What MLflow 3.17 tells beside a code: SQLSTATE and class; of some codes it tells none. */
const CLASSES: Partial<Record<TrackingErrorCode, readonly [sqlstate: string, errorClass: string]>> = {
  INVALID_PARAMETER_VALUE: ["KAM00", "INVALID_PARAMETER_VALUE"],
  BAD_REQUEST: ["KAM00", "INVALID_PARAMETER_VALUE"],
  RESOURCE_ALREADY_EXISTS: ["KAM00", "RESOURCE_ALREADY_EXISTS"],
  PERMISSION_DENIED: ["KAM00", "PERMISSION_DENIED"],
  RESOURCE_DOES_NOT_EXIST: ["KAM00", "RESOURCE_NOT_FOUND"],
  ENDPOINT_NOT_FOUND: ["KAM00", "RESOURCE_NOT_FOUND"],
  INVALID_STATE: ["XXM00", "CLIENT_INTERNAL_ERROR"],
  INTERNAL_ERROR: ["XXM00", "CLIENT_INTERNAL_ERROR"],
  TEMPORARILY_UNAVAILABLE: ["XXM00", "CLIENT_INTERNAL_ERROR"],
};

/** MLflow's error answer. */
export function errorResponse(failure: HttpFailure): Response {
  const [sqlstate, errorClass] = CLASSES[failure.errorCode] ?? [];
  const body = {
    error_code: failure.errorCode,
    message: messageAndHint(failure),
    sqlstate,
    error_class: errorClass,
  };
  return Response.json(body, {
    status: failure.status,
    headers: failure.status === 503 ? { "retry-after": "1" } : {},
  });
}
