import { EngineError } from '../../core/errors.js';
import { fromFloat16, toFloat16 } from '../../core/float16.js';

/** Number type in which a dataset stores vectors. */
export type EmbeddingType = 'f32' | 'f16';

/** Bytes of one entry. */
export const ENTRY_BYTES: Readonly<Record<EmbeddingType, number>> = { f32: 4, f16: 2 };

/**
 * Converts [rows, dim] embeddings to the bytes stored in a .npy file: little-endian, the byte order of every machine
 * that the engine supports.
 *
 * @throws EngineError `ERR_NON_FINITE` for a NaN or infinity, `ERR_ARG_RANGE` for a value beyond the range of f16; both
 *   name the row
 */
export function embeddingsToBytes(embeddings: Float32Array, dim: number, dtype: EmbeddingType): Uint8Array {
  const halves = dtype === 'f16' ? toFloat16(embeddings) : undefined;
  for (let i = 0; i < embeddings.length; i++) {
    const where = (): string => `row ${Math.floor(i / dim)}, column ${i % dim} of the batch`;
    if (!Number.isFinite(embeddings[i]))
      throw new EngineError('ERR_NON_FINITE', `The embedding at ${where()} is ${embeddings[i]}`);
    if (halves && (halves[i]! & 0x7c00) === 0x7c00) {
      throw new EngineError(
        'ERR_ARG_RANGE',
        `The embedding at ${where()} is ${embeddings[i]}, beyond the f16 maximum of 65504; use f32`,
      );
    }
  }
  const stored = halves ?? embeddings;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/** Converts stored bytes to float32 in `out`, which must have the same number of entries. */
export function bytesToEmbeddings(bytes: Uint8Array, dtype: EmbeddingType, out: Float32Array): void {
  if (dtype === 'f32') new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
  else fromFloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2), out);
}
