/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { l2Normalize, pool } from './native/vectors.js';
export { loadTokenizer } from './tokenizer/load-tokenizer.js';
export type { PackedIds, TokenizeOptions, Tokenizer } from './tokenizer/tokenizer.js';
export { WordPieceTokenizer } from './tokenizer/wordpiece.js';
