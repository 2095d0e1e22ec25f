/** `nurseryMb` is half of what new objects have before V8 collects them, and that of every Worker. */
function v8Flags(nurseryMb: number, ...more: readonly string[]): string {
  const flags = [
    "--no-concurrent-osr",
    "--no-maglev-osr",
    "--expose-gc",
    `--max-semi-space-size=${nurseryMb}`,
    ...more,
  ];
  return `--v8-flags=${flags.join(",")}`;
}

/**
 * Flags of V8 that every command is started with; set in a running process they change nothing, or anything (ADR 25).
 *
 * - `--no-concurrent-osr`: V8 15.0 swaps a running loop for code that a second thread compiled. Where a collection ran
 *   meanwhile, the object made after the loop shares its numbers with the next one: a score turns into another.
 * - `--no-maglev-osr`: V8's middle compiler replaces loops on a second thread alone. Asked to and not let, it never does, and
 *   a long loop of a function that is called once runs without being compiled, a hundred times slower.
 * - `--expose-gc` is for `collectGarbage()`.
 * - `--max-semi-space-size`: V8 lets it grow to 16 MB, 130 MB in a `track` with two Workers, which is no faster by it.
 */
export const ENGINE_FLAGS = v8Flags(4);

/**
 * Environment that tasks start commands with. glibc raises the size from which on it gives memory back at once to that of
 * the largest block that was freed, and keeps what is smaller, some 60 MB in a `track` of two years; this holds it still.
 */
export const ENGINE_ENV: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: "131072" };

/** How a command is started. */
export interface EngineStart {
  /** Options of `deno run`. */
  readonly flags: readonly string[];
  /** Module that is run, from the project's root. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The service, which is to stay small for months (ADR 26). */
const SERVICE_START: EngineStart = {
  flags: [
    "--no-code-cache",
    v8Flags(2, "--heap-growing-percent=10", "--bytecode-old-age=2", "--no-sparkplug"),
  ],
  entry: "src/cli/service_entry.ts",
  env: {
    MALLOC_ARENA_MAX: "1",
    MALLOC_MMAP_THRESHOLD_: "8192",
    MALLOC_TRIM_THRESHOLD_: "16384",
    MALLOC_TOP_PAD_: "4096",
  },
};

/** How the tasks start a command. */
export function engineStart(command: string): EngineStart {
  return command === "api" ? SERVICE_START : { flags: [ENGINE_FLAGS], entry: "main.ts", env: ENGINE_ENV };
}

/** Whether this process was started with {@linkcode ENGINE_FLAGS}, as far as it can tell: V8 shows only the second. */
export function hasEngineFlags(): boolean {
  return "gc" in globalThis;
}
