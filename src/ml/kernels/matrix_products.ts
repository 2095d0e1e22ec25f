import * as tf from "@tensorflow/tfjs-core";
import {
  FLOAT_BYTES,
  type KernelContext,
  type KernelFunction,
  setWasmKernel,
  sizeOf,
  type TensorRef,
  wasmKernel,
} from "./backend_internals.ts";
import { isStockFused, withBiasAndActivation } from "./fused.ts";

/**
 * `BatchMatMul` and `_FusedMatMul`.
 *
 * Stock hands a product to XNNPACK only where neither operand is transposed and there is no batch; all else runs in a
 * scalar loop at about a twelfth of the speed, and every gradient of a dense layer is such a product. Stock
 * `_FusedMatMul` with a bias is silently wrong for batches and transposed operands, relative errors of 2.7 to 9.6, and reads
 * past a bias of one value.
 */
export function installMatrixProducts(context: KernelContext): void {
  const stockFused = wasmKernel("_FusedMatMul");
  setWasmKernel("BatchMatMul", batchMatMul(context, wasmKernel("BatchMatMul")));
  setWasmKernel("_FusedMatMul", fusedMatMul(context, stockFused));
}

interface ProductAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function batchMatMul(context: KernelContext, stock: KernelFunction): KernelFunction {
  const { backend, simd, pointerOf } = context;
  return (args) => {
    const a = args.inputs["a"]!, b = args.inputs["b"]!;
    const { transposeA, transposeB } = args.attrs as unknown as ProductAttrs;
    if (a.dtype !== "float32" || b.dtype !== "float32") return stock(args); // which says that it cannot
    const [rows, inner] = matrixShape(a, transposeA), [innerB, columns] = matrixShape(b, transposeB);
    if (inner !== innerB) return stock(args); // likewise
    const plan = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (plan.pairs.length === 1 && !transposeA && !transposeB && inner > 0) return stock(args); // XNNPACK

    const out = backend.makeOutput([...plan.shape, rows, columns], "float32");
    const flippedB = transposeB ? backend.makeOutput([inner, columns], "float32") : undefined;
    const aBytes = rows * inner * FLOAT_BYTES, bBytes = inner * columns * FLOAT_BYTES;
    const outRow = columns * FLOAT_BYTES, outBytes = rows * outRow;
    plan.pairs.forEach(([aIndex, bIndex], i) => {
      const left = pointerOf(a) + aIndex * aBytes, outAt = pointerOf(out) + i * outBytes;
      let right = pointerOf(b) + bIndex * bBytes;
      if (flippedB !== undefined) {
        simd.transpose(right, pointerOf(flippedB), columns, inner);
        right = pointerOf(flippedB);
      }
      if (transposeA) simd.gemmTransposedA(left, right, outAt, inner, rows, columns);
      else {
        simd.gemm(left, inner * FLOAT_BYTES, FLOAT_BYTES, right, outRow, outAt, outRow, rows, columns, inner, 0);
      }
    });
    if (flippedB !== undefined) backend.disposeData(flippedB.dataId);
    return out;
  };
}

function matrixShape(tensor: TensorRef, transposed: boolean): readonly [rows: number, columns: number] {
  const rows = tensor.shape.at(-2)!, columns = tensor.shape.at(-1)!;
  return transposed ? [columns, rows] : [rows, columns];
}

/** Which matrix of `a` meets which of `b`, in the order of the output. */
function broadcast(a: readonly number[], b: readonly number[]) {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a], [...b]);
  const indexIn = (own: readonly number[], flat: number) => {
    let index = 0, stride = 1;
    for (let axis = 1; axis <= own.length; axis++) {
      const size = own.at(-axis)!, position = flat % shape.at(-axis)!;
      flat = Math.floor(flat / shape.at(-axis)!);
      if (size > 1) index += position * stride;
      stride *= size;
    }
    return index;
  };
  const pairs = Array.from({ length: sizeOf(shape) }, (_, i) => [indexIn(a, i), indexIn(b, i)] as const);
  return { shape, pairs };
}

/** One product of plain matrices stays with the stock kernel; all else is product, sum and activation one by one. */
function fusedMatMul({ backend }: KernelContext, stock: KernelFunction): KernelFunction {
  return (args) => {
    const a = args.inputs["a"]!, b = args.inputs["b"]!;
    const { transposeA, transposeB } = args.attrs as unknown as ProductAttrs;
    const isPlain = !transposeA && !transposeB && a.shape.length === b.shape.length &&
      sizeOf(a.shape.slice(0, -2)) === 1 && sizeOf(b.shape.slice(0, -2)) === 1 && sizeOf(a.shape) * sizeOf(b.shape) > 0;
    if (isPlain && isStockFused(args.inputs, args.attrs, b.shape.at(-1)!)) return stock(args);
    const product = wasmKernel("BatchMatMul")({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend });
    return withBiasAndActivation(backend, product, args.inputs, args.attrs);
  };
}
