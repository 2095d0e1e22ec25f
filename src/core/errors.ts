import { calledAs } from "./called_as.ts";

/** What a failure of each kind means to the shell, to an HTTP client and to a retry loop. */
export interface ErrorTraits {
  /** Exit status of the command line (design section 4). */
  readonly exit: number;
  /** HTTP status when the failure reaches a client of a service. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retry: boolean;
}

/** One row per failure that a user can meet; the key is the stable code shown to machines. */
export const ERROR_TRAITS = {
  "check-failed": { exit: 1, status: 500, retry: false },
  "usage": { exit: 2, status: 400, retry: false },
  "config-invalid": { exit: 3, status: 500, retry: false },
  "input-invalid": { exit: 3, status: 422, retry: false },
  "archive-unreadable": { exit: 4, status: 500, retry: false },
  "model-invalid": { exit: 5, status: 503, retry: false },
  "permission-denied": { exit: 3, status: 500, retry: false },
  "port-in-use": { exit: 3, status: 500, retry: false },
  "symbol-unknown": { exit: 3, status: 404, retry: false },
  "exchange-unavailable": { exit: 4, status: 503, retry: true },
  "exchange-refused": { exit: 4, status: 503, retry: false },
  "rate-limited": { exit: 4, status: 429, retry: true },
  "region-blocked": { exit: 4, status: 451, retry: false },
  "tracking-unavailable": { exit: 4, status: 503, retry: true },
  "tracking-refused": { exit: 4, status: 502, retry: false },
  "fetch-failed": { exit: 4, status: 503, retry: true },
  "checksum-mismatch": { exit: 5, status: 500, retry: false },
  "dataset-changed": { exit: 5, status: 409, retry: true },
  "invariant-violated": { exit: 5, status: 500, retry: false },
  "not-found": { exit: 6, status: 404, retry: false },
  "gate-refused": { exit: 7, status: 409, retry: false },
  "leak-detected": { exit: 7, status: 409, retry: false },
  "store-busy": { exit: 8, status: 503, retry: true },
  "disk-full": { exit: 3, status: 507, retry: false },
  "store-damaged": { exit: 5, status: 503, retry: false },
  "request-malformed": { exit: 3, status: 400, retry: false },
  "request-too-large": { exit: 3, status: 413, retry: false },
  "media-type-unsupported": { exit: 3, status: 415, retry: false },
  "model-not-loaded": { exit: 6, status: 503, retry: true },
  "data-stale": { exit: 1, status: 503, retry: true },
  "overloaded": { exit: 4, status: 503, retry: true },
  "client-gone": { exit: 4, status: 499, retry: true },
  "request-timeout": { exit: 4, status: 408, retry: true },
  "unauthenticated": { exit: 3, status: 401, retry: false },
  "forbidden": { exit: 3, status: 403, retry: false },
  "worker-lost": { exit: 1, status: 500, retry: true },
  "interrupted": { exit: 130, status: 503, retry: true },
  "bug": { exit: 70, status: 500, retry: false },
} as const satisfies Record<string, ErrorTraits>;

/** A stable code of {@linkcode ERROR_TRAITS}. */
export type ErrorCode = keyof typeof ERROR_TRAITS;

/** Options of {@linkcode DomainError}. */
export interface DomainErrorOptions {
  /** What the user can do about it, as one imperative sentence. */
  readonly hint?: string;
  /** The failure underneath, kept for `--log-level debug`. */
  readonly cause?: unknown;
}

/**
 * A failure that a caller or user is expected to meet: what could not be done, why and the value seen are
 * in the message, what to do is in the hint, and the code decides exit status, HTTP status and retry.
 *
 * @example
 * ```ts
 * import { DomainError } from "./errors.ts";
 * const error = new DomainError("not-found", "Cannot find run 'abc'", { hint: "List runs with: task mlflow-ui" });
 * if (error.traits.exit !== 6) throw new Error("unexpected exit");
 * ```
 */
export class DomainError extends Error {
  /** Always the class name, also for subclasses. */
  override readonly name: string;
  /** Stable code, for machines. */
  readonly code: ErrorCode;
  /** What to do, or undefined where the message says it all. */
  readonly hint: string | undefined;

  /** Builds an error of the given code; the message has no final period. */
  constructor(code: ErrorCode, message: string, options: DomainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }

  /** Exit status, HTTP status and retry of this error's code. */
  get traits(): ErrorTraits {
    return ERROR_TRAITS[this.code];
  }
}

/** Whether `error` is a {@linkcode DomainError}, of one of the given codes if any are given. */
export function isDomainError(error: unknown, ...codes: readonly ErrorCode[]): error is DomainError {
  return error instanceof DomainError && (codes.length === 0 || codes.includes(error.code));
}

/** What an error says, with what to do where it knows, by commands as they are called here. */
export function messageAndHint(
  { message, hint }: { readonly message: string; readonly hint?: string | undefined },
  standalone?: boolean,
): string {
  return hint === undefined ? message : `${message}. ${calledAs(hint, standalone)}`;
}

/** A warning of a result: something a user should know that did not stop the work. */
export interface Warning {
  /** Stable kebab-case code. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
}
