import { curveChart } from "../charts/ranked_chart.ts";
import type { Section } from "../model.ts";
import { formatNumber, formatPercent } from "../numbers.ts";
import type { StoredEvaluation } from "./stored_evaluation.ts";

/** Prices of a round trip in the table, in bps. */
const SHOWN_COSTS_BPS = [0, 2, 5, 10, 20];

/** What following the direction forecast would have earned, before and after costs. */
export function moneySection({ money, days }: StoredEvaluation): Section {
  const { costCurve, breakEvenCostBps, roundTripsPerDay, probabilisticSharpe, deflatedSharpe, trials } = money;
  const shown = costCurve.filter(({ costBps }) => SHOWN_COSTS_BPS.includes(costBps));
  const curve = (key: "sharpe" | "meanDailyBps") =>
    costCurve.map((point) => ({ x: point.costBps, y: point[key] ?? NaN }));
  const figure = (value: number | null, digits: number) => formatNumber(value ?? undefined, digits);
  return {
    id: "money",
    title: "Cost of trading",
    lead:
      "A position in the likelier direction, held for the horizon, never two at a time: evidence beside the scores, " +
      "no part of the verdict.",
    blocks: [
      {
        kind: "charts",
        caption: `What it would have earned at each price of a round trip, ${formatNumber(days)} days`,
        columns: 2,
        height: 120,
        charts: [
          {
            title: "Sharpe ratio a year",
            spec: curveChart(curve("sharpe"), { xTitle: "bps a round trip", yTitle: "ratio" }),
          },
          {
            title: "Mean profit a day",
            spec: curveChart(curve("meanDailyBps"), { xTitle: "bps a round trip", yTitle: "bps of the position" }),
          },
        ],
      },
      {
        kind: "table",
        caption: "The same in figures",
        columns: [
          { title: "Price of a round trip" },
          ...shown.map(({ costBps }) => ({ title: `${costBps} bps`, align: "right" as const })),
        ],
        rows: [
          ["Sharpe ratio a year", ...shown.map(({ sharpe }) => figure(sharpe, 2))],
          ["Mean profit a day, bps", ...shown.map(({ meanDailyBps }) => figure(meanDailyBps, 1))],
        ],
      },
      {
        kind: "facts",
        items: [
          { label: "Breaks even at", value: `${figure(breakEvenCostBps, 2)} bps a round trip` },
          { label: "Round trips", value: `${figure(roundTripsPerDay, 1)} a day` },
          {
            label: "Probability that Sharpe > 0",
            value: `${formatPercent(probabilisticSharpe ?? undefined, 1)}, before costs`,
          },
          {
            label: "The same, deflated",
            value: deflatedSharpe === null
              ? `not known, as ${whyNotDeflated(trials)}`
              : `${formatPercent(deflatedSharpe, 1)}, above what the best of ${
                formatNumber(trials?.count)
              } runs shows by luck`,
          },
        ],
      },
    ],
  };
}

/** Why there is no deflated Sharpe ratio. */
function whyNotDeflated(trials: StoredEvaluation["money"]["trials"]): string {
  if (trials === null || trials === undefined) return "nobody counted the runs before it";
  if (trials.count < 2) return "it is the first run of its symbol and horizon";
  return trials.known < 2
    ? `the Sharpe ratio of ${trials.known === 0 ? "none" : "only one"} of ${formatNumber(trials.count)} runs is known`
    : "its own profits do not vary";
}
