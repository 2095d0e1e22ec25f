import type { FeatureDrift } from "./drift.ts";

/** Something that should be looked at, with what to do. */
export interface MonitorAlert {
  /** Stable code. */
  readonly code: "coverage-off" | "volatility-worse" | "direction-worse" | "features-drifted";
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** One sentence. */
  readonly message: string;
  /** A command that would help; it is printed, never run. */
  readonly command: string;
}

/** Coverage of the 90 % interval that is let through at the gate (evaluation section 7). */
const COVERAGE = { low: 0.85, high: 0.95 };
/** Margin of log-loss against the better plain line (evaluation section 7). */
const LOG_LOSS_MARGIN = 0.0005;
const NAMED = 5;

/**
 * What the whole interval of a score speaks against; a score without an interval raises nothing. Uses the metric names
 * of a run.
 */
export function alertsOf(
  { name, version, horizonMinutes }: {
    readonly name: string;
    readonly version: string;
    readonly horizonMinutes: number;
  },
  metrics: Readonly<Record<string, number>>,
  drift: readonly FeatureDrift[],
): MonitorAlert[] {
  const alerts: MonitorAlert[] = [];
  const retrain = `task track -- --horizon ${horizonMinutes}`;
  const alert = (code: MonitorAlert["code"], message: string, command = retrain) =>
    alerts.push({ code, name, version, message, command });
  const figure = (metric: string) => metrics[metric] ?? NaN;
  const interval = (metric: string) =>
    `${figure(metric).toFixed(4)}, 95 % interval ${figure(`${metric}_low`).toFixed(4)} to ${
      figure(`${metric}_high`).toFixed(4)
    }`;
  if (figure("coverage_90_high") < COVERAGE.low || figure("coverage_90_low") > COVERAGE.high) {
    alert("coverage-off", `The 90 % interval covers ${interval("coverage_90")}`);
  }
  if (figure("qlike_gain_ewma_high") < 0) {
    alert(
      "volatility-worse",
      `Volatility is worse than EWMA's: the gain in QLIKE is ${interval("qlike_gain_ewma")}`,
      rollback(name),
    );
  }
  if (figure("log_loss_gain_coin_high") < -LOG_LOSS_MARGIN) {
    alert(
      "direction-worse",
      `Direction is worse than a coin's: the gain in log-loss is ${interval("log_loss_gain_coin")}`,
      rollback(name),
    );
  }
  const moved = drift.filter(({ drifted }) => drifted);
  if (moved.length > 0) {
    const names = moved.slice(0, NAMED).map(({ feature, psi }) => `${feature} (${psi.toFixed(2)})`).join(", ");
    const more = moved.length > NAMED ? ` and ${moved.length - NAMED} more` : "";
    alert("features-drifted", `Features have moved from the training rows, by PSI: ${names}${more}`);
  }
  return alerts;
}

function rollback(name: string): string {
  return `task register -- --name ${name} --run-id RUN_ID`;
}
