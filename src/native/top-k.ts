import { expectInteger, expectOptions, expectVectors } from '../core/validate.js';
import type { CallOptions } from './call.js';
import type { SearchResult } from './search-result.js';
import { expectBase, SimilarityBase, type SimilarityBaseOptions } from './similarity-base.js';

export interface SimilarityTopKOptions extends SimilarityBaseOptions, CallOptions {
  /** [any, dim], row-major. */
  queries: Float32Array;
  /** Neighbours per query, from 1 to the number of rows. */
  k: number;
  /** @default 'auto': the fastest on this CPU for this number of queries, conversion included */
  storage?: SimilarityBaseOptions['storage'];
}

const KEYS = ['queries', 'base', 'dim', 'k', 'metric', 'storage', 'signal', 'onProgress'] as const;

/**
 * The k nearest rows of `base` for every query, exactly: the result is the same for every `storage`, instruction set and
 * number of threads. To search one base repeatedly, use {@link SimilarityBase}, which prepares it once.
 *
 * `onProgress` receives the number of base rows compared so far, averaged over the queries.
 *
 * @returns equal distances by smaller row
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
 *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function similarityTopK(options: SimilarityTopKOptions): Promise<SearchResult> {
  const given = expectOptions(options, 'options', KEYS) as Partial<SimilarityTopKOptions>;
  // Before the base is prepared: a mistake should not cost a pass over it.
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
