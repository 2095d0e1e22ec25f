import { fullestFirst, type Metric, readingOf } from "../../../core/mod.ts";
import { formatAligned, formatChange, formatInterval } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { type Cell, dataTable } from "./data_table.ts";
import { shownName } from "./names.ts";

const PREFIX = "baseline_";
/** Scores in the order in which `track` tells them; others follow by name. */
const MAIN_SCORES: readonly string[] = ["qlike", "log_loss", "auc", "accuracy", "pinball", "coverage_90"];

/** One score of a run beside the same score of its baselines. */
export interface ScoreRow {
  /** Key of the metric: `log_loss`. */
  readonly key: string;
  /** The run's own value. */
  readonly value: number;
  /** Ends of its interval, where the run logged them. */
  readonly interval: Interval | undefined;
  /** The baselines' values, in the order of {@linkcode ScoreTable.families}; undefined where one has no such score. */
  readonly baselines: readonly (BaselineScore | undefined)[];
}

/** A baseline's score. */
export interface BaselineScore {
  /** Its value. */
  readonly value: number;
  /** What the run gains on it, where the run logged that; more is better. */
  readonly gain: { readonly value: number; readonly interval: Interval | undefined } | undefined;
}

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** Scores of a run and its baselines on the same rows. */
export interface ScoreTable {
  /** Names of the baselines. */
  readonly families: readonly string[];
  /** The scores that at least one baseline has too. */
  readonly rows: readonly ScoreRow[];
  /** Blocks of days that the intervals rest on; infinite where the run does not say. */
  readonly blocks: number;
}

/**
 * Finds a run's scores and those of its baselines by the names that `track` gives them: `log_loss`,
 * `log_loss_low`, `baseline_har_log_loss`, `log_loss_gain_har`, `log_loss_gain_har_low`.
 */
export function scoreTable(metrics: readonly Metric[]): ScoreTable {
  const values = new Map(metrics.map(({ key, value }) => [key, value]));
  const own = metrics.map(({ key }) => key).filter((key) => !key.startsWith(PREFIX));
  const longestFirst = own.toSorted((a, b) => b.length - a.length);
  const families = new Set<string>();
  const scored = new Set<string>();
  for (const { key } of metrics) {
    if (!key.startsWith(PREFIX)) continue;
    const rest = key.slice(PREFIX.length);
    const metric = longestFirst.find((candidate) => rest.endsWith(`_${candidate}`));
    if (metric === undefined) continue;
    families.add(rest.slice(0, -metric.length - 1));
    scored.add(metric);
  }
  const interval = (key: string): Interval | undefined => {
    const [low, high] = [values.get(`${key}_low`), values.get(`${key}_high`)];
    return low === undefined || high === undefined ? undefined : [low, high];
  };
  const baseline = (family: string, key: string): BaselineScore | undefined => {
    const value = values.get(`${PREFIX}${family}_${key}`);
    if (value === undefined) return undefined;
    const gainKey = `${key}_gain_${family}`;
    const gain = values.get(gainKey);
    return { value, gain: gain === undefined ? undefined : { value: gain, interval: interval(gainKey) } };
  };
  const names = fullestFirst(families);
  const isJudged = (key: string) => names.some((family) => values.has(`${key}_gain_${family}`));
  const placeOf = (key: string) => MAIN_SCORES.includes(key) ? MAIN_SCORES.indexOf(key) : MAIN_SCORES.length;
  // What was judged with an interval comes first: it is what the gate looks at.
  const keys = [...scored].sort((a, b) =>
    Number(isJudged(b)) - Number(isJudged(a)) || placeOf(a) - placeOf(b) || (a < b ? -1 : 1)
  );
  return {
    families: names,
    blocks: values.get("test_blocks") ?? Infinity,
    rows: keys.map((key) => ({
      key,
      value: values.get(key)!,
      interval: interval(key),
      baselines: names.map((family) => baseline(family, key)),
    })),
  };
}

/** The scores as a table: a column a baseline, the gain on it with its interval below its value. */
export function scores({ families, rows, blocks }: ScoreTable, urlOf: (key: string) => string): Html {
  return html`
    <p class="muted small">On the same rows. Below a baseline's score: what the run gains on it, with its interval.</p>
    ${dataTable({
      caption: "Scores of the run beside its baselines",
      headings: [["Score", "sticky"], ["This run", "number"], ...families.map((family) => [family, "number"] as const)],
      rows: rows.map(({ key, value, interval, baselines }) => {
        const [own, ...others] = formatAligned([value, ...baselines.map((score) => score?.value)]);
        return [
          html`<a href="${urlOf(key)}">${shownName(key)}</a>`,
          { cell: html`${own}${intervalNote(interval)}`, className: "own", title: value },
          ...baselines.map((score, i) => baselineCell(score, others[i], blocks)),
        ];
      }),
    })}
  `;
}

function baselineCell(score: BaselineScore | undefined, text: string | undefined, blocks: number): Cell {
  if (score === undefined) return { cell: "–", className: "muted" };
  return { cell: html`${text}${gainNote(score.gain, blocks)}`, title: score.value };
}

/** A gain that is better or worse is told by word and colour, one of too few days by word, any other by its figures alone. */
function gainNote(gain: BaselineScore["gain"], blocks: number): Html {
  if (gain === undefined) return EMPTY;
  const [low, high] = gain.interval ?? [NaN, NaN];
  const reading = gain.interval === undefined ? "undecided" : readingOf({ low, high, blocks });
  const word = reading === "undecided" ? "" : reading,
    tone = reading === "better" || reading === "worse" ? reading : "";
  return html`<span class="change ${tone}">${formatChange(gain.value)} ${word}</span>${intervalNote(gain.interval)}`;
}

function intervalNote(interval: Interval | undefined): Html {
  return interval === undefined ? EMPTY : html`<span class="change">${formatInterval(interval)}</span>`;
}
