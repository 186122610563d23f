/** Messages between the encoder and its child process. The child answers every request, in order. */
import type { ErrorCode } from '../../core/errors.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { Pooling } from '../../native/pooling.js';

/** The model that the child loads, and how. */
export interface SessionSettings {
  modelFile: string;
  pooling: Pooling;
  normalize: boolean;
  /** Width of a vector, as the folder says; the graph must agree. */
  dim: number;
  threads: number;
}

export type ChildRequest = { type: 'load'; settings: SessionSettings } | ({ type: 'encode' } & PackedTokens);

export type ChildReply =
  | { type: 'loaded' }
  /** [sequences, dim], row-major. */
  | { type: 'encoded'; embeddings: Float32Array }
  | { type: 'failed'; code: ErrorCode; message: string };
