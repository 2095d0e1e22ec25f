import type { MonitorFindings, VersionSkill } from "../monitoring/mod.ts";
import type { Block, Report, Section } from "../reporting/mod.ts";

/** Scores that people read first: metric, title, digits, and the baseline that stands beside it. */
const SCORES = [
  ["qlike", "QLIKE of volatility", 4, "ewma"],
  ["log_loss", "Log-loss of direction", 4, "coin"],
  ["pinball", "Pinball of quantiles, bps", 3, undefined],
  ["coverage_50", "Coverage of the 50 % interval", 3, undefined],
  ["coverage_90", "Coverage of the 90 % interval", 3, undefined],
] as const;

/** A score as shown; an en dash where there is none. */
export function figure(value: number | undefined, digits: number): string {
  return value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/** The findings as a report's plain model. */
export function monitoringReport(findings: MonitorFindings, nowMs: number): Report {
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
    verdict: { tone, text, detail: "Forecasts that were given, beside plain methods on the same minutes" },
    figures: [
      { label: "scored", value: String(scored), note: "forecasts with a known outcome" },
      { label: "pending", value: String(pending), note: "outcome not known yet" },
      { label: "unjoinable", value: String(unjoinable), note: "minutes missing after them" },
      { label: "alerts", value: String(alerts.length), tone: alerts.length > 0 ? "bad" : "neutral" },
    ],
    sections: [...alertSection(findings), ...versions.map(versionSection), ...driftSection(findings)],
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
    lead: "Scores alarm by their whole 95 % interval, features by a limit that allows for the number of rows.",
    blocks,
  }];
}

function versionSection(skill: VersionSkill): Section {
  const { name, version, metrics, days } = skill;
  const blocks: Block[] = [{
    kind: "facts",
    items: [
      { label: "Run", value: skill.runId || "–" },
      { label: "Horizon", value: `${skill.horizonMinutes} minutes of ${skill.symbol}` },
      {
        label: "Scored",
        value: `${skill.scored} of ${skill.forecasts}, ${skill.pending} pending, ${skill.unjoinable} unjoinable`,
      },
      { label: "From, to", value: `${skill.from ?? "–"}, ${skill.to ?? "–"}` },
      { label: "Full days", value: `${skill.fullDays}; five are needed for intervals and alerts` },
    ],
  }];
  if (skill.scored > 0) {
    blocks.push({
      kind: "table",
      caption: "Scores beside plain methods on the same minutes",
      columns: [
        { title: "Score" },
        { title: "Model", align: "right" },
        { title: "Low", align: "right" },
        { title: "High", align: "right" },
        { title: "Baseline", align: "right" },
        { title: "of" },
      ],
      rows: SCORES.map(([metric, title, digits, baseline]) => [
        title,
        figure(metrics[metric], digits),
        figure(metrics[`${metric}_low`], digits),
        figure(metrics[`${metric}_high`], digits),
        baseline === undefined ? "" : figure(metrics[`baseline_${baseline}_${metric}`], digits),
        baseline ?? "",
      ]),
    }, {
      kind: "table",
      caption: "Day by day (UTC day of the decision)",
      columns: [
        { title: "Day" },
        { title: "Scored", align: "right" },
        { title: "QLIKE", align: "right" },
        { title: "EWMA", align: "right" },
        { title: "Log-loss", align: "right" },
        { title: "Coverage 90 %", align: "right" },
      ],
      rows: days.map(({ day, scored, metrics }) => [
        day,
        String(scored),
        figure(metrics["qlike"], 4),
        figure(metrics["baseline_ewma_qlike"], 4),
        figure(metrics["log_loss"], 4),
        figure(metrics["coverage_90"], 3),
      ]),
    });
  }
  return {
    id: `version-${name}-${version}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"),
    title: `${name} version ${version}`,
    blocks,
  };
}

function driftSection({ drift }: MonitorFindings): Section[] {
  if (drift.length === 0) return [];
  return [{
    id: "drift",
    title: "Features against the training rows",
    lead: "Population stability index over twenty equal-count bins; the limit allows for the number of rows.",
    blocks: [{
      kind: "table",
      caption: "Features by how far they moved",
      columns: [
        { title: "Model" },
        { title: "Feature" },
        { title: "PSI", align: "right" },
        { title: "Limit", align: "right" },
        { title: "Rows", align: "right" },
      ],
      rows: drift.map(({ name, version, feature, psi, limit, rows }) => [
        `${name}/${version}`,
        feature,
        psi.toFixed(3),
        limit.toFixed(3),
        String(rows),
      ]),
    }],
  }];
}
