import { LEAK_FIGURES, lowerBound, MINUTE_MS, seededRandom, sliceCandles, toIso } from "../../core/mod.ts";
import { atMost, type LeakCheck } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";
import { sampleRows } from "./sample_rows.ts";

/** Times at which the candles are cut, and the last decision times before each that are compared. */
const CUTS = 12, MINUTES = 60;

/**
 * The features of `t` on candles that end at `t` equal, bit for bit, those that the models learn from: what reads a
 * candle from `t` on cannot give the same value.
 */
export async function checkTruncation(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { decisionTimeMs, engine: { names }, settings, breathe } = run, random = seededRandom(settings.seed);
  const { figure, limit } = LEAK_FIGURES.truncation;
  // What is compared lies in the range: the candles begin with its look-back, so that windows of earlier rows are short.
  const first = Math.min(MINUTES, decisionTimeMs.length) - 1;
  const differing = new Map<number, string>();
  for (const row of sampleRows(decisionTimeMs.length - first, CUTS, random)) {
    await compareAt(run, decisionTimeMs[first + row]!, differing);
    await breathe();
  }
  const named = [...differing.values()].slice(0, 3).join("; ");
  return [atMost("truncation", {
    ...{ figure, limit },
    value: differing.size,
    seen: `Of ${names.length} features ${differing.size} differ on candles cut at ${CUTS} times` +
      (named === "" ? "" : `: ${named}`),
    lookFor: "a window that reaches past its decision time, a candle that is not closed yet, statistics of the whole " +
      "range, or stored features that other candles were the source of",
  })];
}

/** Adds the features that differ on candles cut at `cutMs`, each with its first difference in words. */
async function compareAt(
  { candles, features, engine, settings: { range } }: LeakCheckRun,
  cutMs: number,
  into: Map<number, string>,
) {
  const { openTimeMs } = candles, fromMs = Math.max(range.startMs, cutMs - (MINUTES - 1) * MINUTE_MS);
  const read = await features.load({ startMs: fromMs, endMs: cutMs + 1 });
  const truncated = engine.compute(sliceCandles(candles, 0, lowerBound(openTimeMs, cutMs)), { fromMs });
  for (let row = 0; row < read.length; row++) {
    const ms = read.decisionTimeMs[row]!, at = lowerBound(truncated.decisionTimeMs, ms);
    const isThere = truncated.decisionTimeMs[at] === ms;
    read.names.forEach((name, j) => {
      const all = read.columns[j]![row]!, cut = isThere ? truncated.columns[j]![at]! : undefined;
      if (into.has(j) || cut === all || (cut !== undefined && Number.isNaN(cut) && Number.isNaN(all))) return;
      into.set(j, `${name} at ${toIso(ms)} is ${all}, and ${cut ?? "has no row"} on candles up to then`);
    });
  }
}
