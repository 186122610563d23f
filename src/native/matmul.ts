import { allocateFloat32 } from '../core/allocate.js';
import { expectInteger, expectMatrix, expectOneOf } from '../core/validate.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from './precisions.js';

export interface MatmulOptions extends CallOptions {
  /** A is stored [k, m]. @default false */
  transposeA?: boolean;
  /** B is stored [n, k]. @default false */
  transposeB?: boolean;
  /** `'bf16'` rounds both operands to bfloat16; sums stay in float32. @default 'f32' */
  precision?: TrainingPrecision;
  /** Receives the result, [m, n]. @default a new array */
  out?: Float32Array;
}

/**
 * Computes the dense product C = op(A) op(B) of row-major matrices with oneDNN.
 *
 * @param a [m, k], or [k, m] with `transposeA`
 * @param b [k, n], or [n, k] with `transposeB`
 * @returns [m, n]
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function matmul(
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
  options: MatmulOptions = {},
): Promise<Float32Array> {
  expectInteger(m, 'm', 0);
  expectInteger(n, 'n', 0);
  expectInteger(k, 'k', 0);
  expectMatrix(a, 'a', m, k);
  expectMatrix(b, 'b', k, n);
  const { transposeA = false, transposeB = false } = options;
  const precision = expectOneOf(options.precision ?? 'f32', 'precision', TRAINING_PRECISIONS);
  const out = expectMatrix(options.out ?? allocateFloat32(m * n, 'the product'), 'out', m, n);
  await callNative(matmul, options, (control) =>
    addon().matmul({ a, b, out, m, n, k, transposeA, transposeB, precision }, control),
  );
  return out;
}
