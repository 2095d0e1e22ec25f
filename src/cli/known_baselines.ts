import { allPages, isDomainError, type Tracker, type Warning } from "../core/mod.ts";
import type { KnownBaselines } from "../ml/evaluation/known_baselines.ts";
import { artifact, BASELINES_FILE } from "./evaluation_evidence.ts";

/** Tags of a run: by what its baselines were fitted, and which file came of it. */
export const BASELINES_KEY_TAG = "baselines.key", BASELINES_SHA256_TAG = "baselines.sha256";

/** Baselines that need not be fitted, or why an earlier run's could not be taken. */
export interface FoundBaselines {
  readonly known: KnownBaselines | undefined;
  /** Run that they are of; undefined where none is taken. */
  readonly runId: string | undefined;
  readonly warning: Warning | undefined;
}

/**
 * The baselines of the newest finished run of the same key, from any store: its file is taken where it has the sha256 that
 * the run says. One that is lost or damaged is a warning, and they are fitted anew.
 */
export async function findBaselines(tracker: Tracker, key: string): Promise<FoundBaselines> {
  const experiments = await Array.fromAsync(allPages((page) => tracker.searchExperiments(page)));
  const { items: [run] } = await tracker.searchRuns({
    experimentIds: experiments.map(({ experimentId }) => experimentId),
    filter: `tags."${BASELINES_KEY_TAG}" = '${key}' AND attributes.status = 'FINISHED'`,
    orderBy: ["attributes.start_time DESC"],
    maxResults: 1,
  });
  if (run === undefined) return { known: undefined, runId: undefined, warning: undefined };
  try {
    const { readKnownBaselines } = await import("../ml/evaluation/known_baselines.ts");
    const { sha256Of } = await import("../ml/sha256.ts");
    const bytes = await artifact(tracker, run.info.runId, BASELINES_FILE);
    if (bytes === undefined) return unused(run.info.runId, "it is gone");
    const expected = run.tags.find((tag) => tag.key === BASELINES_SHA256_TAG)?.value, found = sha256Of(bytes);
    if (found !== expected) return unused(run.info.runId, `its sha256 is ${found}, not ${expected}`);
    return { known: await readKnownBaselines(bytes), runId: run.info.runId, warning: undefined };
  } catch (error) {
    if (!isDomainError(error, "model-invalid")) throw error;
    return unused(run.info.runId, error.message);
  }
}

function unused(runId: string, reason: string): FoundBaselines {
  return {
    known: undefined,
    runId: undefined,
    warning: {
      code: "baselines-refitted",
      message: `Baselines are fitted anew, as '${BASELINES_FILE}' of run '${runId}' cannot be taken: ${reason}`,
    },
  };
}
