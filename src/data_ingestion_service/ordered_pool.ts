/**
 * Runs `work` on at most `limit` items at once and yields the results in the order of the items. An error ends it;
 * what is still running is awaited first, so that nothing goes on behind the caller's back.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`Cannot run a pool as 'limit' must be a positive integer: current value is ${limit}`);
  }
  const running: Promise<R>[] = [];
  const iterator = items[Symbol.iterator]();
  const start = () => {
    const next = iterator.next();
    if (next.done) return;
    const promise = work(next.value);
    promise.catch(() => undefined); // handled when its turn comes
    running.push(promise);
  };
  try {
    for (let i = 0; i < limit; i++) start();
    while (running.length > 0) {
      const result = await running.shift()!;
      start();
      yield result;
    }
  } finally {
    await Promise.allSettled(running);
  }
}
