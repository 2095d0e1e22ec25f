import { DomainError, registeredModelName, type Run, toIso, type Warning } from "../core/mod.ts";
import { type GateDecision, gateObject, type Promoted } from "../MLOps/promotion/mod.ts";
import type { CommandResult } from "./command.ts";
import { registerSummary } from "./register_summary.ts";

/** Alias without `--alias`. */
export const DEFAULT_ALIAS = "production";

/** What the gate found, of the run that the user means. */
export interface Decision extends GateDecision {
  /** A newer run that was left out as it has not ended. */
  readonly unended: Run | undefined;
}

/** What a promotion says. */
export function success(
  decision: Decision,
  { version, previousVersion, reused }: Promoted,
  uri: string,
): CommandResult {
  const { run, name, alias } = decision;
  const isDefault = name === registeredModelName(15) && alias === DEFAULT_ALIAS;
  return {
    json: {
      name,
      version: version.version,
      alias,
      runId: run.info.runId,
      previousVersion: previousVersion ?? null,
      gate: gateObject(decision, true),
    },
    text: registerSummary({
      ...decision,
      isQuick: isQuick(decision),
      outcome: [
        `${name} version ${version.version}${reused ? " (registered before)" : ""} is now @${alias}`,
        ...(previousVersion === undefined ? [] : [`it follows version ${previousVersion}`]),
        `run ${run.info.runId}, at ${uri}`,
      ].join("; "),
    }),
    warnings: warningsOf(decision),
    next: [isDefault ? "task api" : `task api -- --model-uri models:/${name}@${alias}`, "task mlflow-ui"],
  };
}

function warningsOf(decision: Decision): Warning[] {
  const { reason, unended } = decision;
  return [
    ...(unended === undefined ? [] : [{
      code: "newer-run-unended",
      message: `A newer run was left out as it is ${unended.info.status}: '${unended.info.runId}', since ${
        toIso(unended.info.startTime)
      }`,
    }]),
    ...(reason === undefined ? [] : [{
      code: "gate-forced",
      message: `The gate refused and was overridden: ${failed(decision).join(", ")}; reason kept: ${reason}`,
    }]),
  ];
}

/** What a refused run is told; the alias stays. */
export function refusal(decision: Decision, isForced: boolean, holder: string | undefined): CommandResult {
  const { run, name, alias } = decision;
  const names = failedWithReasons(decision).join(", "), fixed = unforceable(decision).join(" and ");
  const stays = holder === undefined ? `${name}@${alias} stays unset` : `${name}@${alias} stays at version ${holder}`;
  return {
    json: {
      name,
      version: null,
      alias: null,
      runId: run.info.runId,
      previousVersion: holder ?? null,
      gate: gateObject(decision, false),
    },
    text: registerSummary({ ...decision, isQuick: isQuick(decision), outcome: stays }),
    warnings: warningsOf(decision).filter(({ code }) => code !== "gate-forced"),
    error: new DomainError("gate-refused", `The gate refused run '${run.info.runId}': ${names}; ${stays}`, {
      hint: fixed === ""
        ? 'Track a better run, or promote it all the same with --force --reason "…"'
        : `${isForced ? "--force cannot" : "Not even --force can"} pass over ${fixed}: track it again`,
    }),
  };
}

/** Whether the run was a quick one, which every place that shows its version says. */
function isQuick({ run }: Decision): boolean {
  return run.tags.some(({ key, value }) => key === "evidence" && value === "quick");
}

function unforceable({ checks }: Decision): string[] {
  return checks.filter(({ passed, forceable }) => !passed && !forceable).map(({ name }) => name);
}

/** The checks that fail, with why where no figure of the table says it: of those that are never passed over. */
function failedWithReasons({ checks }: Decision): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name, note, forceable }) =>
    forceable || note === null ? name : `${name} (${note})`
  );
}

function failed({ checks }: Decision): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}
