import { throwIfAborted } from '../../core/abort.js';
import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { answerPart, type EmbeddableText } from '../../core/question-answer.js';
import { type CallOptions, expectCallOptions } from '../../native/call.js';
import type { EncodedTexts } from '../../native/ngram-table.js';
import { expectEmbeddableTexts } from '../../text/tokenizers/arguments.js';
import type { EncodeResult, Encoder } from '../encoder.js';

/** Texts that are copied to the addon at a time, so that a call with a million texts does not need them twice. */
const WINDOW_TEXTS = 8192;

export interface TableEncoderParts {
  name: string;
  dim: number;
  maxTokens: number;
  fingerprint: string;
  encode: (texts: readonly string[], call: Pick<CallOptions, 'signal'>) => Promise<EncodedTexts>;
  /** Frees the table and all else that `encode` needs. */
  dispose: () => void | Promise<void>;
}

/**
 * An encoder that adds up rows of a table. It embeds the answer of a question with its answer, without the question:
 * all models answer the same questions, so the words of a question say nothing about the model.
 */
export class TableEncoder implements Encoder {
  readonly name: string;
  readonly dim: number;
  readonly maxTokens: number;
  readonly backend = 'native';
  readonly precision = 'f32';
  readonly fingerprint: string;
  readonly #parts: TableEncoderParts;
  readonly #running = new Set<Promise<EncodeResult>>();
  #disposed: Promise<void> | undefined;
  /** Start of the current idle time, and earlier idle time in milliseconds. */
  #idleSince = performance.now();
  #idleBefore = 0;

  constructor(parts: TableEncoderParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.dim = parts.dim;
    this.maxTokens = parts.maxTokens;
    this.fingerprint = parts.fingerprint;
  }

  get idleSeconds(): number {
    return (this.#idleBefore + (this.#running.size > 0 ? 0 : performance.now() - this.#idleSince)) / 1000;
  }

  /**
   * See {@link Encoder.encode}. A text without a known n-gram or token, such as an empty one, gets the unit vector
   * whose entries are all equal, or zeros if vectors are not scaled to unit length.
   *
   * @throws EngineError `ERR_ARG_TYPE`, `ERR_ABORTED`, `ERR_DISPOSED`, `ERR_OUT_OF_MEMORY`
   */
  async encode(texts: readonly EmbeddableText[], options: CallOptions = {}): Promise<EncodeResult> {
    expectEmbeddableTexts(texts);
    const call = expectCallOptions(options);
    if (this.#disposed) throw new EngineError('ERR_DISPOSED', `The encoder ${this.name} was disposed`);
    throwIfAborted(call.signal);
    if (this.#running.size === 0) this.#idleBefore += performance.now() - this.#idleSince;
    const job = this.#encodeWindows(texts, call);
    this.#running.add(job);
    try {
      return await job;
    } finally {
      this.#running.delete(job);
      if (this.#running.size === 0) this.#idleSince = performance.now();
    }
  }

  dispose(): Promise<void> {
    this.#disposed ??= Promise.allSettled(this.#running).then(() => this.#parts.dispose());
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #encodeWindows(texts: readonly EmbeddableText[], { signal, onProgress }: CallOptions): Promise<EncodeResult> {
    const { dim } = this;
    const rows = texts.length;
    const result: EncodeResult = {
      embeddings: allocateFloat32(rows * dim, `${rows} x ${dim} embeddings`),
      rows,
      dim,
      tokens: 0,
      textTokens: new Int32Array(rows),
    };
    for (let first = 0; first < rows; first += WINDOW_TEXTS) {
      const window = texts.slice(first, first + WINDOW_TEXTS).map(answerPart);
      const encoded = await this.#parts.encode(window, { signal });
      result.embeddings.set(encoded.embeddings, first * dim);
      result.textTokens.set(encoded.tokens, first);
      onProgress?.(first + window.length);
    }
    result.tokens = result.textTokens.reduce((sum, count) => sum + count, 0);
    return result;
  }
}
