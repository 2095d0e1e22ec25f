import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import { crossEntropy, softplus } from "../../../src/ml/logistic_functions.ts";
import { startWasmBackend } from "../../../src/ml/kernels/wasm_backend.ts";
import { INCREMENTS_TO_QUANTILES, type Network, tensorsOf, withTensors } from "../../../src/ml/models/network.ts";
import { NetworkForward } from "../../../src/ml/models/network_forward.ts";
import { SEQUENCE_FAMILIES, type SequenceFamily, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { weightCountOf } from "../../../src/ml/training/engine_choice.ts";
import type { LossScale } from "../../../src/ml/training/gradient_engine.ts";
import type { TrainingJob } from "../../../src/ml/training/protocol.ts";
import { tensorEngine } from "../../../src/ml/training/tensor_engine.ts";
import { tensorNetwork } from "../../../src/ml/training/tensor_network.ts";
import { wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";
import { movedJob, plantedJob } from "./planted_job.ts";
import { forwardRow } from "../models/forward_row.ts";

const WINDOW = { start: 3, steps: 60, channels: 2 }, WIDTH = 3 + 120 + 2;
const SCALE: LossScale = { direction: 0.7 / 40, volatility: 1.1 / 40, quantiles: 1.3 / 40 };

const jobOf = (family: SequenceFamily, seed: number) =>
  movedJob(
    plantedJob({
      ...{ width: WIDTH, hidden: [7], trainRows: 300, validationRows: 10, seed },
      sequence: { shape: sequenceShape(family, 6), window: WINDOW },
    }),
    seed,
    0.05, // so that values inside are of the size of the outputs, to which rounding is compared
  );

await startWasmBackend(wasmFilePath());

for (const family of SEQUENCE_FAMILIES) {
  Deno.test(`the plain forward of ${family} is the tape's within 1e-6`, () => {
    const { network, rows } = jobOf(family, 3), forward = new NetworkForward(network), increments = new Float64Array(9);
    const eleven = tf.tidy(() => {
      const weights = tensorNetwork(network).weights.map(({ values, shape }) => tf.tensor(values, shape));
      const inputs = tf.tensor2d(rows.inputs.slice(0, 50 * WIDTH), [50, WIDTH]);
      return tensorNetwork(network).outputs(weights, inputs).dataSync<"float32">().slice();
    });
    for (let i = 0; i < 50; i++) {
      const own = forwardRow(forward, Float64Array.from(rows.inputs.subarray(i * WIDTH, (i + 1) * WIDTH)), increments);
      const [logit, correction, centre, ...steps] = eleven.subarray(i * 11, (i + 1) * 11);
      const close = (a: number, b: number, what: string) =>
        assertAlmostEquals(a, b, 1e-6 * Math.max(1, Math.abs(b)), `${what} of row ${i}: ${a}, ${b}`);
      close(logit!, own.logit, "logit");
      close(Math.tanh(correction!), own.correction, "correction");
      [centre!, ...steps.map(softplus)].forEach((value, j) => close(value, increments[j]!, `increment ${j}`));
    }
  });

  Deno.test(`the gradient of ${family} is that of finite differences of the plain forward`, () => {
    const job = jobOf(family, 3), picked = Int32Array.from({ length: 40 }, (_, i) => 7 * i);
    const random = seededRandom(9), engine = tensorEngine(job), gradient = new Float32Array(engine.start.length);
    assertEquals(engine.start.length, weightCountOf(job));
    engine.gradient(engine.start, picked, SCALE, gradient);
    const tensors = engine.tensors(gradient);
    assert(tensors.every((values) => values.some((value) => value !== 0)), "every tensor has a gradient");
    for (const [t, values] of tensors.entries()) {
      for (let k = 0; k < 8; k++) {
        const at = random.integer(values.length), slope = finiteDifference(job, picked, t, at);
        const tolerance = 2e-5 + 1e-3 * Math.abs(slope);
        assertAlmostEquals(values[at]!, slope, tolerance, `tensor ${t} at ${at}: ${values[at]}, ${slope}`);
      }
    }
  });
}

/** Slope of the joint loss along one weight, by a central difference in doubles, short enough to meet no kink. */
function finiteDifference(job: TrainingJob, picked: Int32Array, tensor: number, at: number): number {
  const step = 2 ** -18, sigmas = logVariances(job, job.network, picked);
  const weight = tensorsOf(job.network)[tensor]![at]!;
  const [high, low] = [Math.fround(weight + step), Math.fround(weight - step)] as [number, number];
  const lossAt = (value: number) => {
    const tensors = tensorsOf(job.network).map((values, t) => t === tensor ? values.with(at, value) : values);
    return jointLoss(job, withTensors(job.network, tensors), picked, sigmas);
  };
  return (lossAt(high) - lossAt(low)) / (high - low);
}

function logVariances({ rows, correctionBound }: TrainingJob, network: Network, picked: Int32Array): number[] {
  const forward = new NetworkForward(network), increments = new Float64Array(9);
  return Array.from(picked, (row) => {
    const { correction } = forwardRow(
      forward,
      Float64Array.from(rows.inputs.subarray(row * WIDTH, (row + 1) * WIDTH)),
      increments,
    );
    return rows.harLogVariance[row]! + correctionBound * correction;
  });
}

/** The joint loss from its definition; the quantiles' σ is given, as no gradient goes through it. */
function jointLoss(job: TrainingJob, network: Network, picked: Int32Array, sigmas: readonly number[]): number {
  const { rows } = job, forward = new NetworkForward(network), increments = new Float64Array(9);
  const own = logVariances(job, network, picked);
  let total = 0;
  picked.forEach((row, i) => {
    const r = rows.returnBps[row]!;
    const { logit } = forwardRow(
      forward,
      Float64Array.from(rows.inputs.subarray(row * WIDTH, (row + 1) * WIDTH)),
      increments,
    );
    if (r !== 0) total += SCALE.direction * crossEntropy(r > 0 ? 1 : 0, rows.plainLogit[row]! + logit);
    const log = Math.log(rows.realizedVarianceBps2[row]!) - own[i]!;
    total += SCALE.volatility * (Math.exp(log) - log - 1);
    QUANTILE_LEVELS.forEach((level, q) => {
      let quantile = 0;
      increments.forEach((value, k) => quantile += value * INCREMENTS_TO_QUANTILES[k * 9 + q]!);
      const error = r * Math.exp(-sigmas[i]! / 2) - quantile;
      total += SCALE.quantiles / 9 * (level * error + Math.max(0, -error));
    });
  });
  return total;
}
