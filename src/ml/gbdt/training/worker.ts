/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that is one thread of a team that trains boosted trees. It needs no permission.
 *
 * @module
 */
import { boost } from "./boost.ts";
import { type GbdtWorkerReply, type GbdtWorkerRequest, milestoneOf } from "./protocol.ts";
import { TeamStopped } from "./team.ts";

const TREE_MESSAGE_EVERY_MS = 100;

self.onmessage = ({ data: { job, member } }: MessageEvent<GbdtWorkerRequest>) => {
  const reply = (message: GbdtWorkerReply) => self.postMessage(message);
  let toldAt = 0;
  try {
    const outcome = boost(job, member, (report) => {
      const now = performance.now();
      const isMilestone = report.trees % milestoneOf(job.options) === 0 || report.trees === job.options.trees;
      if (member !== 0 || (!isMilestone && now - toldAt < TREE_MESSAGE_EVERY_MS)) return;
      toldAt = now;
      reply({ type: "tree", report });
    });
    reply({ type: "done", outcome: member === 0 ? outcome : undefined });
  } catch (error) {
    if (error instanceof TeamStopped) return; // whoever stopped the team knows why
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    reply({ type: "failed", message, stack: stack ?? "" });
  }
};
