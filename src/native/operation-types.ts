/**
 * The objects that addon functions of many arguments take (addon-types.ts). Everything in them has been validated by
 * the typed wrappers; native code reads it before the call returns and holds the arrays until the promise settles.
 */
import type { InfoNceMode } from './infonce-modes.js';
import type { TrainingPrecision } from './precisions.js';

/** C = op(A) op(B), see `matmul`. */
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

/** A batch of the contrastive loss, see `infoNce`. */
export interface NativeInfoNce {
  query: Float32Array;
  key: Float32Array;
  /** Needed by the modes that use labels. */
  labels?: Int32Array | undefined;
  dQuery: Float32Array;
  dKey: Float32Array;
  rows: number;
  dim: number;
  logitScale: number;
  mode: InfoNceMode;
  precision: TrainingPrecision;
  /** Query rows per block; the result does not depend on it. @default the engine's choice */
  blockRows?: number;
}

/** Queries of exact top-k and where to write their nearest rows, [rows, k]. */
export interface NativeTopkSearch {
  queries: Float32Array;
  rows: number;
  k: number;
  labels: Int32Array;
  distances: Float32Array;
}

/** Settings of searches in an index; 0 stands for the index's own value. */
export interface NativeSearchParams {
  efSearch: number;
  nprobe: number;
  rerank: number;
  /** Bits of the rows that may be found. */
  filter: Uint8Array | undefined;
}

/** As {@link NativeTopkSearch}, in an index. */
export interface NativeSearch extends NativeTopkSearch, NativeSearchParams {}

export interface NativeRangeSearch extends NativeSearchParams {
  queries: Float32Array;
  rows: number;
  radius: number;
}

/** A WordPiece tokenizer, see `WordPieceSettings`. */
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
