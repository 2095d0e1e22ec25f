import {
  allocateCandles,
  CANDLE_FIELDS,
  type CandleColumns,
  LEAK_FIGURES,
  lowerBound,
  MINUTE_MS,
  type Outcomes,
  seededRandom,
  sliceCandles,
  toIso,
} from "../../core/mod.ts";
import { scorableRows } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import { CLOSES_NEEDED } from "../labels/mod.ts";
import { atMost, type LeakCheck } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";
import { sampleRows } from "./sample_rows.ts";

/** Labels that are recomputed, and those whose candles are moved. */
const RECOMPUTED = 1000, MOVED = 32;
/** Labels are float32 of the same number: a share of it, and of a squared bp where it is near 0. */
const RELATIVE = 1e-6, ABSOLUTE = 1e-9;

/** Labels agree with outcomes made by other means, and depend on the candles `t − 1 … t + k − 1` and no others. */
export async function checkLabels(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { labels, settings, breathe } = run, random = seededRandom(settings.seed);
  const disagreeing = await disagreement(run, sampleRows(labels.length, RECOMPUTED, random));
  await breathe();
  const known = scorableRows({ labels });
  const wrong: string[] = [];
  for (const at of sampleRows(known.length, MOVED, random)) wrong.push(...wrongSpan(run, known[at]!));
  const { labelValues, labelSpans } = LEAK_FIGURES;
  const lookFor = "labels that begin or end a minute too early or too late, or stand beside another row";
  return [
    atMost("labels", {
      figure: labelValues.figure,
      value: disagreeing.rows.length,
      limit: labelValues.limit,
      seen: `Of ${disagreeing.of} labels computed again from the candles ${disagreeing.rows.length} disagree` +
        disagreeing.rows.slice(0, 2).map((text) => `; ${text}`).join(""),
      lookFor,
    }),
    atMost("labels", {
      figure: labelSpans.figure,
      value: wrong.length,
      limit: labelSpans.limit,
      seen: wrong.length === 0
        ? `Labels of ${MOVED} decision times move with the candles of their span and no others`
        : `Labels do not span what they should: ${wrong[0]}`,
      lookFor,
    }),
  ];
}

/** Rows, in words, whose label is not what the candles say. */
async function disagreement(
  { decisionTimeMs, labels, settings, recompute }: LeakCheckRun,
  rows: Int32Array,
) {
  const times = Float64Array.from(rows, (row) => decisionTimeMs[row]!);
  const outcomes = await recompute(times, settings.horizonMinutes);
  const texts = ["returnBps", "realizedVarianceBps2"] as const satisfies readonly (keyof Outcomes)[];
  return {
    of: rows.length,
    rows: [...rows].flatMap((row, i) => {
      const wrong = texts.find((name) => !agrees(labels[name][row]!, outcomes[name][i]!));
      if (wrong === undefined) return [];
      return [`${wrong} at ${toIso(times[i]!)} is ${labels[wrong][row]}, and ${outcomes[wrong][i]} by the candles`];
    }),
  };
}

function agrees(label: number, outcome: number): boolean {
  if (Number.isNaN(label) || Number.isNaN(outcome)) return Number.isNaN(label) && Number.isNaN(outcome);
  return Math.abs(label - outcome) <= RELATIVE * Math.abs(outcome) + ABSOLUTE;
}

/** What is wrong with the span of a row's label, in words. */
function wrongSpan({ candles, decisionTimeMs, labels, settings, labelsOf }: LeakCheckRun, row: number): string[] {
  const { horizonMinutes } = settings, ms = decisionTimeMs[row]!;
  const start = lowerBound(candles.openTimeMs, ms - (CLOSES_NEEDED + 1) * MINUTE_MS);
  const near = sliceCandles(candles, start, lowerBound(candles.openTimeMs, ms + (horizonMinutes + 2) * MINUTE_MS));
  /** The label on other closes, as text: NaN equals itself there. */
  const labelOn = (factorAt: (openTimeMs: number) => number) => {
    const { returnBps, realizedVarianceBps2 } = labelsOf(
      new MinuteGrid(withCloses(near, factorAt)),
      Float64Array.of(ms),
      { horizonMinutes },
    );
    return `${returnBps[0]} ${realizedVarianceBps2[0]}`;
  };
  const label = `${labels.returnBps[row]} ${labels.realizedVarianceBps2[row]}`, moved = 1.01;
  const lastMs = ms + (horizonMinutes - 1) * MINUTE_MS, baseMs = ms - MINUTE_MS;
  const stays: readonly [what: string, factorAt: (openTimeMs: number) => number][] = [
    ["nothing is moved", () => 1],
    ["all prices are doubled", () => 2], // a power of two, so that ratios stay equal to the bit
    ["candles before t − 1 are moved", (open) => open < baseMs ? moved : 1],
    ["candles from t + k on are moved", (open) => open > lastMs ? moved : 1],
  ];
  const moves: readonly [what: string, openTimeMs: number][] = [
    ["t − 1", baseMs],
    ["t", ms],
    ["t + k − 1", lastMs],
  ];
  return [
    ...stays.filter(([, factorAt]) => labelOn(factorAt) !== label)
      .map(([what]) => `the label of t = ${toIso(ms)} changes where ${what}`),
    ...moves.filter(([, at]) => labelOn((open) => open === at ? moved : 1) === label)
      .map(([what]) => `the label of t = ${toIso(ms)} does not change where candle ${what} is moved`),
  ];
}

function withCloses(candles: CandleColumns, factorAt: (openTimeMs: number) => number): CandleColumns {
  const changed = allocateCandles(candles.length);
  for (const field of CANDLE_FIELDS) changed[field].set(candles[field]);
  changed.openTimeMs.forEach((open, i) => changed.close[i]! *= factorAt(open));
  return changed;
}
