import { fail } from '../core/validate.js';

/** What an index may hold; beyond it squares overflow. */
export const LARGEST_ENTRY = 1e15;

/**
 * Refuses entries of vectors that an index could not take, NaN among them.
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
