import { labelRows, type RowLabels } from '../core/row-labels.js';
import {
  expectFiniteVectors,
  expectInt32,
  expectInt32Array,
  expectInteger,
  expectObject,
  expectOptions,
  expectSignal,
  expectStrings,
  fail,
} from '../core/validate.js';
import type { SearchResult } from '../native/search-result.js';
import { expectUnitRows } from '../search/euclidean-distance.js';
import { type FilterableRows, RowFilters } from '../search/filters/row-filters.js';
import type { ValueFilter } from '../search/filters/value-filter.js';
import { ExactIndex } from './exact-index.js';
import { type Identification, rankNeighbours } from './rank-neighbours.js';
import {
  EFFORT_KEYS,
  expectEffort,
  expectSearchableIndex,
  type SearchableIndex,
  type SearchEffort,
  searchEffort,
} from './searchable-index.js';

/** Default number of neighbours that vote: the k of the paper. */
export const DEFAULT_K = 50;

/**
 * Number of nearest answers that vote if the caller names none: 50, or a third of the answers (of those that match the
 * filter) if there are fewer than 150. If all voted, the most frequent value id would win whatever the text.
 */
export function defaultK(answers: number): number {
  return Math.min(DEFAULT_K, Math.max(1, Math.ceil(answers / 3)));
}

/** Options of the constructor of `ValueIdentifier`. */
export type ValueIdentifierOptions = {
  /** Value id (`model$lang`) of every row, as returned by `Dataset.readValueIds`. Any other labels also work. */
  valueIds: readonly string[] | RowLabels;
  /** Settings of searches that do not say otherwise, such as the `effort` that `buildIndex` measured. */
  effort?: SearchEffort | undefined;
} & ({ index: SearchableIndex } | { embeddings: Float32Array; dim: number });

export interface NeighbourSearchOptions extends SearchEffort {
  /** Neighbours per query, at least 1. Without a filter, at most the `size` of the index. */
  k: number;
  /** Limits the search to matching rows. @default all */
  filter?: ValueFilter | undefined;
  /** Settings for those that are left open, measured for this index. */
  usual?: SearchEffort | undefined;
  signal?: AbortSignal | undefined;
}

/** Options of `ValueIdentifier.identify`. */
export interface IdentifyOptions extends SearchEffort {
  /** Number of neighbours that vote. @default 50, or a third of the matching rows if there are fewer than 150 */
  k?: number | undefined;
  /** Limits the vote to matching rows. If fewer than `k` match, all of them vote. @default all */
  filter?: ValueFilter | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Identifies whose values a text expresses: each of the k nearest answers has one vote for its value id (reference,
 * section 7.1). For unit vectors, Euclidean distance gives the same order as cosine similarity.
 */
export class ValueIdentifier {
  readonly #index: SearchableIndex;
  readonly #table: FilterableRows;
  readonly #filters: RowFilters;
  readonly #effort: SearchEffort;

  /**
   * @param options an index, or embeddings [valueIds.length, dim] for exact search
   * @throws EngineError `ERR_SHAPE_MISMATCH` if the numbers of value ids and rows differ, `ERR_ARG_RANGE`,
   *   `ERR_ARG_TYPE`, `ERR_NON_FINITE`
   */
  constructor(options: ValueIdentifierOptions) {
    const { valueIds, index, embeddings, dim, effort } = expectOptions(expectObject(options, 'options'), 'options', [
      'valueIds',
      'index',
      'embeddings',
      'dim',
      'effort',
    ]);
    this.#effort = expectEffort(effort, 'effort');
    const rowLabels = Array.isArray(valueIds)
      ? labelRows(expectStrings(valueIds, 'valueIds'))
      : expectRowLabels(valueIds);
    const rows = rowLabels.labels.length;
    if (rows === 0) fail('ERR_ARG_RANGE', 'at least one row', 'valueIds', valueIds);
    this.#index =
      index === undefined
        ? new ExactIndex(embeddings as Float32Array, expectInteger(dim, 'dim', 1))
        : expectSearchableIndex(index, 'index');
    if (this.#index.rows !== rows)
      fail('ERR_SHAPE_MISMATCH', `${this.#index.rows} value ids, one for each row,`, 'valueIds', valueIds);
    this.#table = { ...rowLabels, rows, removed: [] };
    this.#filters = new RowFilters(this.#table);
  }

  /** Number of rows, including removed ones. */
  get rows(): number {
    return this.#index.rows;
  }

  get dim(): number {
    return this.#index.dim;
  }

  /**
   * Counts the rows that match a filter.
   *
   * @throws EngineError `ERR_ARG_TYPE`; `ERR_ARG_RANGE` for a name that no row has
   */
  count(filter: ValueFilter): number {
    return this.#filters.select(filter).count;
  }

  /**
   * Identifies whose values the texts of the given embeddings express.
   *
   * @param queries [number of texts, dim], row-major, from the encoder that embedded the rows
   * @returns one identification per query
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE`, `ERR_ABORTED`, and the
   *   errors of the index
   */
  async identify(queries: Float32Array, options?: IdentifyOptions): Promise<Identification[]> {
    const given = expectOptions(options, 'options', ['k', ...EFFORT_KEYS, 'filter', 'signal']) as IdentifyOptions;
    const found = await searchNeighbours(this.#index, this.#filters, queries, {
      ...given,
      k: given.k ?? defaultK(given.filter === undefined ? this.#index.size : this.count(given.filter)),
      usual: this.#effort,
    });
    return rankNeighbours(found, queries.length / this.dim, this.#index.metric, this.#table);
  }
}

function expectRowLabels(value: unknown): RowLabels {
  const { names, labels } = expectOptions(expectObject(value, 'valueIds'), 'valueIds', ['names', 'labels']);
  const known = expectStrings(names, 'valueIds.names');
  const rows = expectInt32Array(labels, 'valueIds.labels').length;
  return { names: [...known], labels: expectInt32(labels, 'valueIds.labels', rows, 0, known.length - 1) };
}

/**
 * Finds the nearest rows that match a filter.
 *
 * @returns up to `k` neighbours per query: fewer, or even 0, if fewer rows match the filter
 */
export async function searchNeighbours(
  index: SearchableIndex,
  filters: RowFilters,
  queries: Float32Array,
  options: NeighbourSearchOptions,
): Promise<SearchResult> {
  expectFiniteVectors(queries, 'queries', index.dim);
  if (index.metric === 'ip') expectUnitRows(queries, index.dim, 'queries');
  const k = expectInteger(options.k, 'k', 1);
  const signal = expectSignal(options.signal, 'signal');
  const { usual } = options;
  if (options.filter === undefined) {
    if (k > index.size) fail('ERR_ARG_RANGE', `at most the number of rows in the index, ${index.size},`, 'k', k);
    return index.search(queries, {
      k,
      ...searchEffort(index.factory, options, { k, usual }),
      ...(signal && { signal }),
    });
  }
  const { bits, count } = filters.select(options.filter);
  const wanted = Math.min(k, count, index.size); // the count includes rows that are not in the index yet
  if (wanted === 0) return { labels: new Int32Array(), distances: new Float32Array(), k: 0 };
  const effort = searchEffort(index.factory, options, { k: wanted, usual });
  const filter = index.filterKind === 'rows' ? bits : options.filter;
  return index.search(queries, { k: wanted, ...effort, filter, ...(signal && { signal }) });
}
