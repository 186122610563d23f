import type { Tokenizer as RustTokenizer } from 'tokenizers';

import { throwIfAborted } from '../../core/abort.js';
import { allocateInt32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import { checkEncodeArguments } from './arguments.js';
import { refusePanics } from './panics.js';
import type { TokenizeOptions, Tokenizer, TokenizerKind } from './tokenizer.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** Texts per call of the package, which keeps every detail of all encodings of a call in memory. */
const BATCH = 256;

/**
 * Loads any tokenizer.json with the npm package `tokenizers`. Much slower than {@link WordPieceTokenizer}, but supports
 * every kind: BPE, Unigram, WordLevel and unusual WordPiece.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  /**
   * False, because no property holds for all kinds: byte-level ones have a newline token, Unigram joins it to a word.
   */
  readonly splitsAtNewlines = false;
  // The length limit is part of the state of the Rust object, so calls run one at a time.
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
   * @throws EngineError `ERR_DATA` if the package rejects the file, or would crash the process on some texts;
   *   `ERR_NATIVE_LOAD` if the package is not installed or does not load
   */
  static async load(file: TokenizerFile): Promise<HuggingFaceTokenizer> {
    const { path } = file;
    const feature = { ...OPTIONAL_FEATURES.tokenizers, purpose: `The tokenizer ${path}` };
    const { Tokenizer: Rust } = await importOptional(feature, () => import('tokenizers'));
    let tokenizer: RustTokenizer;
    try {
      tokenizer = Rust.fromFile(path);
    } catch (cause) {
      throw new EngineError('ERR_DATA', `The package "tokenizers" cannot read ${path}: ${reason(cause)}`, { cause });
    }
    const normalizer = tokenizer.getNormalizer();
    if ('json' in file) refusePanics(file.json, (text) => normalizer?.normalizeString(text) ?? text);
    tokenizer.disablePadding();
    tokenizer.disableTruncation();
    const specials = (await tokenizer.encode('')).getIds();
    // Encode a text to find out which special tokens come before it.
    const mask = (await tokenizer.encode('a')).getSpecialTokensMask();
    const text = mask.indexOf(0);
    const before = specials.slice(0, text < 0 ? specials.length : text);
    return new HuggingFaceTokenizer(tokenizer, before, specials.slice(before.length));
  }

  /** Tokenises texts like {@link WordPieceTokenizer.encode}. Checks `signal` between batches of texts. */
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
