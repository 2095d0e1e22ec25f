import v8 from "node:v8";
import vm from "node:vm";

let collect: (() => void) | undefined;

/**
 * Lets go at once of what this thread holds no more, in some tens of milliseconds. V8 does not count memory that is shared,
 * so that nothing tells it to look for hundreds of megabytes of it: to be called where such has just been done with.
 */
export function collectGarbage(): void {
  collect ??= exposedCollector();
  collect();
}

/** V8's own `gc`, which a context has that is made while the flag is set; nothing where it is not to be had. */
function exposedCollector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  const gc: unknown = vm.runInNewContext("globalThis.gc");
  v8.setFlagsFromString("--no-expose-gc");
  return typeof gc === "function" ? () => gc() : () => {};
}
