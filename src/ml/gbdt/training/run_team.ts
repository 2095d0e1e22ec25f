import { DomainError } from "../../../core/mod.ts";
import type { BoostOutcome, GbdtJob, GbdtWorkerReply, GbdtWorkerRequest, TreeReport } from "./protocol.ts";
import { lateMembers, stopTeam, teamPulse } from "./team.ts";
import { TrainingMemory } from "./training_memory.ts";

/** A team that has done nothing for this long has lost a member. */
const STALL_MS = 60_000;
const LOOK_EVERY_MS = 1000;

/** Options of {@linkcode runTeam}. */
export interface RunTeamOptions {
  readonly signal?: AbortSignal;
  readonly onTree?: (report: TreeReport) => void;
  /** How long without any work until the team is given up. @default {60_000} */
  readonly stallMs?: number;
  /** Starts a Worker that runs `worker.ts`; tests give Workers that fail. */
  readonly startWorker?: (member: number) => Worker;
}

/**
 * Runs a job on its Workers; the first failure of one ends all.
 *
 * @throws {DomainError} `worker-lost` naming the Worker that failed, died or fell silent.
 */
export function runTeam(job: GbdtJob, options: RunTeamOptions = {}): Promise<BoostOutcome> {
  const { signal, onTree, stallMs = STALL_MS, startWorker = startTeamWorker } = options;
  const { control } = TrainingMemory.attach(job.memory, job.shape);
  const { promise, resolve, reject } = Promise.withResolvers<BoostOutcome>();
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const workers = Array.from({ length: job.shape.members }, (_, member) => {
    const worker = startWorker(member);
    worker.onmessage = ({ data: reply }: MessageEvent<GbdtWorkerReply>) => {
      switch (reply.type) {
        case "tree":
          return onTree?.(reply.report);
        case "done":
          return reply.outcome === undefined ? undefined : resolve(reply.outcome);
        case "failed":
          return reject(lost([member], `failed: ${reply.message}`, reply.stack));
      }
    };
    worker.onerror = (event) => {
      event.preventDefault(); // else it is thrown on this thread too
      reject(lost([member], `failed: ${event.message}`));
    };
    worker.postMessage({ job, member } satisfies GbdtWorkerRequest);
    return worker;
  });
  // A Worker that is ended from outside says nothing, and the others wait for it.
  let pulse = -1, changedMs = performance.now();
  const watch = setInterval(() => {
    const now = performance.now(), current = teamPulse(control);
    if (current !== pulse) [pulse, changedMs] = [current, now];
    else if (now - changedMs > stallMs) {
      reject(lost(lateMembers(control), `did nothing for ${stallMs / 1000} s, so it was ended or hangs`));
    }
  }, Math.min(LOOK_EVERY_MS, stallMs / 2));
  return promise.finally(() => {
    clearInterval(watch);
    signal?.removeEventListener("abort", onAbort);
    stopTeam(control);
    for (const worker of workers) worker.terminate();
  });
}

function startTeamWorker(member: number): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: `gbdt-${member}`,
    deno: { permissions: "none" },
  });
}

function lost(members: readonly number[], what: string, stack?: string): DomainError {
  return new DomainError(
    "worker-lost",
    `Cannot train boosted trees as training worker ${members.join(" and ")} ${what}`,
    {
      hint: "Most likely memory ran out: take a shorter range, fewer features or fewer leaves",
      cause: stack,
    },
  );
}
