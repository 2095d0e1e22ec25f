import { seededRandom } from "../../../src/core/mod.ts";
import { type NetworkStart, startNetwork, tensorsOf, withTensors } from "../../../src/ml/models/network.ts";
import type { TrainingJob, TrainingOptions } from "../../../src/ml/training/protocol.ts";

/** What {@linkcode plantedJob} can be asked for. */
export interface PlantedOptions {
  /** Weight of input 0 in the standardised return. @default 0.1 */
  readonly direction?: number;
  /** Weight of input 1 in the log variance. @default 0.5 */
  readonly variance?: number;
  readonly seed?: number;
  readonly trainRows?: number;
  readonly validationRows?: number;
  readonly width?: number;
  readonly hidden?: readonly number[];
  /** What reads a window of the inputs. @default nothing */
  readonly sequence?: NetworkStart["sequence"];
  readonly training?: Partial<TrainingOptions>;
}

/** Rows whose input 0 tells the direction a little, and whose input 1 tells the variance beyond the HAR line. */
export function plantedJob(options: PlantedOptions = {}): TrainingJob {
  const { direction = 0.1, variance = 0.5, seed = 1, width = 8, hidden = [16] } = options;
  const { trainRows = 6_000, validationRows = 2_000 } = options;
  const random = seededRandom(77), count = trainRows + validationRows;
  const inputs = new Float32Array(new SharedArrayBuffer(4 * count * width));
  for (let i = 0; i < inputs.length; i++) inputs[i] = random.normal();
  const logVariance = Float32Array.from({ length: count }, (_, i) => 5 + variance * inputs[i * width + 1]!);
  const returnBps = Float32Array.from({ length: count }, (_, i) => {
    const sigma = Math.exp(logVariance[i]! / 2);
    return sigma * (random.normal() + direction * inputs[i * width]!);
  });
  return {
    rows: {
      trainRows,
      validationRows,
      inputs,
      width,
      plainLogit: new Float32Array(count),
      harLogVariance: new Float32Array(count).fill(5 + variance ** 2 / 2),
      returnBps,
      realizedVarianceBps2: Float32Array.from(logVariance, (value) => Math.exp(value + 0.3 * random.normal() - 0.045)),
    },
    network: startNetwork({
      inputs: width,
      hidden,
      ...(options.sequence === undefined ? {} : { sequence: options.sequence }),
      flags: 2,
      quantiles: [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33],
      seed,
    }),
    correctionBound: 2,
    options: {
      epochs: 12,
      batchSize: 256,
      learningRate: 0.01,
      patience: 12,
      rowStride: 1,
      lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
      seed,
      ...options.training,
    },
  };
}

/** The job away from the start, where the heads' kernels are zero and hide what lies below. */
export function movedJob(job: TrainingJob, seed: number, scale = 0.2): TrainingJob {
  const random = seededRandom(seed);
  const moved = tensorsOf(job.network).map((values) => values.map((value) => value + scale * random.normal()));
  return { ...job, network: withTensors(job.network, moved) };
}
