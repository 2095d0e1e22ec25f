import { z } from "zod";
import { contentDigest } from "../content_digest.ts";
import { sha256Of } from "../sha256.ts";

/** Whose evaluation an `evaluation/summary.json` is, so that none is taken for another's. */
export interface EvidenceOwner {
  readonly runId: string;
  /** The logged model, `m-…`. */
  readonly modelId: string;
  readonly family: string;
  readonly horizonMinutes: number;
  /** sha256 of the model's `forecast.json`, which has those of its other files. */
  readonly forecastSha256: string;
}

/** Member `of` of `evaluation/summary.json`. */
export const EVIDENCE_OWNER: z.ZodType<EvidenceOwner> = z.object({
  runId: z.string(),
  modelId: z.string(),
  family: z.string(),
  horizonMinutes: z.number(),
  forecastSha256: z.string(),
});

/** Tag of a run: {@linkcode evaluationDigest} of what it wrote. */
export const EVALUATION_TAG = "evaluation.sha256";

/** Folder of a run's artifacts that the digest is over. */
export const EVALUATION_FOLDER = "evaluation";

/** sha256 over the paths and sha256 of a run's files below `evaluation`, in any order; other files are left out. */
export function evaluationDigest(files: Iterable<readonly [path: string, content: Uint8Array]>): string {
  const own = [...files].filter(([path]) => path.startsWith(`${EVALUATION_FOLDER}/`));
  return contentDigest(Object.fromEntries(own.map(([path, content]) => [path, sha256Of(content)])));
}
