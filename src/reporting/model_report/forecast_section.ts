import { DAY_MS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { dayLines, diagonalChart, ratioBars } from "../charts/model_chart.ts";
import { timeAxis } from "../charts/time_chart.ts";
import type { Block, Section, TableBlock } from "../model.ts";
import { formatNumber, formatPercent } from "../numbers.ts";
import {
  bandRatios,
  cumulativeGain,
  dailyVolatility,
  directionCalibration,
  intervalCoverage,
  quantileShares,
  volatilityCalibration,
} from "./forecast_figures.ts";
import type { ForecastTable } from "./forecast_table.ts";

/** Whether forecasts mean what they say: recomputed from the run's own files. */
export function forecastSection(table: ForecastTable): Section {
  const head = {
    id: "forecasts",
    title: "Calibration and coverage",
    lead:
      "Recomputed from evaluation/predictions.parquet of the run: do probabilities, intervals and volatilities come true.",
  };
  if (table.length === 0) {
    return { ...head, blocks: [{ kind: "callout", tone: "neutral", text: "The file holds no scored minute." }] };
  }
  const blocks: Block[] = [...diagrams(table)];
  const coverage = coverageTable(table);
  if (coverage !== undefined) blocks.push(coverage);
  return { ...head, blocks: [...blocks, ...overTime(table)] };
}

function diagrams(table: ForecastTable): Block[] {
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
        },
      ),
    }]),
    ...(volatility.length === 0 ? [] : [{
      title: `Volatility of ${table.horizonMinutes} minutes, bps`,
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
    note:
      "Twenty bins of equal count. Bars are 95 % intervals of a share as if rows did not overlap: the true ones are wider.",
  }];
}

function coverageTable(table: ForecastTable): TableBlock | undefined {
  const series = [["model", table.model] as const, ...table.baselines]
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

function overTime(table: ForecastTable): Block[] {
  const startMs = table.decisionTimeMs[0]!;
  const range = { startMs, endMs: Math.max(table.decisionTimeMs[table.length - 1]!, startMs + DAY_MS) };
  const blocks: Block[] = [];
  const daily = dailyVolatility(table);
  if (daily !== undefined && daily.startMs.length > 1) {
    blocks.push({
      kind: "chart",
      caption: `Volatility of ${table.horizonMinutes} minutes by day, basis points`,
      spec: dayLines([
        { name: "realised", startMs: daily.startMs, values: daily.realized },
        { name: "forecast", startMs: daily.startMs, values: daily.forecast },
      ], { x: timeAxis(range), title: "bps" }),
      height: 138,
    });
  }
  const gains = [...table.baselines].flatMap(([name, forecast]) => {
    const gain = cumulativeGain(table, forecast);
    return gain === undefined ? [] : [{ name: `over ${name}`, startMs: gain.startMs, values: gain.gain }];
  });
  if (gains.length > 0 && gains[0]!.startMs.length > 1) {
    blocks.push({
      kind: "chart",
      caption: "QLIKE gained over each baseline, summed up: where a line rises the model did better",
      spec: dayLines(gains, { x: timeAxis(range), title: "summed gain", zeroRule: true }),
      height: 138,
      note: `Losses of all rows, divided by the horizon, as each minute is in ${
        formatNumber(table.horizonMinutes)
      } forecasts.`,
    });
  }
  return blocks;
}
