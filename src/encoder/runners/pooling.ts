import { allocateFloat32 } from '../../core/allocate.js';
import type { Pooling } from '../../native/pooling.js';

/** Of how many tokens, from the first, a vector is the mean. */
const POOLED_TOKENS: Record<Pooling, (length: number) => number> = { mean: (length) => length, cls: () => 1 };

/**
 * One vector per sequence from padded token vectors: the mean over its tokens or its first token, scaled to unit length
 * on request. Sums are in double precision. The native `pool` wants packed rows; gathering them first would cost as
 * much as this, which is far below 1 % of the time of the graph.
 *
 * @param hidden [sequences, longest, dim], row-major; entries after the end of a sequence are not read
 * @param offsets sequences + 1 ascending entries from 0: sequence s has offsets[s + 1] - offsets[s] >= 1 tokens
 * @returns [sequences, dim]
 */
export function poolPadded(
  hidden: Float32Array,
  offsets: Int32Array,
  longest: number,
  dim: number,
  pooling: Pooling,
  normalize: boolean,
): Float32Array {
  const sequences = offsets.length - 1;
  const out = allocateFloat32(sequences * dim, 'the embeddings');
  const sum = new Float64Array(dim);
  for (let s = 0; s < sequences; s++) {
    const tokens = POOLED_TOKENS[pooling](offsets[s + 1]! - offsets[s]!);
    sum.fill(0);
    for (let t = 0, at = s * longest * dim; t < tokens; t++, at += dim) {
      for (let j = 0; j < dim; j++) sum[j]! += hidden[at + j]!;
    }
    const divisor = normalize ? norm(sum) || 1 : tokens; // a zero vector stays zero
    for (let j = 0; j < dim; j++) out[s * dim + j] = sum[j]! / divisor;
  }
  return out;
}

function norm(vector: Float64Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}
