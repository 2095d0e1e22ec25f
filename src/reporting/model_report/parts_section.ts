import { intervalRows } from "../charts/model_chart.ts";
import { rankedBars } from "../charts/ranked_chart.ts";
import type { Block, Section } from "../model.ts";
import { formatNumber, formatPercent, plural } from "../numbers.ts";
import type { StoredAblation, StoredImportance, StoredRanking } from "./stored_evaluation.ts";

const LOSSES = [
  { key: "qlike", title: "QLIKE", digits: 4 },
  { key: "log_loss", title: "Log-loss", digits: 5 },
  { key: "pinball", title: "Pinball, bps", digits: 4 },
] as const;
/** Parts for people; another program's parts keep their names. */
const PART_NAMES: Readonly<Record<string, string>> = {
  correction: "correction of σ",
  direction_learner: "direction learner",
  logistic_line: "logistic line",
  calibration: "calibration",
};
/** Features of a ranking at most. */
const MOST_FEATURES = 16;

/** What each part of the model brings, and which features it rests on; undefined where neither is known. */
export function partsSection(
  ablation: StoredAblation | undefined,
  importance: StoredImportance | undefined,
): Section | undefined {
  const blocks = [
    ...(ablation === undefined ? [] : ablationBlocks(ablation)),
    ...(importance === undefined ? [] : importanceBlocks(importance)),
  ];
  if (blocks.length === 0) return undefined;
  return {
    id: "parts",
    title: "Parts and features",
    lead: "What is lost where a part of the model is switched off, or a feature's values are dealt out anew.",
    blocks,
  };
}

function nameOf(part: string): string {
  return PART_NAMES[part] ?? part.replaceAll("_", " ");
}

function ablationBlocks({ rows, whole, parts }: StoredAblation): Block[] {
  if (parts.length === 0) {
    return [{ kind: "callout", tone: "neutral", text: "The model is a plain line: it has no part to switch off." }];
  }
  const cells = (scores: StoredAblation["whole"]) => [
    ...LOSSES.map(({ key, digits }) => formatNumber(scores[key] ?? undefined, digits)),
    formatPercent(scores["coverage_90"] ?? undefined, 1),
  ];
  return [
    {
      kind: "table",
      caption: "Scores with a part switched off",
      columns: [
        { title: "Model" },
        ...LOSSES.map(({ title }) => ({ title, align: "right" as const })),
        { title: "in 90 %", align: "right" },
        { title: "Steps with it", align: "right" },
      ],
      rows: [
        ["whole", ...cells(whole), ""],
        ...parts.map(({ part, scores, folds }) => [`without ${nameOf(part)}`, ...cells(scores), formatNumber(folds)]),
      ],
      note: `The models of all steps on ${plural(rows, "row")} spread over their test rows, without another fit. ` +
        "Without the correction σ is HAR-X; without the logistic line the direction is the contrarian's.",
    },
    ...gainCharts(parts),
  ];
}

function gainCharts(parts: StoredAblation["parts"]): Block[] {
  const charts = LOSSES.flatMap(({ key, title }) => {
    const rows = parts.flatMap(({ part, gains }) => {
      const gain = gains.find(({ loss }) => loss === key);
      if (gain === undefined || gain.mean === null || gain.low === null || gain.high === null) return [];
      // What a part does not touch it neither gains nor loses.
      if (gain.mean === 0 && gain.low === 0 && gain.high === 0) return [];
      return [{ name: nameOf(part), mean: gain.mean, low: gain.low, high: gain.high }];
    });
    return rows.length === 0 ? [] : [{ title, spec: intervalRows(rows, { xTitle: "gain" }) }];
  });
  if (charts.length === 0) return [];
  return [{
    kind: "charts",
    caption: "What each part brings with its 95 % interval: right of zero it helps",
    columns: 3,
    height: 92,
    charts,
  }];
}

function importanceBlocks({ permutation, gain }: StoredImportance): Block[] {
  const grid = (caption: string, note: string, rankings: readonly (readonly [string, StoredRanking])[]): Block[] => {
    const charts = rankings.flatMap(([title, ranking]) => {
      const items = topOf(ranking);
      return items.length === 0 ? [] : [{ title, spec: rankedBars(items, { xTitle: "importance" }) }];
    });
    return charts.length === 0 ? [] : [{ kind: "charts", caption, columns: 2, height: 190, charts, note }];
  };
  const count = permutation.qlike.length;
  return [
    ...grid(
      `The features that the model to serve rests on most, of ${formatNumber(count)}`,
      "Values dealt out anew among rows of the validation span. Of two features that say the same neither seems important.",
      [["Volatility: rise of QLIKE", permutation.qlike], ["Direction: rise of log-loss", permutation.logLoss]],
    ),
    ...gain === undefined ? [] : grid(
      "What the trees split on",
      "Summed over all splits of a head; a feature with many values is favoured.",
      [["Volatility: gain of the splits", gain.volatility], ["Direction: gain of the splits", gain.direction]],
    ),
  ];
}

/** The most important ones; what brings nothing is none of them. */
function topOf(ranking: StoredRanking): { name: string; value: number }[] {
  return ranking.flatMap(({ feature, value }) => value !== null && value > 0 ? [{ name: feature, value }] : [])
    .slice(0, MOST_FEATURES);
}
