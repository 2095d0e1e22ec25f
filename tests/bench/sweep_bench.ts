import { type Bench, type BenchResult, median } from "./bench.ts";

const ROUNDS = 5, TRIALS = 8, DAYS = 90, EPOCHS = 5;
/** What two Workers gain at most is what two processes gain that have nothing to do with each other. */
const SHARE_OF_APART = 0.8;
/** Features and labels of two years. */
const COPY_MB = 730 * 1440 * (27 * 4 + 9) / 1e6;

/** What `sweep_jobs.ts` prints. */
interface Measured {
  readonly seconds: number;
  readonly failed: number;
  readonly before: number;
  readonly peak: number;
}

/** Eight small trials on one Worker and on two, in turn; then what two Workers cost on two years of candles. */
export const bench: Bench = {
  name: "sweep",
  async run() {
    const gains: number[] = [], apartGains: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const one = await fit(1, TRIALS, DAYS, EPOCHS), two = await fit(2, TRIALS, DAYS, EPOCHS);
      const apart = await Promise.all([1, 2].map(() => fit(1, TRIALS, DAYS, EPOCHS)));
      gains.push(one.seconds / two.seconds);
      apartGains.push(2 * one.seconds / Math.max(...apart.map(({ seconds }) => seconds)));
    }
    const gain = median(gains), apart = median(apartGains);
    const shared: number[] = [], copied: number[] = [];
    for (let round = 0; round < 3; round++) {
      shared.push(await memoryOfTwo("shared"));
      copied.push(await memoryOfTwo("copied"));
    }
    const results: BenchResult[] = [
      {
        name: "sweep.2_to_1_worker",
        unit: "×",
        value: gain,
        peer: { name: "two sweeps apart", value: apart },
        target: "≥ 1.4",
        passed: gain >= Math.min(1.4, SHARE_OF_APART * apart),
      },
      {
        name: "sweep.memory_of_2_workers",
        unit: "MB",
        value: median(shared),
        peer: { name: "with a copy of the data each", value: median(copied) },
        target: "≤ peer − 1.5 copies",
        passed: median(shared) <= median(copied) - 1.5 * COPY_MB,
      },
    ];
    return results;
  },
};

/** What two Workers that fit lines to two years of candles add to the memory of the process. */
async function memoryOfTwo(how: "shared" | "copied"): Promise<number> {
  const { peak, before } = await fit(2, 2, 730, 1, ["har", how]);
  return peak - before;
}

async function fit(
  workers: number,
  trials: number,
  days: number,
  epochs: number,
  more: string[] = [],
): Promise<Measured> {
  const file = new URL("sweep_jobs.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "-q", "-P=test", file, ...[workers, trials, days, epochs].map(String), ...more],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`sweep_jobs ended with ${code}: ${text.decode(stderr)}`);
  const measured: Measured = JSON.parse(text.decode(stdout));
  if (measured.failed > 0) throw new Error(`${measured.failed} trials failed`);
  return measured;
}
