import type { TrainingJob } from "../../src/ml/training/protocol.ts";
import { trainInWorker } from "../../src/ml/training/train_in_worker.ts";
import { pythonPath } from "../interop/python.ts";
import { plantedJob } from "../ml/training/planted_job.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const ROWS = 500_000, WIDTH = 32, BATCH = 1024, ROUNDS = 5;
/** The first epoch compiles, and is not counted; the peer is warmed up likewise. */
const EPOCHS = 3;

const SETTINGS = [
  { name: "fused_2_workers", engine: "fused", workers: 2 },
  { name: "fused_1_worker", engine: "fused", workers: 1 },
  { name: "tensors_2_workers", engine: "tensors", workers: 2 },
] as const;

type SettingName = typeof SETTINGS[number]["name"];

/**
 * Training of a dense network 32-64-64 on 500 000 rows by Adam in batches of 1024, beside scikit-learn's MLPClassifier on
 * the same rows. Ours has 11 outputs and three losses where the peer has one of each, a tenth more work. All take turns,
 * so that another load on the machine meets each of them; ratios are of the same round.
 */
export const bench: Bench = {
  name: "mlp",
  async run() {
    const job = plantedJob({
      ...{ trainRows: ROWS, validationRows: BATCH, width: WIDTH, hidden: [64, 64] },
      training: { epochs: EPOCHS, batchSize: BATCH, learningRate: 0.001, patience: EPOCHS },
    });
    await using peer = await startPeer(job);
    const peerRates: number[] = [],
      apartRates: number[] = [],
      rates = new Map<SettingName, number[]>(SETTINGS.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      if (peer !== undefined) peerRates.push(await peer.epoch());
      for (const { name, engine, workers } of SETTINGS) rates.get(name)!.push(await ownRate(job, engine, workers));
      const apart = await Promise.all([1, 2].map(() => ownRate(job, "fused", 1)));
      apartRates.push(apart[0]! + apart[1]!);
    }
    return results(rates, peerRates, apartRates);
  },
};

/** Samples a second of the epochs after the first. */
async function ownRate(job: TrainingJob, engine: "fused" | "tensors", workers: 1 | 2): Promise<number> {
  const endsMs: number[] = [];
  await trainInWorker({ ...job, options: { ...job.options, engine } }, {
    workers,
    onEpoch: () => endsMs.push(performance.now()),
  });
  const samples = (EPOCHS - 1) * Math.floor(ROWS / BATCH) * BATCH;
  return samples / ((endsMs.at(-1)! - endsMs[1]!) / 1000);
}

/** What two Workers gain at most is what two trainings gain that have nothing to do with each other. */
const SHARE_OF_APART = 0.8;

function results(
  rates: ReadonlyMap<SettingName, readonly number[]>,
  peerRates: readonly number[],
  apartRates: readonly number[],
): BenchResult[] {
  const unit = "samples/s";
  const ratio = (a: readonly number[], b: readonly number[]) => median(a.map((value, i) => value / b[i]!));
  const against = (name: SettingName, factor: number): BenchResult => {
    const own = rates.get(name)!, value = median(own), target = `≥ ${factor} × peer`;
    if (peerRates.length === 0) return { name: `mlp.${name}`, unit, value, target, passed: true };
    const peer = { name: "scikit-learn MLPClassifier", value: median(peerRates) };
    return { name: `mlp.${name}`, unit, value, peer, target, passed: ratio(own, peerRates) >= factor };
  };
  const speedUp = ratio(rates.get("fused_2_workers")!, rates.get("fused_1_worker")!);
  const apart = ratio(apartRates, rates.get("fused_1_worker")!);
  return [
    against("fused_2_workers", 1),
    against("fused_1_worker", 0.6),
    against("tensors_2_workers", 0.6),
    {
      name: "mlp.fused_2_to_1",
      unit: "×",
      value: speedUp,
      peer: { name: "two trainings apart", value: apart },
      target: "≥ 1.4",
      passed: speedUp >= Math.min(1.4, SHARE_OF_APART * apart),
    },
  ];
}

/** The peer with the same rows in memory, or undefined where there is no Python with scikit-learn. */
async function startPeer({ rows }: TrainingJob) {
  let python: string;
  try {
    python = pythonPath();
  } catch {
    return undefined;
  }
  const file = await Deno.makeTempFile({ suffix: ".float32" });
  const labels = rows.returnBps.subarray(0, ROWS).map((value) => value > 0 ? 1 : 0);
  await Deno.writeFile(file, new Uint8Array(rows.inputs.slice(0, ROWS * WIDTH).buffer));
  await Deno.writeFile(file, new Uint8Array(labels.buffer), { append: true });
  const process = new Deno.Command(python, {
    args: ["tests/bench/mlp_peer.py", file, `${ROWS}`, `${WIDTH}`, `${BATCH}`],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = process.stdin.getWriter(), lines = linesOf(process.stdout);
  return {
    async epoch(): Promise<number> {
      await input.write(new Uint8Array([10]));
      const { value, done } = await lines.next();
      if (done) throw new Error("The peer of the mlp bench ended early");
      return Number(value);
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await process.status;
      await Deno.remove(file);
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
