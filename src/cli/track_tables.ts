import { type Baseline, BASELINES, baselinesToBeat, readingOf, scoreNotes } from "../core/mod.ts";
import type { Evaluation } from "../ml/evaluation/evaluate.ts";
import { comparisonMetrics } from "../ml/evaluation/evaluation_metrics.ts";
import type { LeakCheck } from "../ml/leak_checks/mod.ts";
import { renderTable } from "./table.ts";
import { fixed, gainText, NONE, wrapped } from "./track_figures.ts";

type ByName = Readonly<Record<string, number>>;

interface ScoreColumn {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
  /** Distance from the best that there can be, up to a constant. */
  readonly badness: (value: number) => number;
}

const less = (value: number) => value, more = (value: number) => -value;
const COLUMNS: readonly ScoreColumn[] = [
  { key: "qlike", title: "QLIKE", digits: 4, badness: less },
  { key: "log_loss", title: "log-loss", digits: 5, badness: less },
  { key: "auc", title: "AUC", digits: 4, badness: more },
  { key: "pinball", title: "pinball", digits: 4, badness: less },
  { key: "coverage_90", title: "in 90 %", digits: 3, badness: (value) => Math.abs(value - 0.9) },
];
/** Characters of a score's marks. */
const MARKS = 2, MARK_ROOM = " ".repeat(MARKS);

/**
 * The model above the baselines, the fullest line first: `*` marks the best of a column, `<` the baseline that the model must
 * be no worse than. Below stands what a reader would stumble over.
 */
export function scoreTable(family: string, evaluation: Evaluation): string {
  const { model, baselines, gains } = evaluation, metrics = comparisonMetrics(evaluation);
  const toBeat: Readonly<Record<string, string>> = baselinesToBeat(metrics);
  const names = BASELINES.toReversed().filter((name) => baselines[name] !== undefined);
  const rows: readonly (readonly [string, ByName])[] = [
    [family, model],
    ...names.map((name) => [name, baselines[name]!] as const),
  ];
  const best = new Map(COLUMNS.map(({ key, digits, badness }) => {
    const shown = rows.flatMap(([, scores]) => scores[key] === undefined ? [] : [Number(scores[key].toFixed(digits))]);
    return [key, Math.min(...shown.map(badness))];
  }));
  const cell = ({ key, digits, badness }: ScoreColumn, name: string, scores: ByName) => {
    const text = fixed(scores[key], digits), isBest = badness(Number(text)) === best.get(key);
    return `${text}${`${isBest ? "*" : ""}${toBeat[key] === name ? "<" : ""}`.padEnd(MARKS)}`;
  };
  const gainOver = (name: string) => {
    const gain = gains.find(({ baseline, loss }) => baseline === name && loss === "qlike")?.gain;
    return gain === undefined ? NONE : gainText(gain);
  };
  const [first, ...others] = COLUMNS;
  const table = renderTable(
    [
      { title: "model" },
      { title: `QLIKE${MARK_ROOM}`, align: "right" },
      { title: "QLIKE gain over it [95 %]", align: "right" },
      ...others.map(({ title }) => ({ title: `${title}${MARK_ROOM}`, align: "right" as const })),
    ],
    rows.map(([name, scores], i) => [
      i === 0 ? name : `  ${name}`,
      cell(first!, name, scores),
      i === 0 ? "" : gainOver(name),
      ...others.map((column) => cell(column, name, scores)),
    ]),
  );
  const notes = scoreNotes(metrics, evaluation.horizonMinutes).map((note) => wrapped(note));
  return [table, "* best of its column   < baseline that the model must be no worse than", ...notes].join("\n");
}

/** The scores with their intervals, and the paired gains over the baselines that the model must be no worse than. */
export function gainTable(evaluation: Evaluation): string {
  const { model, baselines, gains, intervals } = evaluation;
  const toBeat = baselinesToBeat(comparisonMetrics(evaluation));
  const row = (title: string, key: string, name: string, digits: number) => {
    const interval = intervals[key as keyof typeof intervals];
    const gain = gains.find(({ baseline, loss }) => baseline === name && loss === key)?.gain;
    const range = interval === undefined ? "" : ` [${fixed(interval.low, digits)}, ${fixed(interval.high, digits)}]`;
    return [
      title,
      `${fixed(model[key], digits)}${range}`,
      `${fixed(baselines[name as Baseline]?.[key], digits)} ${name}`,
      gain === undefined ? "" : gainText(gain),
      gain === undefined ? "" : readingOf(gain),
    ];
  };
  return renderTable(
    [{ title: "score" }, { title: "model [95 %]" }, { title: "no worse than" }, { title: "gain [95 %]" }, {
      title: "",
    }],
    [
      row("QLIKE", "qlike", toBeat.qlike, 4),
      row("log-loss", "log_loss", toBeat.log_loss, 5),
      row("AUC", "auc", toBeat.log_loss, 4),
      row("accuracy", "accuracy", toBeat.log_loss, 4),
      row("pinball bps", "pinball", toBeat.pinball, 4),
      row("in 90 %", "coverage_90", toBeat.pinball, 3),
    ],
  );
}

const COVERAGES = [50, 80, 90, 98];

/** Shares of returns inside the central intervals. */
export function coverageLine({ model, adaptive }: Evaluation): string {
  const shares = (scores: ByName) =>
    COVERAGES.map((percent) => fixed(100 * (scores[`coverage_${percent}`] ?? NaN), 1)).join("/");
  return `inside ${COVERAGES.join("/")} %: ${shares(model)} %, with adaptive conformal ${shares(adaptive)} %`;
}

/** Prices of a round trip that are shown, in bps. */
const SHOWN_COSTS_BPS = [0, 2, 5, 10, 20];

/** What following the direction would have earned at several prices of a round trip. */
export function costTable({ costCurve, breakEvenCostBps, roundTripsPerDay }: Evaluation["money"]): string {
  const points = costCurve.filter(({ costBps }) => SHOWN_COSTS_BPS.includes(costBps));
  return renderTable(
    [
      { title: "cost of a round trip, bps" },
      ...points.map(({ costBps }) => ({ title: String(costBps), align: "right" as const })),
      { title: "breaks even at", align: "right" },
      { title: "round trips a day", align: "right" },
    ],
    [[
      "Sharpe ratio a year",
      ...points.map(({ sharpe }) => fixed(sharpe, 2)),
      fixed(breakEvenCostBps, 2),
      fixed(roundTripsPerDay, 1),
    ]],
  );
}

/** Names of weak months and hours at most: the worst. */
const MOST_NAMES = 3;

/** Where the model is worse than the best baseline, in one sentence. */
export function weakSentence({ looked, expectedByChance, found }: Evaluation["weakSpots"]): string {
  if (looked === 0) return "worse than the best baseline: not told, as no month or hour has enough days";
  const chance = `${looked} comparisons by month and hour, ${expectedByChance.toFixed(1)} by chance alone`;
  if (found.length === 0) return `worse than the best baseline: nowhere (of ${chance})`;
  const losses = Map.groupBy(found, ({ loss, baseline }) => `${loss} vs ${baseline}`);
  const parts = [...losses].map(([what, spots]) => {
    const kinds = [...Map.groupBy(spots, ({ kind }) => kind)].map(([kind, own]) => {
      const names = own.map(({ name }) => name), many = names.length > MOST_NAMES;
      const which = names.slice(0, MOST_NAMES).sort().join(", ");
      return many ? `${names.length} ${kind}s (worst ${which})` : `${kind} ${which}`;
    });
    return `${what} in ${kinds.join(", ")}`;
  });
  return `worse than the best baseline: ${parts.join("; ")} (${found.length} of ${chance})`;
}

/** Whether the run leaks, in one sentence. */
export function leakSentence(checks: readonly LeakCheck[] | null): string {
  if (checks === null) return "leak checks: not run";
  const names = (of: readonly LeakCheck[]) => [...new Set(of.map(({ name }) => name))].join(", ");
  const failed = checks.filter(({ passed }) => !passed), skipped = checks.filter(({ skipped }) => skipped);
  if (failed.length > 0) return `leak checks: FAILED ${names(failed)}`;
  const left = skipped.length === 0 ? "" : `; not taken: ${names(skipped)}`;
  const taken = checks.length - skipped.length;
  return `leak checks: all ${taken} figures hold (${names(checks.filter((check) => !check.skipped))}${left})`;
}
