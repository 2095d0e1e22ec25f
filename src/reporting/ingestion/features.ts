import type { CallOptions, FeatureEngine } from "../../core/mod.ts";
import { sparkHistogram } from "../charts/shape_chart.ts";
import type { Block } from "../model.ts";
import { formatCoverage, formatMinutes, formatNumber, formatSignificant, plural } from "../numbers.ts";
import { summarizeFeatures } from "../stats/feature_summary.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { emptySection } from "./empty_section.ts";

/** What the engineered features look like on these candles. */
export function featuresSection(
  { columns, query }: IngestionContext,
  engine: FeatureEngine,
  options: CallOptions = {},
): SectionResult {
  const head = {
    id: "features",
    title: "Engineered features",
    lead: `The feature set “${engine.name}” computed on these candles: what a model would be given.`,
  };
  if (columns.length === 0) return emptySection(head);
  if (query.interval !== "1m") {
    return emptySection(head, `Features are defined on one-minute candles; these are of ${query.interval}.`);
  }
  const { features, rows, every } = summarizeFeatures(columns, engine, options);
  const shaped = features.filter(({ shape }) => shape.total > 0);
  const sampled = every === 1
    ? "Quantiles and shapes are of all rows."
    : `Quantiles and shapes are of every ${ordinal(every)} row, the other figures of all rows.`;
  const blocks: Block[] = [
    {
      kind: "facts",
      items: [
        { label: "Feature set", value: `${engine.name}, ${plural(features.length, "feature")}` },
        { label: "Definition digest", value: engine.digest },
        { label: "Longest look-back", value: formatMinutes(engine.lookbackMinutes) },
        { label: "Decision times", value: formatNumber(rows) },
      ],
    },
    {
      kind: "table",
      caption: "Features over all decision times of the range",
      columns: [
        { title: "Feature" },
        ...["Missing", "Mean", "Deviation", "1 %", "25 %", "Median", "75 %", "99 %"].map((title) => ({
          title,
          align: "right" as const,
        })),
      ],
      rows: features.map((feature) => [
        feature.name,
        feature.missing === 0 ? "0" : formatCoverage(feature.missing, rows),
        formatSignificant(feature.mean, 3),
        formatSignificant(feature.sd, 3),
        // What is a zero but for rounding is written as one.
        ...feature.quantiles.map((value) => formatSignificant(Math.abs(value) < 1e-9 * feature.sd ? 0 : value, 3)),
      ]),
      note: `${sampled} A value is missing until its look-back is filled, at the start and after long gaps.`,
    },
    ...(shaped.length === 0 ? [] : [{
      kind: "charts" as const,
      caption: "Shape of each feature: the middle 99 % of its values",
      columns: 5,
      height: 58,
      charts: shaped.map(({ name, shape }) => ({ title: shortened(name), spec: sparkHistogram(shape) })),
    }]),
  ];
  return {
    section: { ...head, blocks },
    data: { featureSet: engine.name, featureSetDigest: engine.digest, rows, sampledEvery: every, features },
  };
}

/** As much of a name as stands above a small chart, with its end: that is where features differ. */
function shortened(name: string): string {
  const most = 19, end = 6;
  return name.length <= most ? name : `${name.slice(0, most - end - 1)}…${name.slice(-end)}`;
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th";
  return `${n}${ending}`;
}
