import type { Tokenizer as RustTokenizer } from 'tokenizers';

import { throwIfAborted } from '../../core/abort.js';
import { allocateInt32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { importOptional } from '../../core/optional-package.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { checkEncodeArguments } from './arguments.js';
import { refusePanics } from './panics.js';
import type { TokenizeOptions, Tokenizer, TokenizerKind } from './tokenizer.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** Texts per call into the package: it holds every detail of all encodings of a call in memory. */
const BATCH = 256;

/**
 * Any tokenizer.json, through the npm package `tokenizers`. Far slower than {@link WordPieceTokenizer}, but it knows
 * every kind: BPE, Unigram, WordLevel and unusual WordPiece.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  /** Byte-level kinds have a token for the newline, Unigram joins it to a word: nothing is known of them all. */
  readonly splitsAtNewlines = false;
  // The length limit is state of the Rust object, so calls run one at a time.
  private last: Promise<unknown> = Promise.resolve();
  private disposed = false;

  private constructor(
    private readonly tokenizer: RustTokenizer,
    readonly before: readonly number[],
    readonly after: readonly number[],
  ) {
    this.vocabSize = tokenizer.getVocabSize(true);
  }

  /**
   * @throws EngineError `ERR_DATA` if the package refuses the file, or would end the process on some texts;
   *   `ERR_NATIVE_LOAD` if the package is absent or does not load
   */
  static async load(file: TokenizerFile): Promise<HuggingFaceTokenizer> {
    const { path } = file;
    const purpose = `The tokenizer ${path}`;
    const { Tokenizer: Rust } = await importOptional('tokenizers', purpose, () => import('tokenizers'));
    let tokenizer: RustTokenizer;
    try {
      tokenizer = Rust.fromFile(path);
    } catch (cause) {
      throw new EngineError('ERR_DATA', `${path}: refused by the package "tokenizers": ${reason(cause)}`, { cause });
    }
    const normalizer = tokenizer.getNormalizer();
    if ('json' in file) refusePanics(file.json, (text) => normalizer?.normalizeString(text) ?? text);
    tokenizer.disablePadding();
    tokenizer.disableTruncation();
    const specials = (await tokenizer.encode('')).getIds();
    // Which of them stand before the text, a text has to show.
    const mask = (await tokenizer.encode('a')).getSpecialTokensMask();
    const text = mask.indexOf(0);
    const before = specials.slice(0, text < 0 ? specials.length : text);
    return new HuggingFaceTokenizer(tokenizer, before, specials.slice(before.length));
  }

  /** As {@link WordPieceTokenizer.encode}; `signal` is looked at between batches of texts. */
  async encode(texts: readonly string[], options?: TokenizeOptions): Promise<PackedTokens> {
    const checked = checkEncodeArguments(texts, options, this.before.length + this.after.length);
    if (this.disposed) throw new EngineError('ERR_DISPOSED', 'The tokenizer was disposed');
    const job = this.last.then(() => this.encodeNow(texts, checked));
    this.last = job.catch(() => undefined);
    return job;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.last;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private async encodeNow(
    texts: readonly string[],
    options: TokenizeOptions & { maxTokens: number },
  ): Promise<PackedTokens> {
    const { maxTokens, signal, onProgress } = options;
    if (Number.isFinite(maxTokens)) this.tokenizer.setTruncation(maxTokens);
    else this.tokenizer.disableTruncation();
    const parts: number[][] = [];
    const offsets = new Int32Array(texts.length + 1);
    for (let begin = 0; begin < texts.length; begin += BATCH) {
      throwIfAborted(signal);
      for (const encoding of await this.tokenizer.encodeBatch(texts.slice(begin, begin + BATCH))) {
        const ids = encoding.getIds();
        offsets[parts.length + 1] = offsets[parts.length]! + ids.length;
        parts.push(ids);
      }
      onProgress?.(parts.length);
    }
    const ids = allocateInt32(offsets[texts.length]!, 'the token ids');
    for (const [i, part] of parts.entries()) ids.set(part, offsets[i]);
    return { ids, offsets };
  }
}

export const huggingFace: TokenizerKind = {
  accepts: (file) => 'json' in file,
  load: (file) => HuggingFaceTokenizer.load(file),
};

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
