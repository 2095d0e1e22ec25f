let isSpared = false;

/**
 * Leaves garbage to V8 from now on, or no more, on this thread: where data are few nobody lacks the memory, and a full
 * collection throws away compiled code too.
 */
export function spareGarbage(dataAreFew: boolean): void {
  isSpared = dataAreFew;
}

/**
 * Lets go at once of what this thread holds no more, in some tens of milliseconds, unless data are few. V8 does not count
 * memory that is shared, so that nothing tells it to look for hundreds of megabytes of it: to be called where such has
 * just been done with.
 *
 * It does nothing in a process that was started without `--v8-flags=--expose-gc`, which then takes more memory. To set the
 * flag later is not safe: V8 may do anything from then on.
 */
export function collectGarbage(): void {
  if (isSpared) return;
  (globalThis as { readonly gc?: () => void }).gc?.();
}
