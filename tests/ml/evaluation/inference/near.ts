import { assert } from "@std/assert";

/** Fails unless two numbers agree to this share of the expected one. */
export function assertNear(actual: number, expected: number, share: number, what = "value"): void {
  assert(Math.abs(actual - expected) <= share * Math.abs(expected), `${what}: ${actual} is not ${expected}`);
}
