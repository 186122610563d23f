import { EngineError } from '../core/errors.js';
import { labelRows, type RowLabels } from '../core/row-labels.js';
import { expectInteger, fail } from '../native/validate.js';
import { countRows, exactNeighbours, type Neighbours } from '../search/exact-search.js';
import { RowFilters } from '../search/filters/row-filters.js';
import type { ValueFilter } from '../search/filters/value-filter.js';
import { type Identification, rankNeighbours } from './rank-neighbours.js';

/** What identification needs of an index; `VectorIndex` and `PgVectorIndex` fit. */
export interface SearchableIndex {
  readonly dim: number;
  /** `'l2'`: distances are squared. `'ip'`: they are inner products of unit vectors. */
  readonly metric: 'l2' | 'ip';
  /** Rows that can be found. */
  readonly size: number;
  /** Rows with a label, where some of them were removed. @default `size` */
  readonly rows?: number;
  /** @param params those of the caller, with `filter` and `signal` where they are given */
  search(
    queries: Float32Array,
    k: number,
    params?: Record<string, unknown>,
  ): Promise<{ labels: ArrayLike<number | bigint>; distances: ArrayLike<number> }>;
}

export type ValueIdentifierOptions = {
  /** Value id (`model$lang`) of every row, as `Dataset.readValueIds` gives them; any other labels work as well. */
  valueIds: readonly string[] | RowLabels;
} & ({ index: SearchableIndex } | { embeddings: Float32Array; dim?: number });

export interface IdentifyOptions {
  /** Neighbours that vote, from 1 to the number of rows. @default 50, or all rows where there are fewer */
  k?: number;
  /** Handed to the index, for example `{ efSearch: 128 }`. */
  params?: Record<string, unknown> | undefined;
  /** The rows that may vote. Where it leaves fewer than `k`, these do. @default all */
  filter?: ValueFilter | undefined;
  signal?: AbortSignal;
}

export type { Identification, Neighbour, RankedValueId } from './rank-neighbours.js';

/**
 * Tells whose values a text expresses: the k nearest answers vote for their value ids, uniformly (reference,
 * section 7.1). On unit vectors the Euclidean order is that of cosine similarity.
 */
export class ValueIdentifier {
  readonly rows: number;
  readonly dim: number;
  readonly #search: (
    queries: Float32Array,
    k: number,
    options: {
      params: Record<string, unknown> | undefined;
      filter: Uint8Array | undefined;
      signal: AbortSignal | undefined;
    },
  ) => Promise<Neighbours>;
  readonly #labels: RowLabels;
  readonly #filters: RowFilters;
  /** What tells how many rows can be found. */
  readonly #found: { readonly size: number };

  /**
   * @param options an index, or embeddings [rows, dim] for exact search; `dim` is then embeddings.length / rows
   * @throws EngineError `ERR_SHAPE_MISMATCH` when the number of value ids is not that of the rows, `ERR_ARG_RANGE`,
   *   `ERR_ARG_TYPE`, `ERR_NON_FINITE`
   */
  constructor(options: ValueIdentifierOptions) {
    const { valueIds } = options;
    this.#labels = 'labels' in valueIds ? valueIds : labelRows(valueIds);
    this.rows = this.#labels.labels.length;
    if (this.rows === 0) fail('ERR_ARG_RANGE', 'at least one row', 'valueIds', valueIds);
    this.#filters = new RowFilters({ ...this.#labels, rows: this.rows, removed: [] });
    if ('index' in options) {
      const { index } = options;
      const labelled = index.rows ?? index.size;
      if (labelled !== this.rows)
        fail('ERR_SHAPE_MISMATCH', `${labelled} value ids, one per row of the index,`, 'valueIds', valueIds);
      this.#found = index;
      this.dim = index.dim;
      this.#search = (queries, k, { params, filter, signal }) =>
        searchIndex(index, queries, k, { ...params, ...(filter && { filter }), ...(signal && { signal }) });
    } else {
      const { embeddings } = options;
      this.#found = { size: this.rows };
      this.dim = options.dim ?? embeddings.length / this.rows;
      expectInteger(this.dim, 'dim', 1);
      if (countRows(embeddings, 'embeddings', this.dim) !== this.rows) {
        fail('ERR_SHAPE_MISMATCH', `${this.rows} rows, one per value id,`, 'embeddings', embeddings);
      }
      this.#search = (queries, k, { filter, signal }) =>
        exactNeighbours(embeddings, queries, this.dim, k, { filter, signal });
    }
  }

  /**
   * How many rows a filter leaves.
   *
   * @throws EngineError `ERR_ARG_RANGE` for a name that no row has
   */
  count(filter: ValueFilter): number {
    return this.#filters.select(filter).count;
  }

  /**
   * @param queries [any number of texts, dim], row-major, from the encoder that embedded the rows
   * @returns one identification per query
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE`, `ERR_ABORTED`, and
   *   what the index throws
   */
  async identify(queries: Float32Array, options: IdentifyOptions = {}): Promise<Identification[]> {
    const { size } = this.#found;
    const k = expectInteger(options.k ?? Math.min(50, size), 'k', 1, size);
    countRows(queries, 'queries', this.dim);
    const { params, filter, signal } = options;
    const found = await this.#search(queries, k, {
      params,
      filter: filter && this.#filters.select(filter).bits,
      signal,
    });
    return Array.from({ length: found.queries }, (_, query) => rankNeighbours(found, query, this.#labels));
  }
}

/** Searches an index and turns what it measures into Euclidean distances. */
export async function searchIndex(
  index: SearchableIndex,
  queries: Float32Array,
  k: number,
  params: Record<string, unknown> | undefined,
): Promise<Neighbours> {
  if (index.metric === 'ip') expectUnitRows(queries, index.dim);
  const { labels, distances } = await index.search(queries, k, params);
  const rows = Int32Array.from(labels, Number);
  return {
    queries: queries.length / index.dim,
    k,
    rows,
    distances: Float64Array.from(rows, (row, i) => (row < 0 ? Infinity : toEuclidean(distances[i]!, index.metric))),
  };
}

/** An inner product tells a distance only between unit vectors; 1e-3 leaves room for embeddings kept as f16. */
export function expectUnitRows(vectors: Float32Array, dim: number, name = 'queries'): void {
  for (let begin = 0; begin < vectors.length; begin += dim) {
    let sum = 0;
    for (let i = begin; i < begin + dim; i++) sum += vectors[i]! * vectors[i]!;
    if (Math.abs(sum - 1) > 1e-3) {
      fail(
        'ERR_ARG_RANGE',
        'rows of unit length (the index measures inner products)',
        name,
        `row ${begin / dim} of length ${Math.sqrt(sum)}`,
      );
    }
  }
}

/** Rounding may leave a squared distance slightly below zero. */
function toEuclidean(measured: number, metric: SearchableIndex['metric']): number {
  const squared = metric === 'l2' ? measured : 2 - 2 * measured;
  if (!Number.isFinite(squared)) throw new EngineError('ERR_INTERNAL', `The index measured a distance of ${measured}`);
  return Math.sqrt(Math.max(0, squared));
}
