import type { ForecastModel, Run, Tracker } from "../core/mod.ts";
import type { PredictionFile } from "../ml/evaluation/read_prediction_files.ts";
import type { RefitEvidence } from "../ml/evaluation/refit_spread.ts";

/** A run's model and where the tracking store keeps it. */
export interface LoggedForecastModel {
  readonly model: ForecastModel;
  readonly modelId: string;
}

/** What a run keeps of its evaluation, read. */
export interface KeptEvidence {
  /** All below `evaluation`, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Member `of` of the summary; undefined where it does not say. */
  readonly owner: unknown;
  readonly predictions: PredictionFile;
  /** Undefined where the run keeps none: the gate says so. */
  readonly refit: RefitEvidence | undefined;
}

/**
 * Whether an evaluation is the run's own, and of its model: files that were copied from a better run would else promote this
 * one. Names and digests tell what was copied or edited in part; that the predictions, the last steps' models and the golden
 * rows of the logged model belong together is asked of the figures themselves.
 *
 * @returns what does not belong; undefined where all does.
 */
export async function foreignEvidence(
  tracker: Tracker,
  run: Run,
  logged: LoggedForecastModel,
  { files, owner, predictions, refit }: KeptEvidence,
): Promise<string | undefined> {
  const { EVALUATION_TAG, evaluationDigest } = await import("../ml/evaluation/evidence_owner.ts");
  const { refitStranger } = await import("../ml/evaluation/refit_ties.ts");
  const { decodeForecastJson } = await import("../ml/models/forecast_json.ts");
  const forecast = await tracker.readArtifact({ modelId: logged.modelId }, "forecast.json");
  const foreign = await foreignOwner(run, logged, forecast, owner);
  if (foreign !== undefined) return foreign;
  const said = run.tags.find(({ key }) => key === EVALUATION_TAG)?.value, digest = evaluationDigest(files);
  if (said !== digest) {
    const tagged = said === undefined ? `it has no tag ${EVALUATION_TAG}` : `its tag ${EVALUATION_TAG} is ${said}`;
    return `${tagged}, where its files give ${digest}`;
  }
  if (refit === undefined) return undefined;
  const { golden } = decodeForecastJson(new TextDecoder().decode(forecast));
  const proven = Float32Array.from(golden.inputs.flat(), (value) => value ?? NaN);
  if (proven.length !== refit.rows.length || proven.some((value, i) => !Object.is(value, refit.rows[i]))) {
    return "the rows that its last steps' models were asked about are not its model's golden rows";
  }
  const stranger = refitStranger(refit, predictions);
  return stranger === undefined ? undefined : `its evaluation/refit.json is not of its predictions: ${stranger}`;
}

async function foreignOwner(
  { info: { runId } }: Run,
  { model: { info: { family, horizonMinutes } }, modelId }: LoggedForecastModel,
  forecast: Uint8Array,
  owner: unknown,
): Promise<string | undefined> {
  const { EVIDENCE_OWNER } = await import("../ml/evaluation/evidence_owner.ts");
  const { sha256Of } = await import("../ml/sha256.ts");
  const { success, data } = EVIDENCE_OWNER.safeParse(owner);
  if (!success) return "its evaluation/summary.json does not say of which run and model it is";
  const own = { runId, modelId, family, horizonMinutes, forecastSha256: sha256Of(forecast) };
  const other = (Object.keys(own) as (keyof typeof own)[]).find((key) => data[key] !== own[key]);
  return other === undefined
    ? undefined
    : `its evaluation/summary.json is of ${other} '${data[other]}', where the run has '${own[other]}'`;
}
