import { allocateFloat32 } from '../core/allocate.js';
import { EngineError } from '../core/errors.js';
import type { EmbeddableText } from '../core/question-answer.js';
import { base64ToVectors } from '../core/vector-base64.js';
import type { Encoder } from '../encoder/encoder.js';
import type { ServedEncoders } from './served-encoders.js';

export type GivenVector = readonly number[] | Float32Array | string;

interface Query {
  texts?: readonly EmbeddableText[] | undefined;
  vectors?: readonly GivenVector[] | undefined;
}

/**
 * Returns the vectors of a request, or encodes its texts.
 *
 * @param encoder the encoder of the vectors to search
 * @returns [queries, dim]
 * @throws EngineError `ERR_ARG_TYPE` if the request has both texts and vectors, or neither; errors of {@link toMatrix}
 *   and of the encoder
 */
export async function queryVectors(
  { texts, vectors }: Query,
  encoder: Encoder,
  encoders: ServedEncoders,
  signal: AbortSignal,
): Promise<Float32Array> {
  if ((texts === undefined) === (vectors === undefined)) {
    throw new EngineError('ERR_ARG_TYPE', `Expected either "texts" or "vectors", got ${texts ? 'both' : 'neither'}`);
  }
  return vectors ? toMatrix(vectors, encoder.dim) : (await encoders.encode(encoder, texts!, signal)).embeddings;
}

/**
 * @returns [vectors.length, dim]
 * @throws EngineError `ERR_SHAPE_MISMATCH` with the vector that is too short or too long; `ERR_ARG_RANGE` for bad
 *   base64
 */
export function toMatrix(vectors: readonly GivenVector[], dim: number): Float32Array {
  const matrix = allocateFloat32(vectors.length * dim, 'the query vectors');
  vectors.forEach((vector, i) => {
    const entries = typeof vector === 'string' ? fromBase64(vector, i) : vector;
    if (entries.length !== dim)
      throw new EngineError('ERR_SHAPE_MISMATCH', `Expected ${dim} entries for "vectors[${i}]", got ${entries.length}`);
    matrix.set(entries, i * dim);
  });
  return matrix;
}

function fromBase64(text: string, i: number): Float32Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || Buffer.byteLength(text, 'base64') % 4 !== 0)
    throw new EngineError('ERR_ARG_RANGE', `Expected base64 of float32 for "vectors[${i}]"`);
  return base64ToVectors(text);
}
