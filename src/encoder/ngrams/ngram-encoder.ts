import { throwIfAborted } from '../../core/abort.js';
import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import type { EmbeddableText } from '../../core/question-answer.js';
import { type CallOptions, expectCallOptions } from '../../native/call.js';
import type { NgramTable } from '../../native/ngram-table.js';
import { expectEmbeddableTexts } from '../../text/tokenizers/arguments.js';
import type { EncodeResult, Encoder } from '../encoder.js';
import type { NgramConfig } from './ngram-folder.js';

/** Texts that are copied to the addon at a time, so that a call with a million texts does not need them twice. */
const WINDOW_TEXTS = 8192;

export interface NgramEncoderParts extends NgramConfig {
  name: string;
  fingerprint: string;
  /** The encoder disposes it. */
  table: NgramTable;
}

/**
 * An encoder that adds up the embeddings of the n-grams of a text. It embeds the answer of a question with its answer,
 * without the question: all models answer the same questions, so the words of a question say nothing about the model.
 */
export class NgramEncoder implements Encoder {
  readonly name: string;
  readonly dim: number;
  readonly maxTokens: number;
  readonly backend = 'native';
  readonly precision = 'f32';
  readonly fingerprint: string;
  readonly #parts: NgramEncoderParts;
  #isDisposed = false;
  /** Number of calls in flight, start of the current idle time, and earlier idle time in milliseconds. */
  #calls = 0;
  #idleSince = performance.now();
  #idleBefore = 0;

  constructor(parts: NgramEncoderParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.dim = parts.dim;
    this.maxTokens = parts.maxTokens;
    this.fingerprint = parts.fingerprint;
  }

  get idleSeconds(): number {
    return (this.#idleBefore + (this.#calls > 0 ? 0 : performance.now() - this.#idleSince)) / 1000;
  }

  /**
   * See {@link Encoder.encode}. A text without a known n-gram, such as an empty one, gets the unit vector whose entries
   * are all equal.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ABORTED`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`
   */
  async encode(texts: readonly EmbeddableText[], options: CallOptions = {}): Promise<EncodeResult> {
    expectEmbeddableTexts(texts);
    const { signal, onProgress } = expectCallOptions(options);
    if (this.#isDisposed) throw new EngineError('ERR_DISPOSED', `The encoder ${this.name} was disposed`);
    throwIfAborted(signal);
    const { dim } = this;
    const { table, orders, maxTokens: limit } = this.#parts;
    const settings = { kind: 'words', orders, limit } as const;
    const rows = texts.length;
    const result: EncodeResult = {
      embeddings: allocateFloat32(rows * dim, `${rows} x ${dim} embeddings`),
      rows,
      dim,
      tokens: 0,
      textTokens: new Int32Array(rows),
    };
    if (this.#calls++ === 0) this.#idleBefore += performance.now() - this.#idleSince;
    try {
      for (let first = 0; first < rows; first += WINDOW_TEXTS) {
        const window = texts.slice(first, first + WINDOW_TEXTS).map(answerOf);
        const encoded = await table.encode(window, settings, { signal });
        result.embeddings.set(encoded.embeddings, first * dim);
        result.textTokens.set(encoded.tokens, first);
        onProgress?.(first + window.length);
      }
    } finally {
      if (--this.#calls === 0) this.#idleSince = performance.now();
    }
    result.tokens = result.textTokens.reduce((sum, count) => sum + count, 0);
    return result;
  }

  dispose(): Promise<void> {
    if (!this.#isDisposed) this.#parts.table.dispose();
    this.#isDisposed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Returns the part of a text that an n-gram encoder reads. */
export function answerOf(text: EmbeddableText): string {
  return typeof text === 'string' ? text : text.answer;
}
