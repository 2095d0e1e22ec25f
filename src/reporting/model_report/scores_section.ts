import { noDirectionClaim, readingOf } from "../../core/mod.ts";
import { intervalRows } from "../charts/model_chart.ts";
import type { Block, Section } from "../model.ts";
import { formatNumber, formatPercent, formatSignificant } from "../numbers.ts";
import { scoreNoteBlocks } from "../score_note_blocks.ts";
import type { RunFacts } from "./run_facts.ts";
import { baselineNames, bestOf, gainsOf, SCORES, toBeat } from "./scores.ts";

/** Stands for the run's own scores; no baseline is called so. */
const OWN = "";
const LOSS_TITLES = { qlike: "QLIKE", log_loss: "Log-loss", accuracy: "Accuracy", pinball: "Pinball, bps" } as const;

/** The model beside the baselines on the same rows; undefined where the run logged no known score. */
export function scoresSection(facts: RunFacts): Section | undefined {
  const { metrics, params } = facts, claim = noDirectionClaim(Number(params.get("horizon_minutes")));
  const baselines = baselineNames(facts);
  const gains = gainsOf(facts), rivals = toBeat(facts);
  const kinds = [...SCORES].filter(([key]) =>
    metrics.has(key) || baselines.some((name) => metrics.has(`baseline_${name}_${key}`))
  );
  if (kinds.length === 0) return undefined;
  const blocks: Block[] = [
    ...(claim === undefined ? [] : [{ kind: "callout", tone: "neutral", text: `${claim}.` } as const]),
    {
      kind: "table",
      caption: "Scores on the rows of the test span; an absent output has no score",
      columns: [
        { title: "Score" },
        { title: "Better" },
        { title: facts.params.get("model") ?? "model", align: "right" },
        ...baselines.map((title) => ({ title, align: "right" as const })),
      ],
      rows: kinds.map(([key, kind]) => {
        const { title, better, digits, percent, target } = kind;
        const values = new Map([
          [OWN, metrics.get(key) ?? NaN],
          ...baselines.map((name) => [name, metrics.get(`baseline_${name}_${key}`) ?? NaN] as const),
        ]);
        const best = bestOf(values, kind);
        return [
          title,
          better === "target" ? target === undefined ? "" : "near" : better,
          ...[...values].map(([name, value]) =>
            (percent ? formatPercent(value, digits) : formatNumber(value, digits)) + (best.has(name) ? " *" : "") +
            (rivals.get(key) === name && Number.isFinite(value) ? " <" : "")
          ),
        ];
      }),
      ...(baselines.length === 0 ? {} : {
        note:
          "* best of its row; < baseline that the model must be no worse than. Each step weighs alike in the mean of the steps, a short one too.",
      }),
    },
    ...scoreNoteBlocks(Object.fromEntries(metrics), Number(params.get("horizon_minutes"))),
  ];
  if (gains.length > 0) {
    const testBlocks = metrics.get("test_blocks") ?? Infinity;
    const losses = [...new Set(gains.map(({ loss }) => loss))];
    blocks.push({
      kind: "charts",
      caption: "Gain over each baseline with its 95 % interval: right of zero the model is better",
      columns: 2,
      height: 100,
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
        readingOf({ low, high, blocks: testBlocks }),
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
