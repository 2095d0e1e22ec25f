import {
  checkText,
  type Clock,
  DomainError,
  type ForecastModel,
  type GateCheck,
  type GateLimits,
  type LoadForecastModel,
  minutesAhead,
  type ModelRegistry,
  type ModelVersion,
  registeredModelName,
  type Run,
  toIso,
  type Tracker,
} from "../../core/mod.ts";
import { type EvaluationEvidence, type Incumbents, judgeRun } from "./gate.ts";
import { HORIZON_KEY, requireNameOfHorizon, requireSameHorizon } from "./one_horizon.ts";
import { GATE_FILE, promote, type Promoted } from "./promote.ts";
import { earlierHolders } from "./roll_back.ts";
import { type ProvenModel, proveRunModel } from "./run_model.ts";

/** Tag of a version: sha256 of the predictions that it was judged by. */
export const PREDICTIONS_TAG = "evaluation.predictions.sha256";

/** What a run's own files prove. */
export interface RunProof {
  /** Its scores, computed again. */
  readonly evaluation: EvaluationEvidence;
  /** sha256 of the predictions that they come from; undefined where the run has lost them. */
  readonly predictionsSha256: string | undefined;
  /** The versions that held the alias, beside the run. */
  readonly incumbents: Incumbents;
}

/**
 * Computes a run's scores again from what it keeps, and compares it with the versions that held the alias.
 *
 * @throws {DomainError} `model-invalid` where its files are damaged, or give other scores than it logged.
 */
export type ProveRun = (
  run: Run,
  against: {
    /** The run's model, its files proven. */
    readonly model: ForecastModel;
    /** Id of that model in the tracking store. */
    readonly modelId: string;
    /** Version that holds the alias. */
    readonly holder: ModelVersion | undefined;
    /** Versions that held it before, newest first; those that were rolled back are not among them. */
    readonly earlier: readonly ModelVersion[];
  },
) => Promise<RunProof>;

/** What {@linkcode registerRun} works with. */
export interface RegisterDeps {
  /** Runs, their models and files. */
  readonly tracker: Tracker;
  /** Versions and aliases. */
  readonly registry: ModelRegistry;
  /** Proves and loads a model. */
  readonly loadModel: LoadForecastModel;
  /** Proves a run's scores. */
  readonly proveRun: ProveRun;
  /** Limits of the gate. */
  readonly limits: GateLimits;
  /** Says when. */
  readonly clock: Pick<Clock, "nowMs">;
  /** Told what comes next; may throw to stop before it. @default nothing */
  readonly onStep?: (step: "model files" | "evaluation" | "version") => void;
}

/** Which run is to hold which alias, and who asks for it. */
export interface RegisterRequest {
  /** The run. */
  readonly run: Run;
  /** Registered model. @default the one for the horizon of the run's model */
  readonly name?: string;
  /** Alias to move. */
  readonly alias: string;
  /** Version that must be the one of the run's proven model. @default whichever is, or a new one */
  readonly version?: ModelVersion;
  /** What else must hold, as the run was chosen among others. @default nothing */
  readonly chosenBy?: GateCheck;
  /** Who asks; unset where the system does not say. */
  readonly by?: string;
  /** Why, for the history. */
  readonly why?: string;
  /** Reason to pass over checks that may be passed over. @default none, a refusal stands */
  readonly forceReason?: string;
}

/** What the gate found. */
export interface GateDecision {
  /** The run judged. */
  readonly run: Run;
  /** Its model. */
  readonly proven: ProvenModel;
  /** Its proof. */
  readonly proof: RunProof;
  /** Registered model that it was judged for. */
  readonly name: string;
  /** Alias that it was judged for. */
  readonly alias: string;
  /** The checks, in the gate's order. */
  readonly checks: readonly GateCheck[];
  /** Whether all of them hold. */
  readonly passed: boolean;
  /** Why the gate was passed over, where it did not pass and somebody gave a reason. */
  readonly reason: string | undefined;
}

/** What became of a request. */
export interface Registration {
  /** What the gate found. */
  readonly decision: GateDecision;
  /** Version that held the alias when the gate looked. */
  readonly holder: ModelVersion | undefined;
  /** The version that holds the alias now; undefined where the gate refused and nothing moved. */
  readonly promoted: Promoted | undefined;
}

/**
 * Judges a run by its evidence and, where the gate lets it, makes a version of its model and points the alias at it. The
 * evidence stays with the run as `gate.json`, whatever it says.
 *
 * @throws {DomainError} as {@linkcode proveRunModel} and {@linkcode ProveRun}; `gate-refused` where `version` is of other
 *   files than those proven, or the alias's holder is of another horizon; `usage` where the name is of another.
 */
export async function registerRun(deps: RegisterDeps, request: RegisterRequest): Promise<Registration> {
  const { tracker, registry, onStep } = deps;
  const { run, alias } = request;
  onStep?.("model files");
  const proven = await proveRunModel(tracker, run, deps.loadModel);
  const { horizonMinutes } = proven.model.info;
  const name = request.name ?? registeredModelName(horizonMinutes);
  const candidate = { runId: run.info.runId, horizonMinutes, name, alias };
  requireNameOfHorizon(candidate);
  if (request.version !== undefined) requireVersionOf(request.version, proven);
  onStep?.("evaluation");
  const { holder, earlier } = await earlierHolders(registry, name, alias);
  await requireSameHorizon(tracker, candidate, holder);
  const proof = await deps.proveRun(run, { model: proven.model, modelId: proven.logged.modelId, holder, earlier });
  const judged = judgeRun(run, {
    horizonMinutes,
    modelFiles: proven.fileCount,
    evaluation: proof.evaluation,
    modelDataset: proven.logged.tags.find(({ key }) => key === "dataset.sha256")?.value,
    incumbents: proof.incumbents,
  }, deps.limits);
  const checks = request.chosenBy === undefined ? judged : [...judged, request.chosenBy];
  const passed = checks.every((check) => check.passed);
  const reason = passed ? undefined : request.forceReason;
  const decision: GateDecision = { run, proven, proof, name, alias, checks, passed, reason };
  const isAllowed = passed || (reason !== undefined && checks.every((check) => check.passed || check.forceable));
  await writeEvidence(deps, decision, { isAllowed, request });
  if (!isAllowed) return { decision, holder, promoted: undefined };
  onStep?.("version");
  const why = reason ?? request.why;
  const promoted = await promote(registry, {
    name,
    alias,
    run,
    logged: proven.logged,
    from: holder?.version,
    description: describe(decision),
    tags: versionTags(decision, why),
    move: {
      atMs: deps.clock.nowMs(),
      ...(request.by === undefined ? {} : { by: request.by }),
      kind: reason === undefined ? "promotion" : "forced",
      ...(why === undefined ? {} : { why }),
    },
    ...(request.version === undefined ? {} : { version: request.version }),
  });
  return { decision, holder, promoted };
}

/** The gate's finding as machines read it. */
export interface GateObject {
  /** Whether all checks hold. */
  readonly passed: boolean;
  /** Whether it was passed over. */
  readonly forced: boolean;
  /** The checks, in the gate's order. */
  readonly checks: readonly Omit<GateCheck, "forceable">[];
}

/** The gate as `--json` and `gate.json` show it. */
export function gateObject({ checks, passed, reason }: GateDecision, isAllowed: boolean): GateObject {
  return {
    passed,
    forced: isAllowed && reason !== undefined,
    checks: checks.map(({ forceable: _, ...check }) => check),
  };
}

/** What is proven must be what the alias then points at. */
function requireVersionOf({ name, version, source }: ModelVersion, { logged }: ProvenModel): void {
  const proven = `models:/${logged.modelId}`;
  if (source === proven) return;
  throw new DomainError(
    "gate-refused",
    `Cannot promote version ${version} of '${name}' as its files are those of '${source}', not of the run's model '${proven}'`,
    { hint: `Register the run instead: task register -- --run-id ${logged.sourceRunId ?? "ID"} --name ${name}` },
  );
}

async function writeEvidence(
  { tracker, clock }: RegisterDeps,
  decision: GateDecision,
  { isAllowed, request }: { readonly isAllowed: boolean; readonly request: RegisterRequest },
): Promise<void> {
  const { run, proven, name, alias, passed } = decision;
  const document = {
    decidedAt: toIso(clock.nowMs()),
    decidedBy: request.by ?? null,
    name,
    alias,
    runId: run.info.runId,
    modelId: proven.logged.modelId,
    allowed: isAllowed,
    ...gateObject(decision, isAllowed),
    passed,
    reason: decision.reason ?? request.why ?? null,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  await tracker.writeArtifact({ runId: run.info.runId }, GATE_FILE, bytes);
}

function describe({ proven, proof: { evaluation: { metrics } } }: GateDecision): string {
  const { family, horizonMinutes } = proven.model.info;
  const { qlike, qlike_gain_har_x: gain } = metrics;
  const scores = qlike === undefined || gain === undefined
    ? ""
    : `: QLIKE ${qlike.toFixed(4)}, gain over HAR-X ${gain < 0 ? "" : "+"}${gain.toFixed(4)}`;
  return `${family}, ${minutesAhead(horizonMinutes)}${scores}`;
}

function versionTags({ run, proven, proof, checks, passed, reason }: GateDecision, why: string | undefined) {
  const tag = (key: string) => run.tags.find((candidate) => candidate.key === key)?.value;
  const values: Record<string, string | undefined> = {
    "dataset.sha256": tag("dataset.sha256"),
    "code.commit": tag("mlflow.source.git.commit"),
    "evidence": tag("evidence"),
    "run.id": run.info.runId,
    [HORIZON_KEY]: String(proven.model.info.horizonMinutes),
    "feature_set.digest": proven.model.info.featureSetDigest,
    [PREDICTIONS_TAG]: proof.predictionsSha256,
    "gate.passed": String(passed),
    "gate.forced": String(reason !== undefined),
    "gate.checks": `${checks.filter((check) => check.passed).length} of ${checks.length}`,
    "gate.reason": why ?? "",
    ...Object.fromEntries(checks.map((check) => [`gate.check.${check.name}`, checkText(check)])),
  };
  return Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, value }]);
}
