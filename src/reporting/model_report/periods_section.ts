import { FEWEST_TELLING_BLOCKS, readingOf, toIsoDay } from "../../core/mod.ts";
import { intervalRows, stepLines } from "../charts/model_chart.ts";
import type { Block, ChartSpec, Section, TableBlock } from "../model.ts";
import { formatNumber, formatPercent, formatSignificant } from "../numbers.ts";
import { meanQlike } from "./forecast_figures.ts";
import type { ForecastTable } from "./forecast_table.ts";
import type { StoredEvaluation, StoredGroup } from "./stored_evaluation.ts";

/** The volatility that a step's own is drawn beside. */
const REFERENCE = "har_x";
/** Weak spots of the table at most. */
const MOST_SPOTS = 30;
const FEW = `no month or hour has the ${FEWEST_TELLING_BLOCKS} blocks of days that can tell`;

/** When the model is better, and when it is worse: by step, year, month and hour of the day. */
export function periodsSection(evaluation: StoredEvaluation, forecasts: ForecastTable | undefined): Section {
  const { folds, years, months, hours } = evaluation;
  return {
    id: "periods",
    title: "Steps, years and hours",
    lead:
      "Whether the scores hold all along, and where the model is worse than the best baseline. QLIKE is of all rows " +
      "here, as an hour may have no row on the horizon's grid.",
    blocks: [
      weakCallout(evaluation),
      ...(folds.length > 1 ? [stepCharts(evaluation, forecasts)] : []),
      stepTable(evaluation),
      groupTable("Scores by year", "Year", years),
      ...(months.length > 1 ? [groupTable("Scores by month", "Month", months)] : []),
      ...(hours.length > 1 ? hourCharts(hours) : []),
      groupTable("Scores by hour of the day", "Hour, UTC", hours),
      ...weakTable(evaluation),
    ],
  };
}

function weakCallout({ weakSpots: { looked, expectedByChance, found } }: StoredEvaluation): Block {
  if (looked === 0) return { kind: "callout", tone: "neutral", text: `Where it is worse is not told: ${FEW}.` };
  const chance = `${formatNumber(looked)} comparisons by month and hour, of which chance alone would make ${
    formatNumber(expectedByChance, 1)
  } look worse`;
  return found.length === 0
    ? { kind: "callout", tone: "good", text: `Nowhere worse than the best baseline beyond its interval: ${chance}.` }
    : {
      kind: "callout",
      tone: found.length > 2 * expectedByChance ? "warning" : "neutral",
      text: `Worse than the best baseline in ${found.length} of ${chance}.`,
    };
}

function stepCharts({ folds }: StoredEvaluation, forecasts: ForecastTable | undefined): Block {
  const line = (name: string, key: string) => ({
    name,
    points: folds.map(({ index, scores }) => ({ step: index, value: scores[key] ?? NaN })),
  });
  const harX = forecasts?.baselines.get(REFERENCE);
  const reference = forecasts === undefined || harX?.volatilityBps === undefined ? [] : [{
    name: REFERENCE,
    points: folds.map(({ index, test }) => ({ step: index, value: meanQlike(forecasts, harX, test) })),
  }];
  const chart = (title: string, spec: ChartSpec) => ({ title, spec });
  const steps = { axisTitle: "step" };
  return {
    kind: "charts",
    caption: "Scores step by step",
    columns: 2,
    height: 92,
    charts: [
      chart("QLIKE", stepLines([line("model", "qlike"), ...reference], steps)),
      chart("AUC", stepLines([line("model", "auc")], steps)),
      chart("Log-loss", stepLines([line("model", "log_loss")], steps)),
      chart("Share inside the 90 % interval", stepLines([line("model", "coverage_90")], steps)),
    ],
  };
}

function stepTable({ folds }: StoredEvaluation): TableBlock {
  const table = groupTable("Scores by step, each by a model of the days before it", "Step", folds);
  const [first, ...columns] = table.columns;
  return {
    ...table,
    columns: [first!, { title: "Scored from" }, ...columns],
    rows: table.rows.map(([name, ...cells], i) => [name!, toIsoDay(folds[i]!.test.startMs), ...cells]),
  };
}

function groupTable(caption: string, title: string, groups: readonly StoredGroup[]): TableBlock {
  const gains = groups[0]?.gains.filter(({ loss }) => loss === "qlike" || loss === "log_loss") ?? [];
  return {
    kind: "table",
    caption,
    columns: [
      { title },
      { title: "Rows", align: "right" },
      { title: "QLIKE", align: "right" },
      { title: "Log-loss", align: "right" },
      { title: "AUC", align: "right" },
      { title: "Pinball", align: "right" },
      { title: "in 90 %", align: "right" },
      // With the baseline's name a column would leave the others no room.
      ...gains.map(({ loss }) => ({
        title: `${loss === "qlike" ? "QLIKE" : "Log-loss"} gain`,
        align: "right" as const,
      })),
    ],
    rows: groups.map(({ name, rows, scores, gains: own }) => [
      name,
      formatNumber(rows),
      formatNumber(scores["qlike"] ?? undefined, 4),
      formatNumber(scores["log_loss"] ?? undefined, 5),
      formatNumber(scores["auc"] ?? undefined, 4),
      formatNumber(scores["pinball"] ?? undefined, 3),
      formatPercent(scores["coverage_90"] ?? undefined, 1),
      ...gains.map(({ loss }) => gainCell(own.find((gain) => gain.loss === loss))),
    ]),
    note:
      `Gains are over the baselines that are best on all rows, ${
        gains.map(({ baseline }) => baseline).join(" and ")
      }; ` +
      `+ and − where the 95 % interval excludes zero, ° where fewer than ${FEWEST_TELLING_BLOCKS} blocks of days are known, which tell nothing. Up to an hour ` +
      "ahead a block is a single day in short groups, as a month or a step is.",
  };
}

const MARKS = { "better": " +", "worse": " −", "undecided": "", "too few days": " °" } as const;

function gainCell(gain: StoredGroup["gains"][number] | undefined): string {
  if (gain === undefined || gain.mean === null) return formatNumber(undefined);
  const { mean, low, high, blocks } = gain;
  return `${formatSignificant(mean, 2)}${MARKS[readingOf({ low: low ?? NaN, high: high ?? NaN, blocks })]}`;
}

function hourCharts(hours: readonly StoredGroup[]): Block[] {
  const losses = [["qlike", "QLIKE"], ["log_loss", "Log-loss"]] as const;
  const charts = losses.flatMap(([key, title]) => {
    const rows = hours.flatMap(({ name, gains }) => {
      const gain = gains.find(({ loss }) => loss === key);
      if (gain === undefined || gain.mean === null || gain.low === null || gain.high === null) return [];
      if (gain.blocks < FEWEST_TELLING_BLOCKS) return [];
      return [{ name, mean: gain.mean, low: gain.low, high: gain.high, baseline: gain.baseline }];
    });
    if (rows.length === 0) return [];
    return [{ title: `${title} gain over ${rows[0]!.baseline}`, spec: intervalRows(rows, { xTitle: "gain" }) }];
  });
  if (charts.length === 0) return [];
  return [{
    kind: "charts",
    caption: "Gain by hour of the day, UTC, with its 95 % interval: right of zero the model is better",
    columns: 2,
    height: 230,
    charts,
  }];
}

function weakTable({ weakSpots: { found } }: StoredEvaluation): TableBlock[] {
  if (found.length === 0) return [];
  return [{
    kind: "table",
    caption: "Where the model is worse than the best baseline",
    columns: [
      { title: "Loss" },
      { title: "Baseline" },
      { title: "Where" },
      { title: "Rows", align: "right" },
      { title: "Gain", align: "right" },
      { title: "95 % from", align: "right" },
      { title: "to", align: "right" },
    ],
    rows: found.slice(0, MOST_SPOTS).map(({ loss, baseline, kind, name, rows, mean, low, high }) => [
      loss,
      baseline,
      `${kind} ${name}`,
      formatNumber(rows),
      ...[mean, low, high].map((value) => formatSignificant(value ?? undefined, 3)),
    ]),
    ...(found.length > MOST_SPOTS ? { note: `${found.length - MOST_SPOTS} more are in evaluation/summary.json.` } : {}),
  }];
}
