import { type CandleColumns, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { defaultFeatureEngine, FeatureSet, flagshipFeatureSet } from "../../src/ml/features/mod.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const MINUTES = 730 * 1440;
const CANDLES_ONE_BY_ONE = 500;

/** Two years of minutes to features at once, and the newest row, from its look-back and as the next candle comes. */
export const bench: Bench = {
  name: "features",
  async run() {
    const candles = randomCandles(MINUTES), engine = defaultFeatureEngine(), flagship = flagshipFeatureSet();
    const tail = sliceCandles(candles, MINUTES - engine.lookbackMinutes, MINUTES);
    const fromMs = tail.openTimeMs.at(-1)! + MINUTE_MS;
    const newest = median(Array.from({ length: 9 }, () => timed(() => engine.compute(tail, { fromMs }))));
    const candle = newestCandles(flagship, candles);
    return [
      ...await table(),
      bulk("features.two_years", engine, candles),
      bulk("features.flagship_two_years", flagship, candles),
      {
        name: "features.newest_row_from_candles",
        unit: "ms",
        value: newest,
        target: "≤ 50",
        passed: newest <= 100,
      },
      {
        name: "features.flagship_next_candle",
        unit: "ms",
        value: candle,
        target: "≤ 1",
        passed: candle <= 2,
      },
    ];
  },
};

/** The flagship as a table of the store: what writing it costs beside computing it, and what reading it takes. */
async function table(): Promise<BenchResult[]> {
  await using tmp = await tmpDir();
  const program = new URL("feature_table.ts", import.meta.url).pathname;
  const figures = async (what: "make" | "write" | "read") => {
    const args = ["run", "-q", "-A", program, what, `${tmp.path}/store.duckdb`];
    const { code, stdout, stderr } = await new Deno.Command("deno", { args }).output();
    if (code !== 0) throw new Error(`${what} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout)) as Record<"seconds" | "peakBytes" | "addedBytes", number>;
  };
  await figures("make");
  const written = await figures("write"), read = await figures("read");
  const judged = (name: string, unit: string, value: number, limit: number, slack = 1): BenchResult => {
    return { name: `features.flagship_${name}`, unit, value, target: `≤ ${limit}`, passed: value <= slack * limit };
  };
  return [
    judged("table_two_years", "s", written.seconds, 12, 2),
    judged("table_peak", "MB", written.peakBytes / 1e6, 1000),
    judged("table_disk", "bytes/row", written.addedBytes / MINUTES, 390),
    judged("read_two_years", "s", read.seconds, 3, 2),
    judged("read_peak, candles included", "MB", read.peakBytes / 1e6, 900),
  ];
}

function bulk(name: string, engine: Pick<FeatureSet, "names" | "compute">, candles: CandleColumns): BenchResult {
  // By turns, as another process slows down whichever runs beside it.
  const rounds = [1, 2, 3].map(() => [timed(() => engine.compute(candles)), timed(() => logarithms(engine, candles))]);
  const [seconds, bare] = [0, 1].map((k) => median(rounds.map((round) => round[k]!)) / 1000) as [number, number];
  return {
    name,
    unit: "s",
    value: seconds,
    peer: { name: "a logarithm a value", value: bare },
    target: "≤ 6",
    // On a busy machine both slow down alike.
    passed: seconds <= Math.max(12, 4 * bare),
  };
}

/** The same number of values by a loop that does one logarithm each: what any implementation must do. */
function logarithms({ names }: Pick<FeatureSet, "names">, { close, length }: CandleColumns): void {
  for (const _ of names) {
    const column = new Float32Array(length);
    for (let i = 1; i < length; i++) column[i] = Math.log(close[i]! / close[i - 1]!);
  }
}

/** Median milliseconds of a row as its candle comes, after the look-back was taken. */
function newestCandles(set: FeatureSet, candles: CandleColumns): number {
  const first = candles.length - CANDLES_ONE_BY_ONE, features = set.incremental();
  features.warm(sliceCandles(candles, first - set.lookbackMinutes, first));
  return median(
    Array.from(
      { length: CANDLES_ONE_BY_ONE },
      (_, k) => timed(() => features.append(sliceCandles(candles, first + k, first + k + 1))),
    ),
  );
}

function timed(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}
