/**
 * Flags of V8 that every command is started with; set in a running process they change nothing, or anything (ADR 25).
 *
 * - `--no-concurrent-osr`: V8 15.0 swaps a running loop for code that a second thread compiled. Where a collection ran
 *   meanwhile, the object made after the loop shares its numbers with the next one: a score turns into another.
 * - `--expose-gc` is for `collectGarbage()`.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-concurrent-osr,--expose-gc";

/** Whether this process was started with {@linkcode ENGINE_FLAGS}, as far as it can tell: V8 shows only the second. */
export function hasEngineFlags(): boolean {
  return "gc" in globalThis;
}
