import { z } from "zod";
import { allPages, ERROR_TRAITS, type ErrorCode, PARENT_RUN_TAG, type Run, type Tracker } from "../../core/mod.ts";
import { FAILURE_TAG } from "../experiment/mod.ts";
import type { KnownFit } from "./run_sweep.ts";
import { fitFile, jobTag, SWEEP_TAGS } from "./sweep_tags.ts";

const numbers = z.array(z.number());
const losses = z.strictObject({ logLoss: numbers, qlike: numbers, pinball: numbers });

/** A fit as its child run keeps it. */
const FIT_FILE_SCHEMA = z.object({
  result: z.strictObject({
    job: z.string(),
    modelSha256: z.string(),
    validation: z.strictObject({
      rows: z.int().positive(),
      realizedVolatilityBps: z.number(),
      daily: z.strictObject({ firstDayMs: z.number(), sums: losses, counts: losses }),
    }),
    training: z.array(z.strictObject({ bestEpoch: z.int(), epochs: z.int(), steps: z.int() })),
  }),
  seconds: z.number(),
});

/** Children of a sweep by the number of their trial; the winner's run is not among them. */
export async function trialRuns(
  tracker: Tracker,
  parent: { readonly runId: string; readonly experimentId: string },
): Promise<Map<number, Run>> {
  const runs = new Map<number, Run>(), experimentIds = [parent.experimentId];
  const filter = `tags.\`${PARENT_RUN_TAG}\` = '${parent.runId}'`;
  for await (const run of allPages((page) => tracker.searchRuns({ experimentIds, filter, ...page }))) {
    const number = Number(tagOf(run, SWEEP_TAGS.trial));
    if (number >= 1 && tagOf(run, SWEEP_TAGS.winner) === undefined) runs.set(number, run);
  }
  return runs;
}

/** What the children of a sweep have already ended, by job; a file that is damaged or gone is a fit to run again. */
export async function knownFits(tracker: Tracker, runs: Iterable<Run>): Promise<Map<string, KnownFit>> {
  const known = new Map<string, KnownFit>();
  for (const run of runs) {
    const failed = tagOf(run, jobTag("failed")), message = tagOf(run, FAILURE_TAG);
    const code = tagOf(run, `${FAILURE_TAG}.code`) as ErrorCode | undefined;
    const isFinal = code !== undefined && Object.hasOwn(ERROR_TRAITS, code) && !ERROR_TRAITS[code].retry;
    const hint = tagOf(run, `${FAILURE_TAG}.hint`);
    if (failed !== undefined && message !== undefined && isFinal) {
      known.set(failed, { failure: { code, message, ...(hint === undefined ? {} : { hint }) } });
    }
    for (let rung = 0;; rung++) {
      const digest = tagOf(run, jobTag(rung));
      if (digest === undefined) break;
      const fit = await readFit(tracker, run.info.runId, rung);
      if (fit?.result.job === digest) known.set(digest, fit);
    }
  }
  return known;
}

async function readFit(tracker: Tracker, runId: string, rung: number) {
  try {
    const bytes = await tracker.readArtifact({ runId }, fitFile(rung));
    return FIT_FILE_SCHEMA.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Value of a run's tag. */
export function tagOf({ tags }: Run, key: string): string | undefined {
  return tags.find((tag) => tag.key === key)?.value;
}
