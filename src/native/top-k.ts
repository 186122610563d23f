import { SimilarityBase, type SimilarityBaseOptions, type TopK } from './similarity-base.js';
import { expectInteger, expectMatrix, expectOptions } from './validate.js';

export interface SimilarityTopKOptions extends SimilarityBaseOptions {
  /** [queryRows, dim], row-major. */
  queries: Float32Array;
  /** >= 0; none gives empty arrays. */
  queryRows: number;
  /** 1 to baseRows. */
  k: number;
  /** @default 'auto': the fastest on this CPU for this number of queries, conversion included */
  storage?: SimilarityBaseOptions['storage'];
}

const KEYS = [
  'queries',
  'queryRows',
  'base',
  'baseRows',
  'dim',
  'k',
  'metric',
  'storage',
  'signal',
  'onProgress',
] as const;

/**
 * The k best rows of `base` for every query, exactly: the result is the same for every `storage`, instruction set and
 * number of threads. To search one base repeatedly, use {@link SimilarityBase}, which prepares it only once.
 *
 * `onProgress` gets the number of base rows that have been compared, averaged over all queries.
 *
 * @returns indices and scores, [queryRows, k] each, best first, equal scores by smaller index
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`, `ERR_SHAPE_MISMATCH`, `ERR_NON_FINITE` (naming the row),
 *   `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
 */
export async function similarityTopK(options: SimilarityTopKOptions): Promise<TopK> {
  expectOptions(options, 'options', KEYS);
  const { queries, queryRows, k } = options;
  // Before the base is prepared: a mistake should not cost a pass over it.
  expectInteger(options.baseRows, 'baseRows', 1, 2 ** 31 - 1);
  expectInteger(options.dim, 'dim', 1, 2 ** 20);
  expectInteger(queryRows, 'queryRows', 0, 2 ** 31 - 1);
  expectMatrix(queries, 'queries', queryRows, options.dim);
  expectInteger(k, 'k', 1, options.baseRows);
  const base = await SimilarityBase.prepare(options, queryRows, similarityTopK);
  try {
    return await base.search(queries, queryRows, k, options, similarityTopK);
  } finally {
    await base.dispose();
  }
}
