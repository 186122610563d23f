import type { CallOptions } from '../../native/call.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { TokenizerFile } from './tokenizer-file.js';

export interface TokenizeOptions extends CallOptions {
  /**
   * Most tokens per text, special tokens included. Longer texts lose tokens at their end; the special tokens stay.
   * @default no limit
   */
  maxTokens?: number | undefined;
}

/** Turns texts into token ids. Implementations compute off the calling thread. */
export interface Tokenizer extends AsyncDisposable {
  /** Number of tokens, added ones included. */
  readonly vocabSize: number;
  /** Ids of the special tokens before and after every text. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /**
   * True if a newline separates words and leaves no token: the ids of texts joined by newlines are then those of the
   * texts one after the other, special tokens aside. Training relies on it.
   */
  readonly splitsAtNewlines: boolean;
  /**
   * Ids of all texts in one array, special tokens included, without padding. `onProgress` receives the number of texts
   * done.
   */
  encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedTokens>;
  /** Frees the tokenizer; waits for calls in flight. Idempotent. */
  dispose(): Promise<void>;
}

/** A kind of tokenizer that files can hold. */
export interface TokenizerKind {
  /** Whether this kind computes the ids of such a file; damage shows when it is loaded. */
  accepts(file: TokenizerFile): boolean;
  /** @throws EngineError `ERR_DATA` naming the file and what is damaged; `ERR_NATIVE_LOAD` */
  load(file: TokenizerFile): Tokenizer | Promise<Tokenizer>;
}
