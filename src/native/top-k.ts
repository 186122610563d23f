import { expectInteger, expectOptions, expectVectors } from '../core/validate.js';
import type { CallOptions } from './call.js';
import type { SearchResult } from './search-result.js';
import { expectBase, SimilarityBase, type SimilarityBaseOptions } from './similarity-base.js';

/** The arguments of `similarityTopK`. */
export interface SimilarityTopKOptions extends SimilarityBaseOptions, CallOptions {
  /** [any, dim], row-major. */
  queries: Float32Array;
  /** Neighbours per query, from 1 to the number of rows. */
  k: number;
  /** @default 'auto': the fastest on this CPU for this number of queries, including conversion */
  storage?: SimilarityBaseOptions['storage'];
}

const KEYS = ['queries', 'base', 'dim', 'k', 'metric', 'storage', 'signal', 'onProgress'] as const;

/**
 * Finds the exact k nearest rows of `base` for every query. The result is the same for every `storage`, instruction set
 * and number of threads. To search a base repeatedly, use {@link SimilarityBase}, which prepares it once.
 *
 * `onProgress` receives the number of base rows compared so far, averaged over the queries.
 *
 * @returns the nearest rows; ties go to the smaller row
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
 *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function similarityTopK(options: SimilarityTopKOptions): Promise<SearchResult> {
  const given = expectOptions(options, 'options', KEYS) as Partial<SimilarityTopKOptions>;
  // Checked before the base is prepared, so that an invalid call does not cost a pass over the base.
  const { dim, rows } = expectBase(given);
  const queries = expectVectors(given.queries, 'queries', dim);
  expectInteger(given.k, 'k', 1, rows);
  const base = await SimilarityBase.prepare(given, queries, similarityTopK);
  try {
    return await base.run(given.queries, given, similarityTopK);
  } finally {
    await base.dispose();
  }
}
