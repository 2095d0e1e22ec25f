/** Less than this is nothing that anybody lacks: a process this small goes on, and leaves it to V8. */
const PLENTY_BYTES = 576 * 2 ** 20;

/**
 * Lets go at once of what this thread holds no more, in some tens of milliseconds, where the process is not small anyway.
 * V8 does not count memory that is shared, so that nothing tells it to look for hundreds of megabytes of it: to be called
 * where such has just been done with.
 *
 * It does nothing in a process that was started without `--v8-flags=--expose-gc`, which then takes more memory. To set the
 * flag later is not safe: V8 may do anything from then on.
 */
export function collectGarbage(): void {
  if (Deno.memoryUsage().rss < PLENTY_BYTES) return;
  (globalThis as { readonly gc?: () => void }).gc?.();
}
