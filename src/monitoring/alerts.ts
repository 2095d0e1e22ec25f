import { baselinesToBeat, type GateLimits } from "../core/mod.ts";
import type { FeatureDrift } from "./drift/measure_drift.ts";
import type { VersionSkill } from "./findings.ts";
import type { AliasHolding } from "./ports.ts";

/** Kinds of {@linkcode MonitorAlert}. */
export type AlertCode =
  | "coverage-off"
  | "volatility-worse"
  | "direction-worse"
  | "quantiles-worse"
  | "features-drifted"
  | "forecasts-drifted";

/** Something that should be looked at, with what to do. */
export interface MonitorAlert {
  /** Stable code. */
  readonly code: AlertCode;
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** One sentence. */
  readonly message: string;
  /** A command that would help; it is printed, never run. */
  readonly command: string;
}

/** What alarms are raised by. */
export interface AlertGrounds {
  /** What was compared with the training rows. */
  readonly drift: readonly FeatureDrift[];
  /** Who held the model's aliases. */
  readonly holdings: readonly AliasHolding[];
  /** Margins of the gate: what was let through by them raises no alarm. */
  readonly limits: Pick<GateLimits, "margins" | "coverage90">;
}

const DAY_MINUTES = 1440;
/** Moved features that are named. */
const NAMED = 5;

/**
 * What the whole interval of a score speaks against: coverage beyond the gate's bounds, or a loss that exceeds that of the
 * gate's baseline by more than its margin. A score without an interval raises nothing. Uses the metric names of a run.
 */
export function alertsOf(
  { name, version, horizonMinutes, metrics }: Pick<VersionSkill, "name" | "version" | "horizonMinutes" | "metrics">,
  { drift, holdings, limits: { margins, coverage90: [low, high] } }: AlertGrounds,
): MonitorAlert[] {
  const alerts: MonitorAlert[] = [];
  const retrain = `task track -- --horizon ${horizonMinutes}`;
  const alert = (code: AlertCode, message: string, command: string) =>
    alerts.push({ code, name, version, message, command });
  const figure = (metric: string) => metrics[metric] ?? NaN;
  const shown = (metric: string) =>
    `${figure(metric).toFixed(4)}, 95 % interval ${figure(`${metric}_low`).toFixed(4)} to ${
      figure(`${metric}_high`).toFixed(4)
    }`;
  if (figure("coverage_90_high") < low || figure("coverage_90_low") > high) {
    alert("coverage-off", `The 90 % interval covers ${shown("coverage_90")}`, retrain);
  }
  const toBeat = baselinesToBeat(metrics), remedy = rollback(name, version, holdings) ?? retrain;
  const losses = [
    ["volatility-worse", "Volatility", "QLIKE", "qlike", margins.qlike],
    ["direction-worse", "Direction", "log-loss", "log_loss", margins.logLoss],
    ["quantiles-worse", "Quantiles", "pinball", "pinball", margins.pinballShare * figure("baseline_har_x_pinball")],
  ] as const;
  for (const [code, output, loss, metric, margin] of losses) {
    // At a day's horizon there is a label a day: the gate makes no claim on direction or quantiles either.
    if (metric !== "qlike" && horizonMinutes >= DAY_MINUTES) continue;
    const gain = `${metric}_gain_${toBeat[metric]}`;
    if (!(figure(`${gain}_high`) < -margin)) continue;
    alert(
      code,
      `${output} is worse than that of ${toBeat[metric]} by more than ${
        margin.toPrecision(2)
      }: the gain in ${loss} is ${shown(gain)}`,
      remedy,
    );
  }
  for (const [kind, code, what] of DRIFTS) {
    const moved = drift.filter((each) => each.kind === kind && each.drifted);
    if (moved.length > 0) alert(code, `${what} moved from the training rows: ${namesOf(moved)}`, retrain);
  }
  return alerts;
}

const DRIFTS = [
  ["feature", "features-drifted", "Features have"],
  ["forecast", "forecasts-drifted", "Forecasts have"],
] as const;

function namesOf(moved: readonly FeatureDrift[]): string {
  const shown = moved.slice(0, NAMED).map(({ feature, psi, limit, wasserstein, wassersteinLimit }) =>
    psi > limit || wasserstein === null
      ? `${feature} (PSI ${psi.toFixed(2)}, limit ${limit.toFixed(2)})`
      : `${feature} (by ${wasserstein.toFixed(2)} standard deviations, limit ${wassersteinLimit?.toFixed(2)})`
  );
  return shown.join(", ") + (moved.length > NAMED ? ` and ${moved.length - NAMED} more` : "");
}

/** The command that gives an alias back, where this version holds one that another held before it. */
function rollback(name: string, version: string, holdings: readonly AliasHolding[]): string | undefined {
  const held = holdings.find((each) => each.version === version && each.untilMs === Infinity);
  const before = holdings.some((each) => each.alias === held?.alias && each.version !== version);
  if (held === undefined || !before) return undefined;
  return `task register -- --rollback --name ${name} --alias ${held.alias} --reason "live scores of version ${version}"`;
}
