import { DAY_MS, fullestFirst, QUANTILE_LEVELS } from "../../core/mod.ts";
import { dayLines, diagonalChart, ratioBars } from "../charts/model_chart.ts";
import { timeAxis } from "../charts/time_chart.ts";
import type { Block, Section, TableBlock } from "../model.ts";
import { formatNumber, formatPercent, plural } from "../numbers.ts";
import {
  bandRatios,
  cumulativeGain,
  dailyVolatility,
  directionCalibration,
  intervalCoverage,
  INTERVALS,
  quantileShares,
  volatilityCalibration,
} from "./forecast_figures.ts";
import type { ForecastSeries, ForecastTable } from "./forecast_table.ts";
import type { StoredEvaluation } from "./stored_evaluation.ts";

/** Lines of gains at most: over a weak baseline one goes so high that the others cannot be told apart. */
const MOST_GAINS = 4;

/** Whether forecasts mean what they say: recomputed from the run's own files. */
export function forecastSection(table: ForecastTable, evaluation?: StoredEvaluation): Section {
  const head = {
    id: "forecasts",
    title: "Calibration and coverage",
    lead:
      "Recomputed from evaluation/predictions.parquet of the run: do probabilities, intervals and volatilities come true.",
  };
  if (table.length === 0) {
    return { ...head, blocks: [{ kind: "callout", tone: "neutral", text: "The file holds no scored minute." }] };
  }
  const blocks: Block[] = [...diagrams(table, evaluation)];
  const coverage = coverageTable(table);
  if (coverage !== undefined) blocks.push(coverage);
  if (evaluation !== undefined) blocks.push(adaptiveTable(evaluation));
  return { ...head, blocks: [...blocks, ...overTime(table)] };
}

function diagrams(table: ForecastTable, evaluation: StoredEvaluation | undefined): Block[] {
  const line = evaluation?.calibration.line ?? undefined;
  const direction = directionCalibration(table), volatility = volatilityCalibration(table);
  const shares = quantileShares(table.model, table.returnBps);
  const charts = [
    ...(direction.length === 0 ? [] : [{
      title: "Probability of a rise",
      spec: diagonalChart(
        direction.map(({ forecast, observed, low, high }) => ({ x: forecast, y: observed, low, high })),
        {
          xTitle: "forecast",
          yTitle: "share that rose",
          format: ".1%",
          ...(line === undefined ? {} : { curve: (p: number) => logisticCurve(p, line) }),
        },
      ),
    }]),
    ...(volatility.length === 0 ? [] : [{
      title: `Volatility of ${plural(table.horizonMinutes, "minute")}, bps`,
      spec: diagonalChart(volatility.map(({ forecast, observed }) => ({ x: forecast, y: observed })), {
        xTitle: "forecast",
        yTitle: "realised",
        log: true,
      }),
    }]),
    ...(shares === undefined ? [] : [{
      title: "Quantiles of the return",
      spec: diagonalChart(shares.map((share, k) => ({ x: QUANTILE_LEVELS[k]!, y: share })), {
        xTitle: "level",
        yTitle: "share of returns below",
        format: ".0%",
      }),
    }, {
      title: "Returns between the levels, times what belongs there",
      spec: ratioBars(bandRatios(shares), { title: "ratio", axisTitle: "levels, %" }),
    }]),
  ];
  if (charts.length === 0) return [];
  return [{
    kind: "charts",
    caption: "What happened against what was forecast; on the line the forecasts are honest",
    columns: 2,
    height: 158,
    charts,
    note: `Twenty bins of equal count.${
      line === undefined ? "" : ` ${lineSentence(line)}`
    } Bars are 95 % intervals of a share as if rows did not overlap: the true ones are wider.`,
  }];
}

type CalibrationLine = NonNullable<StoredEvaluation["calibration"]["line"]>;

/** The share that rose, by the fitted line. */
function logisticCurve(p: number, { slope, intercept }: CalibrationLine): number {
  return 1 / (1 + Math.exp(-(intercept + slope * Math.log(p / (1 - p)))));
}

function lineSentence({ slope, intercept, standardErrors }: CalibrationLine): string {
  const figure = (value: number, error: number | null) =>
    `${formatNumber(value, 2)}${error === null ? "" : ` (±${formatNumber(1.96 * error, 2)})`}`;
  return `The orange line is the logit's: slope ${
    figure(slope, standardErrors.slope)
  }, where 1 is honest and less is ` +
    `too bold, intercept ${figure(intercept, standardErrors.intercept)}.`;
}

/** Quantiles as they are served beside those that learn from each outcome as it comes, which are never served. */
function adaptiveTable({ model, adaptive }: StoredEvaluation): TableBlock {
  const levels = INTERVALS.map(({ nominal }) => Math.round(100 * nominal));
  const row = (name: string, scores: StoredEvaluation["model"]) => [
    name,
    ...levels.flatMap((percent) => [
      formatPercent(scores[`coverage_${percent}`] ?? undefined, 1),
      formatNumber(scores[`width_${percent}`] ?? undefined, 1),
    ]),
    formatNumber(scores["pinball"] ?? undefined, 4),
  ];
  return {
    kind: "table",
    caption: "Frozen calibration, which is served, beside adaptive conformal inference, which is not",
    columns: [
      { title: "Calibration" },
      ...levels.flatMap((percent) => [
        { title: `in ${percent} %`, align: "right" as const },
        { title: "width", align: "right" as const },
      ]),
      { title: "Pinball, bps", align: "right" },
    ],
    rows: [row("frozen", model), row("adaptive", adaptive)],
  };
}

function coverageTable(table: ForecastTable): TableBlock | undefined {
  const series = [["model", table.model] as const, ...baselinesOf(table)]
    .map(([name, forecast]) => ({ name, rows: intervalCoverage(forecast, table.returnBps) }))
    .filter(({ rows }) => rows.length > 0);
  if (series.length === 0) return undefined;
  return {
    kind: "table",
    caption: "Central intervals: share of returns inside, and mean width in basis points",
    columns: [
      { title: "Forecast" },
      ...series[0]!.rows.flatMap(({ nominal }) => [
        { title: `in ${Math.round(100 * nominal)} %`, align: "right" as const },
        { title: "width", align: "right" as const },
      ]),
    ],
    rows: series.map(({ name, rows }) => [
      name,
      ...rows.flatMap(({ covered, widthBps }) => [formatPercent(covered, 1), formatNumber(widthBps, 1)]),
    ]),
  };
}

/** Baselines with an output, the fullest line first. */
function baselinesOf({ baselines }: ForecastTable): (readonly [string, ForecastSeries])[] {
  return fullestFirst(baselines.keys()).map((name) => [name, baselines.get(name)!] as const);
}

function overTime(table: ForecastTable): Block[] {
  const startMs = table.decisionTimeMs[0]!;
  const range = { startMs, endMs: Math.max(table.decisionTimeMs[table.length - 1]!, startMs + DAY_MS) };
  const blocks: Block[] = [];
  const daily = dailyVolatility(table);
  if (daily !== undefined && daily.startMs.length > 1) {
    blocks.push({
      kind: "chart",
      caption: `Volatility of ${plural(table.horizonMinutes, "minute")} by day, basis points`,
      spec: dayLines([
        { name: "realised", startMs: daily.startMs, values: daily.realized },
        { name: "forecast", startMs: daily.startMs, values: daily.forecast },
      ], { x: timeAxis(range), title: "bps" }),
      height: 138,
    });
  }
  const gains = baselinesOf(table).slice(0, MOST_GAINS).flatMap(([name, forecast]) => {
    const gain = cumulativeGain(table, forecast);
    return gain === undefined ? [] : [{ name: `over ${name}`, startMs: gain.startMs, values: gain.gain }];
  });
  if (gains.length > 0 && gains[0]!.startMs.length > 1) {
    blocks.push({
      kind: "chart",
      caption: "QLIKE gained over plain lines, summed up: where a line rises the model did better",
      spec: dayLines(gains, { x: timeAxis(range), title: "summed gain", zeroRule: true }),
      height: 138,
      note: `Losses of all rows, divided by the horizon, as each minute is in ${
        formatNumber(table.horizonMinutes)
      } forecasts.`,
    });
  }
  return blocks;
}
