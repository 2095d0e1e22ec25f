import { DomainError, quoted } from "../../core/mod.ts";

/** What of the configuration leads to a path, as errors name it. */
export interface ConfiguredPath {
  /** What is there, such as `the request log`. */
  readonly what: string;
  /** The path. */
  readonly path: string;
  /** Setting of `config/api.json` that names it. */
  readonly setting: string;
}

/** The error for a path that cannot be used as it was configured: what was refused, and what to change. */
export function cannotUse(
  { what, path, setting }: ConfiguredPath,
  { verb, cause }: { readonly verb: "read" | "write"; readonly cause: unknown },
): DomainError {
  if (cause instanceof Deno.errors.NotCapable) {
    return new DomainError("permission-denied", `Cannot ${verb} ${what} '${path}' as it is not granted`, {
      hint: `Put it into mlruns/, or grant it: task api READ=${quoted(path)} WRITE=${quoted(path)}`,
      cause,
    });
  }
  return new DomainError("config-invalid", `Cannot ${verb} ${what} '${path}': ${(cause as Error).message}`, {
    hint: `See ${setting} in config/api.json`,
    cause,
  });
}

/** The prediction log at a folder. */
export function predictionLogAt(path: string): ConfiguredPath {
  return { what: "the prediction log", path, setting: "predictionLog.directory" };
}

/** Whether a path is refused for what was configured, which stays so, rather than for what a disk lacks at present. */
export function isConfiguredWrongly(error: unknown): boolean {
  const { NotCapable, PermissionDenied, AlreadyExists, NotADirectory, IsADirectory } = Deno.errors;
  return [NotCapable, PermissionDenied, AlreadyExists, NotADirectory, IsADirectory].some((kind) =>
    error instanceof kind
  ) ||
    (error as { readonly code?: unknown }).code === "EROFS";
}
