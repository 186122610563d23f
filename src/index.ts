/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { l2Normalize, pool } from './native/vectors.js';
export {
  VectorIndex,
  type Metric,
  type RangeSearchResult,
  type SearchResult,
  type VectorIndexOptions,
} from './search/vector-index.js';
export type { BuildParams, SearchParams } from './search/index-params.js';
