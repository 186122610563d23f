import type { CallOptions } from '../../native/call.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** Options of the tokenising of texts. */
export interface TokenizeOptions extends CallOptions {
  /**
   * Maximum number of tokens per text, including special tokens. Longer texts lose tokens at their end; the special
   * tokens stay. @default no limit
   */
  maxTokens?: number | undefined;
}

/** Turns texts into token ids. Implementations compute off the calling thread. */
export interface Tokenizer extends AsyncDisposable {
  /** Number of tokens in the vocabulary, including added tokens. */
  readonly vocabSize: number;
  /** Ids of the special tokens before and after every text. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /**
   * True if newlines separate words and produce no tokens. The ids of texts joined by newlines are then the
   * concatenated ids of the texts, apart from special tokens. Training relies on this.
   */
  readonly splitsAtNewlines: boolean;
  /**
   * Tokenises texts. Returns all ids in one array, with special tokens and without padding. `onProgress` receives the
   * number of texts done.
   */
  encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedTokens>;
  /** Frees the tokenizer once the calls in flight have finished. Idempotent. */
  dispose(): Promise<void>;
}

/** A kind of tokenizer that can be loaded from a file. */
export interface TokenizerKind {
  /** Checks whether this kind supports the file. Does not detect damage, which `load` reports. */
  accepts(file: TokenizerFile): boolean;
  /** @throws EngineError `ERR_DATA` naming the file and the damage; `ERR_NATIVE_LOAD` */
  load(file: TokenizerFile): Tokenizer | Promise<Tokenizer>;
}
