import type { CallOptions } from '../native/call.js';
import type { PackedIds } from '../native/tokenizer.js';

export type { PackedIds };

/** Token ids of several texts in one array: text i has ids[offsets[i]] to ids[offsets[i + 1] - 1]. */
export interface PackedIds {
  ids: Int32Array;
  /** texts + 1 ascending entries from 0. */
  offsets: Int32Array;
}

export interface TokenizeOptions extends CallOptions {
  /**
   * Most tokens per text, special tokens included. Longer texts lose tokens at their end; the special tokens stay.
   * @default no limit
   */
  maxTokens?: number | undefined;
}

/** Turns texts into token ids. Implementations compute off the calling thread. */
export interface Tokenizer {
  /**
   * Ids of all texts in one array, special tokens included, without padding. `onProgress` receives the number of texts
   * done.
   */
  /** Ids of all texts in one array, special tokens included, without padding. */
  encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedIds>;
  /** Frees the tokenizer; waits for calls in flight. Idempotent. */
  dispose(): Promise<void>;
}
