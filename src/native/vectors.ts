import { allocateFloat32 } from '../core/allocate.js';
import {
  expectInteger,
  expectMatrix,
  expectOffsets,
  expectOneOf,
  expectOptions,
  expectSignal,
  expectVectors,
} from '../core/validate.js';
import { type CallOptions, callNative } from './call.js';
import { addon } from './loader.js';
import { POOLING_MODES, type Pooling } from './pooling.js';

/** Options of `l2Normalize`. */
export interface NormalizeOptions {
  /** Entries of a row, at least 1. */
  dim: number;
  /** Receives the result; can be `vectors`. @default a new array */
  out?: Float32Array | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Scales every row to unit Euclidean length; a zero row stays zero.
 *
 * @param vectors [any, dim], row-major
 * @returns [any, dim]
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`
 */
export async function l2Normalize(vectors: Float32Array, options: NormalizeOptions): Promise<Float32Array> {
  const given = expectOptions(options, 'options', ['dim', 'out', 'signal']);
  const dim = expectInteger(given.dim, 'dim', 1);
  const rows = expectVectors(vectors, 'vectors', dim);
  const out =
    given.out === undefined
      ? allocateFloat32(rows * dim, 'the scaled rows')
      : expectMatrix(given.out, 'out', rows, dim);
  const signal = expectSignal(given.signal, 'signal');
  await callNative(l2Normalize, { signal }, (control) => addon().l2Normalize(vectors, out, rows, dim, control));
  return out;
}

/** The arguments of `pool`. */
export interface PoolInput extends CallOptions {
  /** [offsets.at(-1), dim], row-major; the tokens of sequence s are rows offsets[s] to offsets[s + 1] - 1. */
  hidden: Float32Array;
  /** [sequences + 1], ascending from 0. A sequence without tokens gives a zero row. */
  offsets: Int32Array;
  /** Entries of a row, at least 1. */
  dim: number;
  pooling: Pooling;
}

/**
 * Computes one vector per sequence from packed token vectors.
 *
 * @returns [sequences, dim]
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_ABORTED`
 */
export async function pool(input: PoolInput): Promise<Float32Array> {
  const given = expectOptions(input, 'input', ['hidden', 'offsets', 'dim', 'pooling', 'signal', 'onProgress']);
  const dim = expectInteger(given.dim, 'dim', 1);
  const pooling = expectOneOf(given.pooling, 'pooling', POOLING_MODES);
  const offsets = expectOffsets(given.offsets, 'offsets');
  const sequences = offsets.length - 1;
  const hidden = expectMatrix(given.hidden, 'hidden', offsets[sequences]!, dim);
  const signal = expectSignal(given.signal, 'signal');
  const out = allocateFloat32(sequences * dim, 'the pooled rows');
  await callNative(pool, { signal }, (control) => addon().pool(hidden, offsets, pooling, out, sequences, dim, control));
  return out;
}
