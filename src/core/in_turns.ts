/** A queue: at most so many works at a time, begun in the order in which they were asked for, however others end. */
export function inTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next(); // its place is handed on, so that nobody who comes now goes first
    }
  };
}

/** A queue of one: each work begins when the one before it has ended. */
export const oneAtATime = (): ReturnType<typeof inTurns> => inTurns(1);
