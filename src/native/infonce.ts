import { allocateFloat32 } from '../core/allocate.js';
import {
  expectInRange,
  expectInt32,
  expectInteger,
  expectMatrix,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectVectors,
  fail,
} from '../core/validate.js';
import { callNative } from './call.js';
import { INFONCE_MODES, type InfoNceMode, usesLabels } from './infonce-modes.js';
import { addon } from './loader.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from './precisions.js';

const KEYS = ['query', 'key', 'dim', 'logitScale', 'labels', 'mode', 'precision', 'signal'] as const;
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** The arguments of `infoNce`. */
export interface InfoNceInput {
  /** [rows, dim], row-major, with at least one row. Rows have unit length; zero rows are allowed. */
  query: Float32Array;
  /** [rows, dim], like `query`; row i is the positive of query row i. */
  key: Float32Array;
  /** Width of a row, at least 1. */
  dim: number;
  /** 1 / temperature, the factor of the dot products. Finite and above 0. */
  logitScale: number;
  /** [rows], any values. Required by the modes `'masked'`, `'masked-symmetric'` and `'supervised'`, ignored by the
   * others. */
  labels?: Int32Array | undefined;
  mode: InfoNceMode;
  /**
   * `'bf16'` rounds query and key to bfloat16 and computes the products on the bf16 units of the CPU, if it has them
   * (`capabilities().bf16`), with sums in float32. Loss and gradients are those of the rounded rows. @default 'f32'
   */
  precision?: TrainingPrecision | undefined;
  /** Cancels between two blocks of rows. */
  signal?: AbortSignal | undefined;
}

/** The loss and its gradients. */
export interface InfoNceResult {
  /** Mean over the rows, in nats. */
  loss: number;
  /** dLoss / dQuery, [rows, dim]. */
  dQuery: Float32Array;
  /** dLoss / dKey, [rows, dim]. */
  dKey: Float32Array;
}

/**
 * Computes the InfoNCE loss of a batch of pairs and its gradients with respect to queries and keys. Apart from inputs
 * and outputs, it needs less than 64 MiB of memory for any batch size. native/ops/infonce.h documents formulas and
 * accuracy.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (a NaN or infinity in the
 *   inputs or the result, naming the row), `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function infoNce(input: InfoNceInput): Promise<InfoNceResult> {
  const given = expectOptions(input, 'input', KEYS);
  const dim = expectInteger(given.dim, 'dim', 1);
  const rows = expectVectors(given.query, 'query', dim, 1);
  const query = given.query as Float32Array;
  const key = expectMatrix(given.key, 'key', rows, dim);
  const logitScale = expectInRange(given.logitScale, 'logitScale', Number.MIN_VALUE, Number.MAX_VALUE);
  const mode = expectOneOf(given.mode, 'mode', INFONCE_MODES);
  const precision = expectOneOf(given.precision ?? 'f32', 'precision', TRAINING_PRECISIONS);
  const signal = expectSignal(given.signal, 'signal');
  if (usesLabels(mode) && given.labels === undefined) {
    fail('ERR_ARG_TYPE', `an Int32Array, which mode ${mode} needs,`, 'labels', given.labels);
  }
  const labels =
    given.labels === undefined ? undefined : expectInt32(given.labels, 'labels', rows, INT32_MIN, INT32_MAX);

  const dQuery = allocateFloat32(rows * dim, 'the gradients');
  const dKey = allocateFloat32(rows * dim, 'the gradients');
  const loss = await callNative(infoNce, { signal }, (control) =>
    addon().infoNce({ query, key, labels, dQuery, dKey, rows, dim, logitScale, mode, precision }, control),
  );
  return { loss, dQuery, dKey };
}
