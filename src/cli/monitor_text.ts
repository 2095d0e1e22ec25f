import { toIso } from "../core/mod.ts";
import type { AlertEvent, LoggedSpan, MonitorFindings, MonitorOptions, Skill } from "../monitoring/mod.ts";
import { FULL_DAYS_NEEDED } from "../monitoring/mod.ts";
import { renderTable, type TableColumn } from "./table.ts";

/** A score as shown; an en dash where there is none. */
export function figure(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/** One line for a service's log. */
export function headline({ scored, pending, unjoinable, alerts }: MonitorFindings): string {
  return `${scored} scored, ${pending} pending, ${unjoinable} unjoinable, ${alerts.length} alerts`;
}

/** An event of an alert in one line, with what would help. */
export function eventLine({ status, at, code, name, version, message, command }: AlertEvent): string {
  const remedy = status === "resolved" ? "" : `; ${command}`;
  return `${at}  ${status} ${code} ${name}/${version}: ${message}${remedy}`;
}

const SCORES: readonly TableColumn[] = [
  { title: "QLIKE", align: "right" },
  { title: "HAR-X's", align: "right" },
  { title: "log-loss", align: "right" },
  { title: "constant's", align: "right" },
  { title: "pinball", align: "right" },
  { title: "HAR-X's", align: "right" },
  { title: "cover 90 %", align: "right" },
];

function scoreCells({ metrics }: Skill): string[] {
  return [
    figure(metrics["qlike"], 4),
    figure(metrics["baseline_har_x_qlike"], 4),
    figure(metrics["log_loss"], 4),
    figure(metrics["baseline_climatology_log_loss"], 4),
    figure(metrics["pinball"], 3),
    figure(metrics["baseline_har_x_pinball"], 3),
    figure(metrics["coverage_90"], 3),
  ];
}

/** Findings as a person reads them: versions, aliases, alerts with what would help. */
export function describe(findings: MonitorFindings): string {
  const versions = renderTable(
    [
      { title: "version" },
      { title: "scored", align: "right" },
      { title: "pending", align: "right" },
      { title: "unjoinable", align: "right" },
      ...SCORES,
      { title: "verdict" },
    ],
    Object.entries(findings.skill).map(([key, skill]) => [
      key,
      String(skill.scored),
      String(skill.pending),
      String(skill.unjoinable),
      ...scoreCells(skill),
      skill.verdict === "insufficient" ? `${skill.fullDays} of ${FULL_DAYS_NEEDED} full days` : skill.verdict,
    ]),
  );
  const aliases = Object.entries(findings.aliases);
  const byAlias = aliases.length === 0 ? [] : [renderTable(
    [{ title: "alias" }, { title: "scored", align: "right" }, ...SCORES, { title: "versions" }],
    aliases.map(([key, skill]) => [key, String(skill.scored), ...scoreCells(skill), skill.versions.join(", ")]),
  )];
  const alerts = findings.alerts.map(({ name, version, message, command }) =>
    `${name}/${version}: ${message}\n  ${command}`
  );
  return [versions, ...byAlias, ...alerts].join("\n\n");
}

/** What to do next. */
export function nextOf({ scored, alerts }: MonitorFindings): string[] {
  if (alerts.length > 0) return [...new Set(alerts.map(({ command }) => command))];
  return scored === 0
    ? ["task ingest        brings in the minutes that decide"]
    : ["task mlflow-ui     shows live scores beside the backtest"];
}

/** What a look was about that found no forecast, and what the log has. */
export interface NothingFound extends Pick<MonitorOptions, "directory" | "sinceMs" | "untilMs"> {
  readonly alias: string | undefined;
  /** Answers to rows that clients brought. */
  readonly predictions: number;
  /** All forecasts of the log; undefined where it has none. */
  readonly logged: LoggedSpan | undefined;
}

/** Why there is nothing to score, and what to do next. */
export function describeNothing(
  { directory, sinceMs, untilMs, alias, predictions, logged }: NothingFound,
): { readonly text: string; readonly next: readonly string[] } {
  if (logged === undefined) {
    const answers = predictions === 0 ? " yet" : `; its ${predictions} answers to given rows have no outcome`;
    return {
      text: `No forecast is logged in '${directory}'${answers}`,
      next: [
        "task api          it logs a forecast at each closed minute",
        "task ingest       brings the minutes in",
      ],
    };
  }
  const asked = [
    ...(alias === undefined ? [] : [`of the version at '${alias}'`]),
    ...(sinceMs === undefined ? [] : [`from ${toIso(sinceMs)} on`]),
    ...(untilMs === undefined ? [] : [`before ${toIso(untilMs)}`]),
  ];
  const { forecasts, firstMs, lastMs } = logged;
  return {
    text: `No forecast ${asked.join(" and ")} is logged in '${directory}'; ` +
      `it has ${forecasts}, of ${toIso(firstMs)} to ${toIso(lastMs)}`,
    next: ["task monitor      looks at all of them"],
  };
}
