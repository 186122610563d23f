import type { CallOptions } from '../../native/call.js';
import type { PackedTokens } from '../../native/packed-tokens.js';

export interface TokenizeOptions extends CallOptions {
  /**
   * Most tokens per text, special tokens included. Longer texts lose tokens at their end; the special tokens stay.
   * @default no limit
   */
  maxTokens?: number | undefined;
}

/** Turns texts into token ids. Implementations compute off the calling thread. */
export interface Tokenizer {
  /** Ids of the special tokens before and after every text. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /**
   * Ids of all texts in one array, special tokens included, without padding. `onProgress` receives the number of texts
   * done.
   */
  encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedTokens>;
  /** Frees the tokenizer; waits for calls in flight. Idempotent. */
  dispose(): Promise<void>;
}
