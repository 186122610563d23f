/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { l2Normalize, pool } from './native/vectors.js';
export { DEFAULT_ENCODER } from './encoder/default-encoder.js';
export type { Encoder, EncodeResult } from './encoder/encoder.js';
export { loadEncoder, type LoadEncoderOptions } from './encoder/load-encoder.js';
