import * as tf from "@tensorflow/tfjs-core";
import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { FLOAT_BYTES, type KernelContext, setWasmKernel } from "./backend_internals.ts";

/** Outputs of a row that the loss is of, and with the column of padding that `simd/lib/joint_loss.ts` has. */
const HEADS = 11, COLUMNS = HEADS + 1;
/** Floats beside the two copies of the heads: levels and quantiles in whole vectors, four doubles with their alignment. */
const LEVELS_ROOM = 12, QUANTILES_ROOM = 4 * QUANTILE_LEVELS.length, SUMS_ROOM = 10;

/** What each loss counts for, the quantiles' for each level alone. */
export interface JointLossScale {
  readonly direction: number;
  readonly volatility: number;
  readonly quantiles: number;
}

/** The joint loss, and the sums that it is of: entropy of rows that moved, QLIKE, pinball of all levels, rows that moved. */
export interface JointLoss {
  readonly loss: tf.Scalar;
  readonly sums: Float32Array;
}

/**
 * `JointLoss`: the losses of all heads and their gradient in one kernel, the same as of the SIMD step, where the tape
 * needs some sixty.
 */
export function installJointLoss({ backend, simd, pointerOf }: KernelContext): void {
  setWasmKernel("JointLoss", ({ inputs, attrs }) => {
    const heads = inputs["heads"]!, targets = inputs["targets"]!, rows = heads.shape[0]!, filled = targets.shape[1]!;
    const { bound, direction, volatility, quantiles } = attrs as unknown as JointLossScale & { readonly bound: number };
    const loss = backend.makeOutput([], "float32"), sums = backend.makeOutput([4], "float32");
    const gradient = backend.makeOutput([rows, HEADS], "float32");
    const roomFloats = 2 * COLUMNS * filled + LEVELS_ROOM + QUANTILES_ROOM + SUMS_ROOM;
    const room = backend.makeOutput([roomFloats], "float32"), view = backend.typedArrayFromHeap(room);
    const levelsAt = 2 * COLUMNS * filled, quantilesAt = levelsAt + LEVELS_ROOM;
    const at = (floats: number) => pointerOf(room) + floats * FLOAT_BYTES;
    const sumsPointer = Math.ceil(at(quantilesAt + QUANTILES_ROOM) / 8) * 8;
    const doubles = new Float64Array(view.buffer, sumsPointer, 4).fill(0);
    view.set(QUANTILE_LEVELS, levelsAt);
    // Whole vectors of rows: the loss goes by four.
    view.set(backend.typedArrayFromHeap(heads));
    view.fill(0, rows * HEADS, filled * HEADS);
    const columnsAt = COLUMNS * filled;
    simd.transpose(at(0), at(columnsAt), filled, HEADS);
    simd.jointLoss(
      ...[at(columnsAt), pointerOf(targets), at(levelsAt), at(quantilesAt), sumsPointer, filled, filled] as const,
      ...[bound, direction, volatility, quantiles] as const,
    );
    simd.transpose(at(columnsAt), at(0), HEADS, filled);
    backend.typedArrayFromHeap(gradient).set(view.subarray(0, rows * HEADS));
    backend.typedArrayFromHeap(sums).set(doubles);
    const [entropy, qlike, pinball] = doubles as unknown as [number, number, number];
    backend.typedArrayFromHeap(loss)[0] = direction * entropy + volatility * qlike + quantiles * pinball;
    backend.disposeData(room.dataId);
    return [loss, sums, gradient];
  });
}

/**
 * The joint loss on the WASM backend, through which the gradient of `heads` flows back.
 *
 * @param heads `[rows, 11]`: logit, correction, centre, four steps up, four down, before their activations.
 * @param targets `[6, rows]`, filled up with zeros to a multiple of four rows.
 * @param bound Largest correction of the log variance.
 */
export function jointLoss(
  heads: tf.Tensor2D,
  targets: tf.Tensor2D,
  bound: number,
  scale: JointLossScale,
): JointLoss {
  let sums = new Float32Array();
  const loss = tf.customGrad((x, save) => {
    const outputs = tf.engine().runKernel("JointLoss", { heads: x as tf.Tensor, targets }, { bound, ...scale });
    const [value, parts, gradient] = outputs as [tf.Scalar, tf.Tensor1D, tf.Tensor2D];
    sums = parts.dataSync<"float32">() as Float32Array<ArrayBuffer>; // here, as what is not returned is disposed of
    (save as tf.GradSaveFunc)([gradient]);
    return { value, gradFunc: (dy, saved) => tf.mul((saved as tf.Tensor[])[0]!, dy as tf.Tensor) };
  })(heads) as tf.Scalar;
  return { loss, sums };
}
