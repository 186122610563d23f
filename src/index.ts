/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { SimilarityBase, type SimilarityBaseOptions, type TopK } from './native/similarity-base.js';
export { similarityTopK, type SimilarityTopKOptions } from './native/top-k.js';
export { l2Normalize, pool } from './native/vectors.js';
export {
  VectorIndex,
  type Metric,
  type RangeSearchResult,
  type SearchResult,
  type VectorIndexOptions,
} from './search/vector-index.js';
export type { BuildParams, SearchParams } from './search/index-params.js';
