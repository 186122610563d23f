import { expectFiniteVectors } from '../../core/validate.js';
import { expectEntries, LARGEST_ENTRY } from '../expect-entries.js';
import type { TableKind } from './kind.js';

const LARGEST_HALF = 65_504;

export interface VectorBatch {
  /** [rows, dim], row-major */
  vectors: Float32Array;
  /** Value id (`model$lang`) of every row. */
  valueIds?: readonly string[];
}

/** Checks a matrix of vectors to add to or search in an index; returns its number of rows. */
export function expectTableVectors(vectors: Float32Array, name: string, { dim, storage }: TableKind): number {
  const rows = expectFiniteVectors(vectors, name, dim);
  expectEntries(vectors, dim, storage === 'f16' ? LARGEST_HALF : LARGEST_ENTRY, name);
  return rows;
}
