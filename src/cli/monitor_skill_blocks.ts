import { BASELINES, DAY_MS, fullestFirst } from "../core/mod.ts";
import type { DaySkill } from "../monitoring/mod.ts";
import { dayLines, intervalRows } from "../reporting/charts/model_chart.ts";
import { timeAxis } from "../reporting/charts/time_chart.ts";
import type { Block } from "../reporting/mod.ts";
import { scoreNoteBlocks } from "../reporting/score_note_blocks.ts";
import { figure } from "./monitor_text.ts";

/** Scores that people read first: metric, title, digits. */
const SCORES = [
  ["qlike", "QLIKE of volatility", 4],
  ["log_loss", "Log-loss of direction", 4],
  ["accuracy", "Accuracy of direction", 4],
  ["pinball", "Pinball of quantiles, bps", 3],
  ["coverage_50", "Coverage of the 50 % interval", 3],
  ["coverage_90", "Coverage of the 90 % interval", 3],
] as const;
/** Baselines with a column of their own. */
const SHOWN = ["har_x", "ewma", "climatology", "contrarian"] as const;
const GAINS = [["qlike", "QLIKE"], ["log_loss", "Log-loss"], ["pinball", "Pinball"]] as const;

type Metrics = Readonly<Record<string, number>>;

/** Scores of the model with their intervals, beside baselines on the same rows, and its run's backtest where it is known. */
export function scoreTable(metrics: Metrics, backtest?: Metrics): Block[] {
  if (Object.keys(metrics).length === 0) return [];
  return [{
    kind: "table",
    caption: "Scores beside the baselines on the same minutes",
    columns: [
      { title: "Score" },
      { title: "Model", align: "right" },
      { title: "Low", align: "right" },
      { title: "High", align: "right" },
      { title: "HAR-X", align: "right" },
      { title: "EWMA", align: "right" },
      { title: "Climatology", align: "right" },
      { title: "Contrarian", align: "right" },
      ...(backtest === undefined ? [] : [{ title: "Backtest", align: "right" as const }]),
    ],
    rows: SCORES.map(([metric, title, digits]) => [
      title,
      figure(metrics[metric], digits),
      figure(metrics[`${metric}_low`], digits),
      figure(metrics[`${metric}_high`], digits),
      ...SHOWN.map((baseline) => figure(metrics[`baseline_${baseline}_${metric}`], digits)),
      ...(backtest === undefined ? [] : [figure(backtest[metric], digits)]),
    ]),
    note: `${figure(metrics["test_rows"], 0)} forecasts with a known outcome.` +
      (backtest === undefined ? "" : " The backtest is of the run, on its own test rows."),
  }];
}

/** Gains over the baselines with their intervals, and why they may contradict the scores; nothing without intervals. */
export function gainCharts(metrics: Metrics, horizonMinutes: number): Block[] {
  const charts = GAINS.flatMap(([metric, title]) => {
    const rows = fullestFirst(BASELINES).flatMap((baseline) => {
      const gain = `${metric}_gain_${baseline}`;
      const [mean, low, high] = [metrics[gain], metrics[`${gain}_low`], metrics[`${gain}_high`]];
      return mean === undefined || low === undefined || high === undefined ? [] : [{ name: baseline, mean, low, high }];
    });
    return rows.length === 0 ? [] : [{ title: `${title}, gain over`, spec: intervalRows(rows, { xTitle: "gain" }) }];
  });
  if (charts.length === 0) return [];
  return [{
    kind: "charts",
    caption: "Gains over the baselines, 95 % intervals",
    columns: charts.length,
    height: 110,
    charts,
    note:
      "A baseline's mean loss less the model's on the same minutes, resampled by days: right of zero the model is better.",
  }, ...scoreNoteBlocks(metrics, horizonMinutes)];
}

/** Scores day by day, as lines and as a table. */
export function dayCharts(days: readonly DaySkill[]): Block[] {
  if (days.length === 0) return [];
  const startMs = days.map(({ day }) => Date.parse(day));
  const x = timeAxis({ startMs: startMs[0]!, endMs: startMs.at(-1)! + DAY_MS });
  const line = (name: string, metric: string) => ({
    ...{ name, startMs },
    values: days.map(({ metrics }) => metrics[metric] ?? NaN),
  });
  const lines = [["qlike", "QLIKE"], ["log_loss", "Log-loss"]] as const;
  const charts: Block[] = days.length < 2 ? [] : [{
    kind: "charts",
    caption: "Losses by UTC day of the decision",
    columns: 2,
    height: 130,
    charts: lines.map(([metric, title]) => ({
      title,
      spec: dayLines([
        line("model", metric),
        metric === "qlike"
          ? line("HAR-X", "baseline_har_x_qlike")
          : line("climatology", "baseline_climatology_log_loss"),
      ], { x, title }),
    })),
  }];
  return [...charts, {
    kind: "table",
    caption: "Day by day (UTC day of the decision)",
    columns: [
      { title: "Day" },
      { title: "Scored", align: "right" },
      { title: "QLIKE", align: "right" },
      { title: "HAR-X", align: "right" },
      { title: "Log-loss", align: "right" },
      { title: "Pinball", align: "right" },
      { title: "HAR-X", align: "right" },
      { title: "Coverage 90 %", align: "right" },
    ],
    rows: days.map(({ day, scored, full, metrics }) => [
      full ? day : `${day} (part)`,
      String(scored),
      figure(metrics["qlike"], 4),
      figure(metrics["baseline_har_x_qlike"], 4),
      figure(metrics["log_loss"], 4),
      figure(metrics["pinball"], 3),
      figure(metrics["baseline_har_x_pinball"], 3),
      figure(metrics["coverage_90"], 3),
    ]),
  }];
}
