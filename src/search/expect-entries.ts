import { fail } from '../core/validate.js';

/** Largest absolute value that an index accepts; beyond it, squared distances could overflow. */
export const LARGEST_ENTRY = 1e15;

/**
 * Rejects entries of vectors that an index does not accept, including NaN.
 *
 * @param vectors [rows, dim], row-major
 * @throws EngineError `ERR_ARG_RANGE` naming the row and the column
 */
export function expectEntries(vectors: Float32Array, dim: number, largest: number, name: string): void {
  const bad = vectors.findIndex((entry) => !(Math.abs(entry) <= largest));
  if (bad >= 0)
    fail(
      'ERR_ARG_RANGE',
      `entries from -${largest} to ${largest}`,
      `${name}[${Math.floor(bad / dim)}][${bad % dim}]`,
      vectors[bad],
    );
}
