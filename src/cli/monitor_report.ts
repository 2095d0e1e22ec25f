import type { AliasSkill, MonitorFindings, VersionSkill } from "../monitoring/mod.ts";
import { FULL_DAYS_NEEDED } from "../monitoring/mod.ts";
import type { Block, Report, Section } from "../reporting/mod.ts";
import { driftSection } from "./monitor_drift_section.ts";
import { dayCharts, gainCharts, scoreTable } from "./monitor_skill_blocks.ts";
import { figure } from "./monitor_text.ts";

/** When a report is written, and what the runs' backtests said. */
export interface MonitoringReportOptions {
  readonly nowMs: number;
  /** Metrics of runs, by run. */
  readonly backtests: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

/** The findings as a report's plain model. */
export function monitoringReport(findings: MonitorFindings, { nowMs, backtests }: MonitoringReportOptions): Report {
  const versions = Object.values(findings.skill);
  const { scored, pending, unjoinable, alerts } = findings;
  const tone = alerts.length > 0 ? "bad" : versions.some(({ verdict }) => verdict === "sound") ? "good" : "neutral";
  const text = alerts.length > 0
    ? `${alerts.length} ${alerts.length === 1 ? "thing" : "things"} should be looked at`
    : tone === "good"
    ? "Nothing speaks against the models that serve"
    : "There are not yet five full days to judge by";
  return {
    kind: "monitoring",
    title: "Monitoring report",
    subtitle: versions.map(({ name, version }) => `${name} version ${version}`).join(", ") || "no forecasts",
    generatedAtMs: nowMs,
    reference: `${scored} forecasts scored`,
    verdict: { tone, text, detail: "Forecasts that were given, beside the baselines on the same minutes" },
    figures: [
      { label: "scored", value: String(scored), note: "outcome is known" },
      { label: "pending", value: String(pending), note: "outcome not known yet" },
      { label: "unjoinable", value: String(unjoinable), note: "minutes missing around them" },
      { label: "alerts", value: String(alerts.length), tone: alerts.length > 0 ? "bad" : "neutral" },
    ],
    sections: [
      ...alertSection(findings),
      ...versions.map((skill) => versionSection(skill, backtests.get(skill.runId))),
      ...aliasSection(Object.values(findings.aliases)),
      ...driftSection(findings),
      ...lackingSection(findings),
    ],
    data: { ...findings },
  };
}

function alertSection({ alerts }: MonitorFindings): Section[] {
  if (alerts.length === 0) return [];
  const blocks: Block[] = alerts.flatMap(({ message, command, name, version }) => [
    { kind: "callout", tone: "bad", text: `${name} version ${version}: ${message}` },
    { kind: "paragraph", text: `To act on it: ${command}` },
  ]);
  return [{
    id: "alerts",
    title: "Alerts",
    lead:
      "A score alarms where its whole 95 % interval lies beyond what the gate lets through; a feature where it lies further from the training rows than windows of these rows do.",
    blocks,
  }];
}

function versionSection(skill: VersionSkill, backtest: Readonly<Record<string, number>> | undefined): Section {
  const { name, version, fullDays } = skill;
  return {
    id: `version-${name}-${version}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"),
    title: `${name} version ${version}`,
    lead: fullDays < FULL_DAYS_NEEDED
      ? `${fullDays} of the ${FULL_DAYS_NEEDED} full days that an interval or an alert takes.`
      : "Baselines are fitted on the candles before the days that they are scored on, as in the evaluation.",
    blocks: [
      { kind: "facts", items: factsOf(skill) },
      ...scoreTable(skill.metrics, backtest),
      ...estimateBlock(skill),
      ...gainCharts(skill.metrics, skill.horizonMinutes),
      ...dayCharts(skill.days),
    ],
  };
}

function factsOf(skill: VersionSkill): { readonly label: string; readonly value: string }[] {
  return [
    { label: "Run", value: skill.runId || "–" },
    { label: "Aliases", value: skill.aliases.join(", ") || "none" },
    { label: "Horizon", value: `${skill.horizonMinutes} minutes of ${skill.symbol}` },
    {
      label: "Scored",
      value: `${skill.scored} of ${skill.forecasts}, ${skill.pending} pending, ${skill.unjoinable} unjoinable, ` +
        `${skill.learnt} of minutes that it learnt from`,
    },
    { label: "From, to", value: `${skill.from ?? "–"}, ${skill.to ?? "–"}` },
    { label: "Full days", value: String(skill.fullDays) },
    { label: "Verdict", value: skill.verdict },
  ];
}

/** What probabilities promise, beside what came of the rows that are decided. */
function estimateBlock({ estimated, estimatedOfScored, metrics }: VersionSkill): Block[] {
  if (estimated === null) return [];
  const bounds = (pair: readonly [number, number] | undefined) =>
    pair === undefined ? "–" : `${figure(pair[0], 4)} to ${figure(pair[1], 4)}`;
  return [{
    kind: "table",
    caption: "Direction as its probabilities promise it",
    columns: [
      { title: "Score" },
      { title: "All, estimated", align: "right" },
      { title: "Scored, estimated", align: "right" },
      { title: "95 % bounds", align: "right" },
      { title: "Scored, realised", align: "right" },
    ],
    rows: (["logLoss", "accuracy"] as const).map((score) => [
      score === "logLoss" ? "Log-loss" : "Accuracy",
      figure(estimated[score], 4),
      figure(estimatedOfScored?.[score], 4),
      bounds(estimatedOfScored?.bounds?.[score]),
      figure(metrics[score === "logLoss" ? "log_loss" : "accuracy"], 4),
    ]),
    note:
      `Confidence-based estimation, as NannyML's CBPE: known before any outcome, of all ${estimated.rows} forecasts. It holds as far as probabilities are calibrated: a realised score beyond the bounds says that they are not.`,
  }];
}

function aliasSection(aliases: readonly AliasSkill[]): Section[] {
  if (aliases.length === 0) return [];
  return [{
    id: "aliases",
    title: "By alias",
    lead: "Each decision time counts for the version that held the alias then.",
    blocks: aliases.flatMap((skill): Block[] => [
      {
        kind: "facts",
        items: [
          { label: "Alias", value: `${skill.name}@${skill.alias}` },
          { label: "Versions", value: skill.versions.join(", ") },
          { label: "Scored", value: `${skill.scored}, ${skill.fullDays} full days` },
          { label: "From, to", value: `${skill.from ?? "–"}, ${skill.to ?? "–"}` },
        ],
      },
      ...scoreTable(skill.metrics),
    ]),
  }];
}

function lackingSection({ warnings }: MonitorFindings): Section[] {
  if (warnings.length === 0) return [];
  return [{
    id: "not-measured",
    title: "What could not be told",
    blocks: warnings.map(({ message }) => ({ kind: "paragraph", text: message })),
  }];
}
