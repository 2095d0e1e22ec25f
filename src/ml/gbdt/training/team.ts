const STOPPED = 0, ARRIVED = 1, GENERATION = 2, TICKET = 3, TASKS = 4;
/** From here on, how often each member has come to a meeting. */
const MEETINGS = 5;
/** Words of the control block of a team: after the meetings, the next task of each member's own loop. */
export const controlWords = (members: number): number => MEETINGS + 2 * members;
/** Stands for the next task of a loop that is not open. */
const CLOSED = 1 << 30;

/** Looks at the barrier before a thread goes to sleep; most waits are shorter than waking one. */
const SPINS = 40_000;
/** How long a thread sleeps before it looks whether it should stop. */
const SLEEP_MS = 50;

/** The team was stopped from outside. */
export class TeamStopped extends Error {
  override readonly name = "TeamStopped";
}

/**
 * Threads that run the same program over one shared memory and share out its loops. What a loop's tasks write must
 * not depend on who runs them; then nothing depends on the size of the team.
 */
export class Team {
  readonly #control: Int32Array;
  readonly #size: number;
  /** Number of this thread, from 0. */
  readonly member: number;

  /** Joins a team over `controlWords` zeroed words of shared memory. */
  constructor(control: Int32Array, member: number, size: number) {
    this.#control = control;
    this.#size = size;
    this.member = member;
    Atomics.store(control, MEETINGS + size + member, CLOSED);
  }

  /** Runs tasks 0 … count − 1, each on the thread that is free first; returns when all have ended. */
  forEach(count: number, run: (task: number) => void): void {
    for (;;) {
      if (Atomics.load(this.#control, STOPPED) !== 0) throw new TeamStopped("The team was stopped");
      const task = Atomics.add(this.#control, TICKET, 1);
      if (task >= count) break;
      run(task);
      Atomics.add(this.#control, TASKS, 1);
    }
    this.meet();
  }

  /**
   * Runs tasks 0 … count − 1 of the thread's own, and when these are taken, tasks of others that are behind. Each thread
   * calls it once between two meetings, after it has published what tells its tasks; `countOf` is read from that.
   */
  forEachOwn(countOf: (owner: number) => number, run: (owner: number, task: number) => void): void {
    const control = this.#control, size = this.#size, queue = (owner: number) => MEETINGS + size + owner;
    Atomics.store(control, queue(this.member), 0);
    for (let i = 0; i < size; i++) {
      const owner = (this.member + i) % size;
      for (;;) {
        const task = Atomics.add(control, queue(owner), 1);
        // In this order: what a closed loop has published may be old.
        if (task >= CLOSED || task >= countOf(owner)) break;
        run(owner, task);
      }
      // Before the meeting, after which others may not take it for the next loop.
      if (owner === this.member) Atomics.store(control, queue(owner), CLOSED);
    }
  }

  /** Returns when every thread of the team has called it. */
  meet(): void {
    const control = this.#control, generation = Atomics.load(control, GENERATION);
    Atomics.add(control, MEETINGS + this.member, 1);
    if (Atomics.add(control, ARRIVED, 1) === this.#size - 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.store(control, TICKET, 0);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
      return;
    }
    for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, GENERATION) !== generation) return;
    while (Atomics.load(control, GENERATION) === generation) {
      if (Atomics.load(control, STOPPED) !== 0) throw new TeamStopped("The team was stopped");
      // With a limit, as nothing else ends it: `Worker.terminate()` neither wakes nor interrupts a thread (Deno 2.9).
      Atomics.wait(control, GENERATION, generation, SLEEP_MS);
    }
  }
}

/** Makes every thread of the team leave with {@linkcode TeamStopped} soon. */
export function stopTeam(control: Int32Array): void {
  Atomics.store(control, STOPPED, 1);
  Atomics.notify(control, GENERATION);
}

/** A number that changes as long as the team works. */
export function teamPulse(control: Int32Array): number {
  let pulse = Atomics.load(control, TASKS);
  for (const meetings of meetingsOf(control)) pulse = (pulse + meetings) | 0;
  return pulse;
}

/** Members that the others wait for, or all where none is behind. */
export function lateMembers(control: Int32Array): number[] {
  const meetings = meetingsOf(control), fewest = Math.min(...meetings);
  return [...meetings.keys()].filter((member) => meetings[member] === fewest);
}

function meetingsOf(control: Int32Array): number[] {
  const members = (control.length - MEETINGS) / 2;
  return Array.from({ length: members }, (_, member) => Atomics.load(control, MEETINGS + member));
}
