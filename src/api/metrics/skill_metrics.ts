import { Gauge, type Registry } from "prom-client";
import type { RealisedSkill } from "../skill/realised_skill.ts";

/** A version that is scored, and what it is here. */
export interface ScoredRole {
  /** Version. */
  readonly version: string;
  /** Whether it answers, or is tried beside. */
  readonly role: "champion" | "challenger";
}

const SKILL_GAUGES = {
  minutes: ["bitcoin_ml_skill_minutes", "Closed minutes in the window whose forecast is scored"],
  logLoss: ["bitcoin_ml_skill_log_loss", "Mean log-loss of the window's minutes with a return other than zero"],
  qlike: ["bitcoin_ml_skill_qlike", "Mean QLIKE of the window's minutes"],
  coverage90: ["bitcoin_ml_skill_coverage_90", "Share of the window's returns within the 90 % interval"],
  open: ["bitcoin_ml_skill_open_minutes", "Forecasts of closed minutes whose label is still open"],
  unscorable: ["bitcoin_ml_skill_unscorable_minutes", "Forecasts after which candles were missing, since the start"],
} as const;

/** Registers the realised skill of the versions that serve; a mean over no minutes has no sample. */
export function registerSkillMetrics(
  registry: Registry,
  { skill, roles }: { readonly skill: RealisedSkill; readonly roles: () => readonly ScoredRole[] },
): void {
  for (const [score, [name, help]] of Object.entries(SKILL_GAUGES)) {
    new Gauge({
      name,
      help,
      labelNames: ["version", "role"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { version, role } of roles()) {
          const value = skill.summary(version)?.[score as keyof typeof SKILL_GAUGES] ?? NaN;
          if (!Number.isNaN(value)) this.set({ version, role }, value);
        }
      },
    });
  }
}
