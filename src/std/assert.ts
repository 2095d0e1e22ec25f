/**
 * Stand-in for `@std/assert`: the assertions used here, over Node's strict ones. The default import is used on
 * purpose: the named ones compare loosely in Deno.
 *
 * @module
 */
import strict from "node:assert/strict";

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  strict.ok(value, message);
}

/** Fails unless both are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  strict.deepStrictEqual(actual, expected, message);
}

/** Fails if both are deeply and strictly equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  strict.notDeepStrictEqual(actual, expected, message);
}

/** Fails unless `|actual − expected| ≤ tolerance`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7, message?: string): void {
  const ok = Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance;
  strict.ok(ok, message ?? `Values differ by more than ${tolerance}: actual is ${actual}, expected is ${expected}`);
}

/** Fails unless `text` contains `part`. */
export function assertStringIncludes(text: string, part: string, message?: string): void {
  strict.ok(text.includes(part), message ?? `Text lacks '${part}': ${text}`);
}

/** Fails unless `text` matches. */
export function assertMatch(text: string, pattern: RegExp, message?: string): void {
  strict.match(text, pattern, message);
}

/** Any class of errors. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error> = new (...args: any[]) => E;

function checked<E extends Error>(error: unknown, kind: ErrorClass<E>, part?: string): E {
  strict.ok(
    error instanceof kind,
    `Expected ${kind.name}, got ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
  );
  if (part !== undefined) assertStringIncludes(error.message, part);
  return error;
}

/** Fails unless `run` throws an error of the class, with `part` in its message; returns it. */
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  kind: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part?: string,
): E {
  try {
    run();
  } catch (error) {
    return checked(error, kind, part);
  }
  return strict.fail("Expected the function to throw");
}

/** Fails unless the promise rejects with an error of the class, with `part` in its message; returns it. */
export async function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  kind: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  part?: string,
): Promise<E> {
  try {
    await run();
  } catch (error) {
    return checked(error, kind, part);
  }
  return strict.fail("Expected the promise to reject");
}
