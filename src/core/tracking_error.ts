import { DomainError, type DomainErrorOptions, type ErrorCode } from "./errors.ts";

/** MLflow's error codes that our stores raise (reference section 4). */
export type TrackingErrorCode =
  | "INVALID_PARAMETER_VALUE"
  | "BAD_REQUEST"
  | "RESOURCE_ALREADY_EXISTS"
  | "RESOURCE_DOES_NOT_EXIST"
  | "ENDPOINT_NOT_FOUND"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "INVALID_STATE"
  | "INTERNAL_ERROR"
  | "NOT_IMPLEMENTED"
  | "TEMPORARILY_UNAVAILABLE"
  | "REQUEST_LIMIT_EXCEEDED"
  | "RESOURCE_CONFLICT";

const OURS: Readonly<Record<TrackingErrorCode, ErrorCode>> = {
  INVALID_PARAMETER_VALUE: "input-invalid",
  BAD_REQUEST: "input-invalid",
  RESOURCE_ALREADY_EXISTS: "input-invalid",
  RESOURCE_DOES_NOT_EXIST: "not-found",
  ENDPOINT_NOT_FOUND: "not-found",
  PERMISSION_DENIED: "tracking-refused",
  UNAUTHENTICATED: "tracking-refused",
  INVALID_STATE: "tracking-refused",
  INTERNAL_ERROR: "tracking-refused",
  NOT_IMPLEMENTED: "tracking-refused",
  TEMPORARILY_UNAVAILABLE: "tracking-unavailable",
  REQUEST_LIMIT_EXCEEDED: "tracking-unavailable",
  RESOURCE_CONFLICT: "input-invalid",
};

/** Options of {@linkcode TrackingError}. */
export interface TrackingErrorOptions extends DomainErrorOptions {
  /** Our code where MLflow's alone does not say it: `store-busy`, `store-damaged`. */
  readonly code?: ErrorCode;
}

/** A failure of a tracking store or registry, with MLflow's code beside ours. */
export class TrackingError extends DomainError {
  /** MLflow's `error_code`. */
  readonly errorCode: TrackingErrorCode;

  /** Builds an error of MLflow's code; ours follows from it. */
  constructor(
    errorCode: TrackingErrorCode,
    message: string,
    options: TrackingErrorOptions = {},
  ) {
    super(options.code ?? OURS[errorCode], message, options);
    this.errorCode = errorCode;
  }
}
