import { DomainError, type ErrorCode } from "../core/mod.ts";

/** An error on its way out of a Worker, which only lets plain data through. */
export interface WorkerFailure {
  readonly message: string;
  readonly stack: string;
  /** Where it is a `DomainError`. */
  readonly code?: ErrorCode;
  readonly hint?: string;
}

/** What a Worker says of whatever was thrown in it. */
export function describeFailure(thrown: unknown): WorkerFailure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, hint } = error instanceof DomainError ? error : {};
  return {
    message: error.message,
    stack: error.stack ?? "",
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The error as it was thrown in the Worker. */
export function failureOf({ message, stack, code, hint }: WorkerFailure): Error {
  if (code === undefined) return Object.assign(new Error(message), { stack });
  return new DomainError(code, message, hint === undefined ? {} : { hint });
}
