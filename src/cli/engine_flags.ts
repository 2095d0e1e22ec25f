/**
 * Flags of V8 that every command is started with; set in a running process they change nothing, or anything (ADR 25).
 *
 * - `--no-concurrent-osr`: V8 15.0 swaps a running loop for code that a second thread compiled. Where a collection ran
 *   meanwhile, the object made after the loop shares its numbers with the next one: a score turns into another.
 * - `--expose-gc` is for `collectGarbage()`.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-concurrent-osr,--expose-gc";

/**
 * Environment that tasks start commands with. glibc raises the size from which on it gives memory back at once to that of
 * the largest block that was freed, and keeps what is smaller, some 60 MB in a `track` of two years; this holds it still.
 */
export const ENGINE_ENV: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: "131072" };

/** How a command is started. */
export interface EngineStart {
  /** Argument of `deno run`. */
  readonly flags: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Flags and environment of the service, which is to stay small for months: V8 lets its heap double before it collects,
 * and glibc keeps an arena a thread. What it comes to is in docs/results/api.json.
 */
const SERVICE_START: EngineStart = {
  flags: `${ENGINE_FLAGS},--max-semi-space-size=2,--heap-growing-percent=10`,
  env: { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" },
};

/** How the tasks start a command. */
export function engineStart(command: string): EngineStart {
  return command === "api" ? SERVICE_START : { flags: ENGINE_FLAGS, env: ENGINE_ENV };
}

/** Whether this process was started with {@linkcode ENGINE_FLAGS}, as far as it can tell: V8 shows only the second. */
export function hasEngineFlags(): boolean {
  return "gc" in globalThis;
}
