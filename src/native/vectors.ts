import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import { expectInteger, expectMatrix, expectOffsets, expectOneOf } from './validate.js';

/**
 * Scales every row to unit Euclidean length; a zero row stays zero.
 *
 * @param vectors [rows, dim], row-major
 * @param out where to write, may be `vectors`. Default: a new array.
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`
 */
export async function l2Normalize(
  vectors: Float32Array,
  rows: number,
  dim: number,
  options: CallOptions & { out?: Float32Array } = {},
): Promise<Float32Array> {
  expectInteger(rows, 'rows', 0);
  expectInteger(dim, 'dim', 1);
  expectMatrix(vectors, 'vectors', rows, dim);
  const out = options.out ?? new Float32Array(rows * dim);
  expectMatrix(out, 'out', rows, dim);
  await callNative(l2Normalize, options, (control) => addon().l2Normalize(vectors, out, rows, dim, control));
  return out;
}

/**
 * One vector per sequence from packed token vectors: the mean over its tokens, or its first token (`cls`).
 *
 * @param hidden [offsets.at(-1), dim], row-major; tokens of sequence s are rows offsets[s] to offsets[s + 1] - 1
 * @param offsets sequences + 1 ascending entries from 0. A sequence without tokens gives a zero row.
 * @returns [sequences, dim]
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`
 */
export async function pool(
  hidden: Float32Array,
  offsets: Int32Array,
  dim: number,
  pooling: 'mean' | 'cls',
  options: CallOptions = {},
): Promise<Float32Array> {
  expectInteger(dim, 'dim', 1);
  expectOneOf(pooling, 'pooling', ['mean', 'cls']);
  expectOffsets(offsets, 'offsets');
  const sequences = offsets.length - 1;
  expectMatrix(hidden, 'hidden', offsets[sequences]!, dim);
  const out = new Float32Array(sequences * dim);
  const mode = pooling === 'cls' ? 1 : 0;
  await callNative(pool, options, (control) => addon().pool(hidden, offsets, mode, out, sequences, dim, control));
  return out;
}
