import { expectInteger } from '../core/validate.js';
import { allocateSearchResult, MAX_FLOAT32, type SearchResult } from '../native/search-result.js';
import { similarityTopK } from '../native/top-k.js';
import { allowedRows } from './filters/row-filter.js';
import { gatherRows } from './gather-rows.js';

export interface ExactSearchOptions {
  /** [rows, dim], row-major. */
  base: Float32Array;
  /** [any, dim], row-major. */
  queries: Float32Array;
  dim: number;
  /** From 1 to the number of base rows. */
  k: number;
  /** Bits of the base rows to search: see {@link rowFilter}. @default all */
  filter?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Searches exactly by squared Euclidean distance, among all rows or those of a filter. Copies the rows of a filter.
 *
 * @throws EngineError like {@link similarityTopK}
 */
export async function exactSearch({ filter, ...options }: ExactSearchOptions): Promise<SearchResult> {
  const { base, queries, dim, k } = options;
  if (!filter) return similarityTopK({ ...options, metric: 'l2' });
  expectInteger(k, 'k', 1, base.length / dim);
  const allowed = allowedRows(filter, base.length / dim);
  const result = allocateSearchResult(queries.length / dim, k);
  result.labels.fill(-1);
  result.distances.fill(MAX_FLOAT32);
  if (allowed.length === 0) return result;
  const found = await similarityTopK({
    ...options,
    base: gatherRows(base, dim, allowed),
    k: Math.min(k, allowed.length),
    metric: 'l2',
  });
  found.labels.forEach((label, i) => {
    const place = Math.floor(i / found.k) * k + (i % found.k);
    result.labels[place] = allowed[label]!;
    result.distances[place] = found.distances[i]!;
  });
  return result;
}
