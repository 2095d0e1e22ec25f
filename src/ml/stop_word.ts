/**
 * A word of shared memory that asks a busy thread to end: `Worker.terminate()` alone neither wakes nor interrupts one
 * (Deno 2.9), which then computes on, and the process does not end before it.
 */
export type StopWord = Int32Array;

/** The work was stopped from outside; whoever did it knows why. */
export class WorkStopped extends Error {
  override readonly name = "WorkStopped";
}

/** A word in memory of its own, not yet set. */
export function newStopWord(): StopWord {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Asks every thread that looks at the word to end. */
export function requestStop(stop: StopWord): void {
  Atomics.store(stop, 0, 1);
}

/** Called wherever a thread may end, some times a second at least. @throws {WorkStopped} once that was asked for */
export function throwIfStopped(stop: StopWord): void {
  if (Atomics.load(stop, 0) !== 0) throw new WorkStopped("The work was stopped");
}
