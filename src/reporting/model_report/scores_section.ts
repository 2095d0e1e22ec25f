import { intervalRows } from "../charts/model_chart.ts";
import type { Block, Section } from "../model.ts";
import { formatNumber, formatPercent, formatSignificant } from "../numbers.ts";
import type { RunFacts } from "./run_facts.ts";
import { baselineNames, gainsOf, SCORES } from "./scores.ts";

const LOSS_TITLES = { qlike: "QLIKE", log_loss: "Log-loss", pinball: "Pinball, bps" } as const;

/** The model beside the baselines on the same rows; undefined where the run logged no known score. */
export function scoresSection(facts: RunFacts): Section | undefined {
  const { metrics } = facts;
  const baselines = baselineNames(facts);
  const gains = gainsOf(facts);
  const kinds = [...SCORES].filter(([key]) =>
    metrics.has(key) || baselines.some((name) => metrics.has(`baseline_${name}_${key}`))
  );
  if (kinds.length === 0) return undefined;
  const blocks: Block[] = [{
    kind: "table",
    caption: "Scores on the rows of the test span; an absent output has no score",
    columns: [
      { title: "Score" },
      { title: "Better" },
      { title: facts.params.get("model") ?? "model", align: "right" },
      ...baselines.map((title) => ({ title, align: "right" as const })),
    ],
    rows: kinds.map(([key, { title, better, digits, percent }]) => {
      const format = (value: number | undefined) =>
        percent ? formatPercent(value, digits) : formatNumber(value, digits);
      return [
        title,
        better === "target" ? "near" : better,
        format(metrics.get(key)),
        ...baselines.map((name) => format(metrics.get(`baseline_${name}_${key}`))),
      ];
    }),
  }];
  if (gains.length > 0) {
    const losses = [...new Set(gains.map(({ loss }) => loss))];
    blocks.push({
      kind: "charts",
      caption: "Gain over each baseline with its 95 % interval: right of zero the model is better",
      columns: 3,
      height: 92,
      charts: losses.map((loss) => ({
        title: LOSS_TITLES[loss],
        spec: intervalRows(
          gains.filter((gain) => gain.loss === loss).map(({ baseline, mean, low, high }) => ({
            name: baseline,
            mean,
            low,
            high,
          })),
          { xTitle: "gain" },
        ),
      })),
    }, {
      kind: "table",
      caption: "Gains over the baselines: their mean loss less the model's on the same rows",
      columns: [
        { title: "Loss" },
        { title: "Baseline" },
        { title: "Gain", align: "right" },
        { title: "95 % from", align: "right" },
        { title: "to", align: "right" },
        { title: "Reading" },
      ],
      rows: gains.map(({ loss, baseline, mean, low, high }) => [
        LOSS_TITLES[loss],
        baseline,
        formatSignificant(mean, 3),
        formatSignificant(low, 3),
        formatSignificant(high, 3),
        low > 0 ? "better" : high < 0 ? "worse" : "not told apart",
      ]),
      note: "Intervals are of means over resampled blocks of days, as neighbouring minutes share their outcomes.",
    });
  }
  return {
    id: "scores",
    title: "Scores beside the baselines",
    lead: "Every score stands beside plain baselines on the same rows, with the uncertainty of the difference.",
    blocks,
  };
}
