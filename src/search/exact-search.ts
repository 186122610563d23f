import { EngineError } from '../core/errors.js';
import { similarityTopK } from '../native/top-k.js';
import { expectInteger, expectMatrix } from '../native/validate.js';

/** The nearest rows of each query, nearest first. */
export interface Neighbours {
  queries: number;
  k: number;
  /** [queries, k]; -1 where the search found fewer than k rows. */
  rows: Int32Array;
  /** [queries, k] Euclidean distances; Infinity beside a row of -1. */
  distances: Float64Array;
}

/**
 * Exact Euclidean nearest neighbours. The distances are computed again in double precision from the differences, since
 * |x|^2 + |y|^2 - 2xy loses all digits for near-identical vectors, and the k rows are ordered by them, ties by smaller
 * row.
 *
 * @param base [baseRows, dim], row-major
 * @param queries [any, dim], row-major
 * @param k from 1 to the number of base rows
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` naming the row,
 *   `ERR_ABORTED`
 */
export async function exactNeighbours(
  base: Float32Array,
  queries: Float32Array,
  dim: number,
  k: number,
  signal?: AbortSignal,
): Promise<Neighbours> {
  expectInteger(dim, 'dim', 1);
  const baseRows = countRows(base, 'base', dim);
  const queryRows = countRows(queries, 'queries', dim);
  expectInteger(k, 'k', 1, baseRows);
  const { indices } = await similarityTopK({ queries, queryRows, base, baseRows, dim, k, metric: 'l2', signal });
  const rows = new Int32Array(indices.length);
  const distances = new Float64Array(indices.length);
  for (let query = 0; query < queryRows; query++) {
    const found = Array.from(indices.subarray(query * k, (query + 1) * k), (row) => ({
      row,
      distance: euclidean(base, row * dim, queries, query * dim, dim),
    })).sort((a, b) => a.distance - b.distance || a.row - b.row);
    found.forEach(({ row, distance }, i) => {
      rows[query * k + i] = row;
      distances[query * k + i] = distance;
    });
  }
  return { queries: queryRows, k, rows, distances };
}

/** Number of rows of a row-major matrix of width `dim`, all of whose entries must be finite. */
export function countRows(vectors: Float32Array, name: string, dim: number): number {
  const rows = vectors instanceof Float32Array ? Math.ceil(vectors.length / dim) : 0;
  expectMatrix(vectors, name, rows, dim);
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new EngineError('ERR_NON_FINITE', `Expected finite entries for "${name}", got ${vectors[bad]} in row ${Math.floor(bad / dim)}`);
  }
  return rows;
}

function euclidean(a: Float32Array, aBegin: number, b: Float32Array, bBegin: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    const difference = a[aBegin + i]! - b[bBegin + i]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
