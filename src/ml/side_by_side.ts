/**
 * Runs parts side by side until all have ended. The first that fails has the others stopped by their signal, and is what is
 * thrown once they have: nothing goes on behind the caller's back.
 *
 * @throws the signal's reason where it was aborted, else what the first part to fail threw.
 */
export async function sideBySide(
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(parts.map(async (part) => {
    try {
      await part(either);
    } catch (error) {
      failure ??= { error };
      failed.abort(error);
    }
  }));
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
