/**
 * Runs parts side by side until all have ended. One that fails has the others stopped by their signal, and is what is thrown
 * once they have: nothing goes on behind the caller's back. Of several that failed by themselves the first in order is.
 *
 * @throws what failed before the signal was aborted, else the signal's reason.
 */
export async function sideBySide(
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal?: AbortSignal,
): Promise<void> {
  // A reason of its own: nobody takes a neighbour's failure for theirs.
  const stop = new AbortController(), reason = new DOMException("What ran beside it failed", "AbortError");
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const failures: { readonly error: unknown }[] = [];
  await Promise.all(parts.map(async (part, place) => {
    try {
      await part(either);
    } catch (error) {
      if (signal?.aborted || error === reason) return;
      failures[place] = { error };
      stop.abort(reason);
    }
  }));
  const first = failures.find((failure) => failure !== undefined);
  if (first !== undefined) throw first.error;
  signal?.throwIfAborted();
}
