import { EngineError } from '../../core/errors.js';
import { expectInteger, expectString } from '../../core/validate.js';
import type { TokenizerHandle } from '../../native/addon-types.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { createTokenizer, disposeTokenizer, encodeTexts, type WordPieceSettings } from '../../native/tokenizer.js';
import { checkEncodeArguments } from './arguments.js';
import type { TokenizeOptions, Tokenizer, TokenizerKind } from './tokenizer.js';
import { readTokenizerFile, type TokenizerFile } from './tokenizer-file.js';
import { findUnsupported, readWordPieceSettings } from './wordpiece-settings.js';

/**
 * WordPiece, the tokenizer of BERT and its relatives, in multithreaded C++. For every text, it returns the same ids as
 * the Rust package `tokenizers` 0.23.
 */
export class WordPieceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly splitsAtNewlines = true;
  readonly unknownId: number;
  /** Ids of the special added tokens by name, such as `[PAD]`. */
  readonly specialIds: ReadonlyMap<string, number>;
  /** Number of special tokens around every text, which is the smallest valid `maxTokens`. */
  readonly specialCount: number;
  readonly before: readonly number[];
  readonly after: readonly number[];

  private readonly handle: TokenizerHandle;
  private readonly idByToken: ReadonlyMap<string, number>;
  private readonly tokenById = new Map<number, string>();
  readonly #running = new Set<Promise<unknown>>();
  #disposed = false;

  /** Use {@link WordPieceTokenizer.fromFile}. The settings must have been checked. @internal */
  constructor(settings: WordPieceSettings) {
    this.handle = createTokenizer(settings);
    const added = settings.addedTokens.map(({ content, id }) => [content, id] as const);
    this.idByToken = new Map([...settings.vocabulary, ...added]);
    for (const [token, id] of this.idByToken) this.tokenById.set(id, token);
    this.vocabSize = this.idByToken.size;
    this.unknownId = settings.unknownId;
    this.specialIds = new Map(
      settings.addedTokens.filter((token) => token.special).map(({ content, id }) => [content, id]),
    );
    this.specialCount = settings.before.length + settings.after.length;
    this.before = settings.before;
    this.after = settings.after;
  }

  /**
   * Loads a tokenizer.
   *
   * @param path a tokenizer.json, a vocab.txt, or a folder with one of them. With a vocab.txt, the settings come from
   *   the tokenizer_config.json beside it, or are those of BERT. The sections `truncation` and `padding` are ignored;
   *   use `maxTokens` instead.
   * @throws EngineError `ERR_DATA` if the file is missing or damaged, or contains another kind of tokenizer, which
   *   `loadTokenizer` can read; `ERR_NATIVE_LOAD`
   */
  static fromFile(path: string): WordPieceTokenizer {
    return WordPieceTokenizer.load(readTokenizerFile(path));
  }

  /** Loads a tokenizer from a file that was already read: see {@link WordPieceTokenizer.fromFile}. @internal */
  static load(file: TokenizerFile): WordPieceTokenizer {
    const settings = readWordPieceSettings(file);
    if (!('unsupported' in settings)) return new WordPieceTokenizer(settings);
    throw new EngineError(
      'ERR_DATA',
      `${file.path}: expected a WordPiece tokenizer of the kind BERT uses, got ${settings.unsupported}; ` +
        'loadTokenizer() reads other kinds',
    );
  }

  /**
   * Tokenises texts; the ids include special tokens. Unpaired surrogates count as U+FFFD.
   *
   * @throws EngineError `ERR_ARG_TYPE` (naming the index of a text that is not a string), `ERR_ARG_RANGE` (`maxTokens`
   *   below the number of special tokens, or 2^31 tokens or more in one call), `ERR_DISPOSED`, `ERR_ABORTED`,
   *   `ERR_OUT_OF_MEMORY`
   */
  async encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedTokens> {
    const { maxTokens, ...call } = checkEncodeArguments(texts, options, this.specialCount);
    if (this.#disposed) throw new EngineError('ERR_DISPOSED', 'The tokenizer was disposed');
    const job = encodeTexts(this.handle, texts, maxTokens, call);
    this.#running.add(job);
    try {
      return await job;
    } finally {
      this.#running.delete(job);
    }
  }

  /**
   * Returns the id of a token of the vocabulary or of an added token; undefined if it is unknown.
   *
   * @throws EngineError `ERR_ARG_TYPE`
   */
  tokenToId(token: string): number | undefined {
    return this.idByToken.get(expectString(token, 'token'));
  }

  /** Returns the token with an id, or one of them if several share it; undefined if the id is unknown. */
  idToToken(id: number): string | undefined {
    return this.tokenById.get(expectInteger(id, 'id', 0));
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#running);
    disposeTokenizer(this.handle);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

export const wordPiece: TokenizerKind = {
  accepts: (file) => findUnsupported(file) === undefined,
  load: (file) => WordPieceTokenizer.load(file),
};
