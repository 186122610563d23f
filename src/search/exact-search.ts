import { EngineError } from '../core/errors.js';
import { similarityTopK } from '../native/top-k.js';
import { expectInteger, expectMatrix } from '../native/validate.js';
import { allowedRows } from './filters/row-filter.js';
import { gatherRows } from './gather-rows.js';

/** The nearest rows of each query, nearest first. */
export interface Neighbours {
  queries: number;
  k: number;
  /** [queries, k]; -1 where the search found fewer than k rows. */
  rows: Int32Array;
  /** [queries, k] Euclidean distances; Infinity beside a row of -1. */
  distances: Float64Array;
}

export interface ExactSearchOptions {
  /** The base rows that may be found: row i where bit i % 8 of byte i >> 3 is set. @default all */
  filter?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
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
  { filter, signal }: ExactSearchOptions = {},
): Promise<Neighbours> {
  expectInteger(dim, 'dim', 1);
  const baseRows = countRows(base, 'base', dim);
  const queryRows = countRows(queries, 'queries', dim);
  expectInteger(k, 'k', 1, baseRows);
  if (filter) return filteredNeighbours(base, queries, dim, k, { filter, signal });
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

/** Searches a copy of the rows that may be found. */
async function filteredNeighbours(
  base: Float32Array,
  queries: Float32Array,
  dim: number,
  k: number,
  { filter, signal }: { filter: Uint8Array; signal: AbortSignal | undefined },
): Promise<Neighbours> {
  const allowed = allowedRows(filter, base.length / dim);
  const rows = new Int32Array((queries.length / dim) * k).fill(-1);
  const distances = new Float64Array(rows.length).fill(Infinity);
  if (allowed.length > 0) {
    const found = await exactNeighbours(gatherRows(base, dim, allowed), queries, dim, Math.min(k, allowed.length), {
      signal,
    });
    found.rows.forEach((row, i) => {
      const place = Math.floor(i / found.k) * k + (i % found.k);
      rows[place] = allowed[row]!;
      distances[place] = found.distances[i]!;
    });
  }
  return { queries: queries.length / dim, k, rows, distances };
}

/** Number of rows of a row-major matrix of width `dim`, all of whose entries must be finite. */
export function countRows(vectors: Float32Array, name: string, dim: number): number {
  const rows = vectors instanceof Float32Array ? Math.ceil(vectors.length / dim) : 0;
  expectMatrix(vectors, name, rows, dim);
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new EngineError(
      'ERR_NON_FINITE',
      `Expected finite entries for "${name}", got ${vectors[bad]} in row ${Math.floor(bad / dim)}`,
    );
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
