/**
 * Argument objects of addon functions (addon-types.ts). The typed wrappers have validated their contents. Native code
 * reads them before the call returns, and keeps the arrays until the promise settles.
 */
import type { InfoNceMode } from './infonce-modes.js';
import type { TrainingPrecision } from './precisions.js';

/** Arguments of C = op(A) op(B): see `matmul`. */
export interface NativeMatmul {
  a: Float32Array;
  b: Float32Array;
  out: Float32Array;
  m: number;
  n: number;
  k: number;
  /** A is stored [k, m]. @default false */
  transposeA?: boolean;
  /** B is stored [n, k]. @default false */
  transposeB?: boolean;
  precision: TrainingPrecision;
}

/** A batch of the contrastive loss: see `infoNce`. */
export interface NativeInfoNce {
  query: Float32Array;
  key: Float32Array;
  /** Required by the modes that use labels. */
  labels?: Int32Array | undefined;
  dQuery: Float32Array;
  dKey: Float32Array;
  rows: number;
  dim: number;
  logitScale: number;
  mode: InfoNceMode;
  precision: TrainingPrecision;
  /** Query rows per block. Does not affect the result. @default chosen by the engine */
  blockRows?: number;
}

/** Queries of exact top-k, and the arrays that receive their nearest rows, [rows, k]. */
export interface NativeTopkSearch {
  queries: Float32Array;
  rows: number;
  k: number;
  labels: Int32Array;
  distances: Float32Array;
}

/** Settings of searches in an index. 0 means the value in the index. */
export interface NativeSearchParams {
  efSearch: number;
  nprobe: number;
  rerank: number;
  /** Bits of the rows to search. */
  filter: Uint8Array | undefined;
}

/** A search in an index: see {@link NativeTopkSearch}. */
export interface NativeSearch extends NativeTopkSearch, NativeSearchParams {}

export interface NativeRangeSearch extends NativeSearchParams {
  queries: Float32Array;
  rows: number;
  radius: number;
}

/** Settings of a WordPiece tokenizer: see `WordPieceSettings`. */
export interface NativeTokenizerSettings {
  /** UTF-8 bytes of all tokens. */
  tokens: Uint8Array;
  tokenOffsets: Int32Array;
  tokenIds: Int32Array;
  prefix: string;
  unknownId: number;
  maxWordChars: number;
  /** Bits: clean text, handle Chinese characters, strip accents, lowercase. */
  normalizerFlags: number;
  addedTokens: string[];
  addedIds: Int32Array;
  /** Bits: single word, strip left, strip right, normalized. */
  addedFlags: Int32Array;
  before: Int32Array;
  after: Int32Array;
}
