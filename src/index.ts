/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { infoNce, type InfoNceInput, type InfoNceMode, type InfoNceResult } from './native/infonce.js';
export { l2Normalize, pool } from './native/vectors.js';
